import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** The Python that has what farstep is compared with. */
const PYTHON = process.env.FARSTEP_PYTHON ?? 'python3';

/** A Python program in a process of its own, which measures what it is asked to: a line in, a number out. */
export class PythonPeer {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;

  private constructor(
    /** Of the package that is measured. */
    readonly version: string,
    child: ChildProcessWithoutNullStreams,
    lines: AsyncIterator<string>,
  ) {
    this.#child = child;
    this.#lines = lines;
  }

  /**
   * @param program - a file of this folder, whose first line is `ready <version>`.
   * @returns undefined where there is no Python that can import what it needs
   */
  static async start(program: string): Promise<PythonPeer | undefined> {
    const child = spawn(PYTHON, [
      fileURLToPath(new URL(`../../../scripts/bench/${program}`, import.meta.url)),
    ]);
    const failed = new Promise<undefined>((resolve) => {
      child.once('error', () => resolve(undefined));
      child.once('exit', () => resolve(undefined));
    });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const first = await Promise.race([lines.next(), failed]);
    if (first === undefined || first.done === true) return undefined;
    return new PythonPeer(first.value.split(' ')[1]!, child, lines);
  }

  async measure(...words: readonly (string | number)[]): Promise<number> {
    this.#child.stdin.write(`${words.join(' ')}\n`);
    const { value } = await this.#lines.next();
    if (value === undefined) throw new Error(`the Python process ended while it measured ${words.join(' ')}`);
    return Number(value);
  }

  stop(): void {
    this.#child.stdin.end();
  }
}
