export type { EnvHost, HostedVectorEnv } from './host.js';
export { KeyRing } from './keys.js';
export { DEFAULT_LIMITS, type Limits } from './limits.js';
export { Server, type ServerOptions } from './server.js';
export type { Timers } from './timers.js';
export { WorkerHost, type WorkerHostOptions } from './workers/worker-host.js';
