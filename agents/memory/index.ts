export type { DataSet } from './data-set.js';
export type { Batch, Experience, ReturnRule, Sampled, Segments } from './experience.js';
export { Newest } from './newest.js';
export { PrioritizedReplay, type PriorityRule } from './prioritized.js';
export { Replay, type ReplayOptions } from './replay.js';
