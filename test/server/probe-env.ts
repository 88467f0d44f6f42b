/** The env of probe-envs.ts, registered. */
import { loadEnvs } from '../../server/workers/env-modules.js';
import { moduleFile } from './test-host.js';

export { PROBE } from './probe-envs.js';

await loadEnvs(moduleFile('probe-envs'));
