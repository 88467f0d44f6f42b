import { type EnvHost, type HostedVectorEnv, inlineHost, type MaybePromise } from '../../server/host.js';

/** A host that answers when it is told to, as one does whose envs step on other threads. */
export class GatedHost implements EnvHost {
  readonly #waiting: (() => void)[] = [];
  /** Vector envs that were closed. */
  closed = 0;

  /** Requests that wait. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Lets the oldest request that waits go on. */
  open(): void {
    this.#waiting.shift()!();
  }

  /** Lets what waits go on, and everything from now on. */
  openAll(): void {
    this.#later = (work) => Promise.resolve().then(work);
    for (const open of this.#waiting.splice(0)) open();
  }

  #later = <T>(work: () => MaybePromise<T>): Promise<T> =>
    new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
    }).then(work);

  make(request: Parameters<EnvHost['make']>[0]): Promise<HostedVectorEnv> {
    return this.#later(() => {
      const env = inlineHost.make(request) as HostedVectorEnv;
      return {
        contract: env.contract,
        layout: env.layout,
        actions: env.actions,
        reset: (order) => this.#later(() => env.reset(order)),
        step: (ids) => this.#later(() => env.step(ids)),
        snapshot: (ids) => this.#later(() => env.snapshot(ids)),
        restore: (snapshots, ids) => this.#later(() => env.restore(snapshots, ids)),
        rewards: (...goals) => this.#later(() => env.rewards(...goals)),
        transitions: () => this.#later(() => env.transitions()),
        render: (index) => this.#later(() => env.render(index)),
        close: () => {
          this.closed++;
          env.close();
        },
      };
    });
  }
}
