export { Replay, type ReplayOptions } from './replay.js';
export type { Batch, ReturnRule } from './ring.js';
