export { Replay, type ReplayOptions } from './replay.js';
export type { Batch } from './ring.js';
