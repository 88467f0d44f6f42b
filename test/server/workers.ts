/** Hosts whose envs step elsewhere, for the tests of them. */
import type { Test } from 'tap';
import { type Server, WorkerHost, type WorkerHostOptions } from '../../server/index.js';
import { startServer } from './rig.js';

/** A server on a free port, and its host; both closed when the test ends. */
export async function startWorkers(
  t: Test,
  options: WorkerHostOptions,
): Promise<{ readonly host: WorkerHost; readonly server: Server }> {
  const host = await WorkerHost.start(options);
  const server = await startServer(t, { envs: host, ...(options.limits && { limits: options.limits }) });
  t.teardown(() => host.close());
  return { host, server };
}
