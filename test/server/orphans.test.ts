/** Processes that step users' own envs do not outlive their server, whatever becomes of it. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { connect } from '../../protocol/index.js';
import { serveProcess } from './serve-process.js';
import { moduleFile } from './test-host.js';
import { TROUBLED } from './troubled-envs.js';

t.setTimeout(100_000);

const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);

/** Whether a process runs; one that has ended may still be listed. */
function runs(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

t.test('a server is killed', { skip: process.platform !== 'linux' }, async (t) => {
  const { child, url, end } = await serveProcess(t, '--port', '0', '--envs', moduleFile('troubled-envs'));
  const client = await connect(url, { reconnectMs: 0 });
  const [spinning, idle] = [
    await client.make(TROUBLED, { options: { trouble: 'spin' } }),
    await client.make(TROUBLED),
  ];
  await Promise.all([spinning.reset(), idle.reset()]);
  const step = t.rejects(spinning.step(Int32Array.of(0)), { code: 'connection_lost' });
  const other = await connect(url, { reconnectMs: 0 });
  await other.list(); // by then the step has been asked for
  const processes = childrenOf(child.pid!);
  t.equal(processes.length, 2);
  await end('SIGKILL');
  await step;
  // What has no parent tells nobody that it ends.
  while (processes.some(runs)) await sleep(20);
});
