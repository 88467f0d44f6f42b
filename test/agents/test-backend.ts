import type { BackendName } from '../../agents/nn/backend.js';

/** What agents are tested on: continuous integration tests them on wasm and, with this variable set, on native too. */
export const TEST_BACKEND = (process.env.FARSTEP_TEST_BACKEND ?? 'wasm') as BackendName;
