export { Client, type CreateOptions, connect, type MakeOptions } from './client/client.js';
export type { Clock } from './client/clock.js';
export type { ConnectionEvent, ConnectOptions } from './client/connection.js';
export { RemoteSeat, type SeatReset, type SeatStep } from './client/remote-seat.js';
export { RemoteStream, type StreamSample } from './client/remote-stream.js';
export {
  type Actions,
  RemoteVectorEnv,
  type ResetOptions,
  type StepOptions,
} from './client/remote-vector-env.js';
export { RemoteWorld, type WorldReset, type WorldStep } from './client/remote-world.js';
export { arrayType, type DType, itemSize, sizeOf, type TypedArray } from './dtypes.js';
export { ERRORS, type ErrorCode, FarstepError } from './errors.js';
export type { AutoresetMode, Contract, SessionLimits, WorldContract } from './messages.js';
export type { EndedEpisodes, Infos, ResetResult, StepResult } from './results.js';
export * from './spaces/index.js';
export type { EnvSpec, Image, OptionSpec, Options, TransitionTable } from './spec.js';
