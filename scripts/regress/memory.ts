import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly kilobytes: number;
}

/** Resident memory of a process and all that it started, in megabytes. */
export async function treeMegabytes(root: number): Promise<number> {
  const processes = existsSync('/proc/self/status') ? await fromProc() : await fromPs();
  const tree = new Set([root]);
  // Children may stand before their parents.
  for (let size = 0; size < tree.size; ) {
    size = tree.size;
    for (const { pid, parent } of processes) if (tree.has(parent)) tree.add(pid);
  }
  const kilobytes = processes.reduce((sum, each) => sum + (tree.has(each.pid) ? each.kilobytes : 0), 0);
  return kilobytes / 1024;
}

async function fromProc(): Promise<Process[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      // One that has ended meanwhile has no file any more.
      const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
      const field = (name: string) => Number(new RegExp(`^${name}:\\s*(\\d+)`, 'm').exec(status)?.[1] ?? 0);
      return { pid: Number(pid), parent: field('PPid'), kilobytes: field('VmRSS') };
    }),
  );
  return found;
}

async function fromPs(): Promise<Process[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=,rss=']);
  return stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .map(([pid, parent, kilobytes]) => ({ pid: pid!, parent: parent!, kilobytes: kilobytes! }));
}
