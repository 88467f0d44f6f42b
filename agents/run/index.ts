export type { RunEnv, VisibleEnv } from './env.js';
export { type EvaluateOptions, type Evaluation, evaluate } from './evaluate.js';
export type { CheckpointStore, LoopOptions, TrainOutcome } from './loop.js';
export { type OfflineOptions, trainOffline } from './offline.js';
export { type Recording, type RecordOptions, record } from './record.js';
export { type TrainOptions, train } from './train.js';
