export type { RunEnv, VisibleEnv } from './env.js';
export { type EvaluateOptions, type Evaluation, evaluate } from './evaluate.js';
export { type Recording, type RecordOptions, record } from './record.js';
export { type CheckpointStore, type TrainOptions, type TrainOutcome, train } from './train.js';
