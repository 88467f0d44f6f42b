import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { reply } from '../../embedded-server.js';
import type { LoadOrder, Ready, StageOrder, StageOutcome } from './load-process.js';

const PROCESS = fileURLToPath(new URL('./load-process.js', import.meta.url));

/** Sessions that step CartPole at a given rate, in a process of their own. */
export class Generator {
  private constructor(
    private readonly child: ChildProcess,
    /** The token to subscribe to what one of the sessions does. */
    readonly stream: string,
  ) {}

  /** Opens the sessions. */
  static async start(order: LoadOrder, onProgress: (opened: number) => void): Promise<Generator> {
    const child = fork(PROCESS, [JSON.stringify(order)], { execArgv: [] });
    for (;;) {
      const message = (await reply(child, 'the load generator')) as Ready | { readonly opened: number };
      if ('stream' in message) return new Generator(child, message.stream);
      onProgress(message.opened);
    }
  }

  async run(order: StageOrder): Promise<StageOutcome> {
    this.child.send(order);
    return (await reply(this.child, 'the load generator')) as StageOutcome;
  }

  close(): void {
    this.child.disconnect();
  }
}
