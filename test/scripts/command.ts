import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const FARSTEP = fileURLToPath(new URL('../../scripts/farstep.js', import.meta.url));

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `farstep` with these arguments, in a directory of the test's own. */
export function farstep(cwd: string, ...args: string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(process.execPath, [FARSTEP, ...args], { cwd, timeout: 600_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : ((error.code as unknown as number) ?? -1), stdout, stderr });
    });
  });
}
