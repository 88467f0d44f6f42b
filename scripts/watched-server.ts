import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { reply } from './embedded-server.js';
import type { Holdings, ServerOrder } from './watched-server-process.js';

const PROCESS = fileURLToPath(new URL('./watched-server-process.js', import.meta.url));

/**
 * A server in a process of its own that tells what it has, and may be killed and started anew as often as one likes. Ends
 * with this process.
 */
export class WatchedServer {
  /** How many there have been. */
  lives = 0;
  /** Where the one is that runs, or the last. */
  url = '';
  /** Of their processes. */
  readonly pids = new Set<number>();
  #child!: ChildProcess;
  #isKilled = false;
  #isClosed = false;

  private constructor(
    private readonly order: ServerOrder,
    private readonly onDeath: (error: Error) => void,
  ) {}

  /**
   * @param onDeath - called when it has ended and was not killed.
   * @throws Error where there is no /proc to look into
   */
  static async start(order: ServerOrder, onDeath: (error: Error) => void): Promise<WatchedServer> {
    if (process.platform !== 'linux')
      throw new Error('a server is watched through /proc, which only Linux has');
    const server = new WatchedServer(order, onDeath);
    await server.#start();
    return server;
  }

  async #start(): Promise<void> {
    if (this.#isClosed) return;
    const child = fork(PROCESS, [JSON.stringify(this.order)], { execArgv: [] });
    this.#child = child;
    this.pids.add(child.pid!);
    this.#isKilled = false;
    child.once('exit', (code, signal) => {
      if (!this.#isKilled) this.onDeath(new Error(`the server has ended: ${signal ?? `exit code ${code}`}`));
    });
    this.url = ((await reply(child, 'the server')) as { readonly url: string }).url;
    this.lives++;
  }

  /** Kills it, without a word, and starts it anew with what it kept. */
  async restart(): Promise<void> {
    await this.#kill();
    await this.#start();
  }

  /** Ends it, and no other is started. */
  close(): Promise<void> {
    this.#isClosed = true;
    return this.#kill();
  }

  /** Rejects where there is no server any more. */
  async holdings(): Promise<Holdings> {
    if (!this.#child.connected) throw new Error('the server has ended');
    this.#child.send('holdings', () => {}); // one that ends meanwhile has no reply
    return (await reply(this.#child, 'the server')) as Holdings;
  }

  async #kill(): Promise<void> {
    if (this.#isKilled || this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#isKilled = true;
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }
}
