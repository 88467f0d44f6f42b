import type { Client, RemoteVectorEnv } from '../../protocol/index.js';
import type { Trouble } from './counting-env.js';

/** What a server must not do. */
export class Broken extends Error {}

/** A vector env of those that count, and what they must have counted: every request that is acknowledged once. */
export class CountedEnv {
  /** What was asked for: requests are carried out in the order in which they are made. */
  #resets = 0;
  #steps = 0;
  /** Where it steps: the id of a process, or of a thread. */
  place = 0;

  private constructor(
    private readonly env: RemoteVectorEnv,
    private readonly actions: Int32Array,
  ) {}

  static async make(client: Client, id: string, numEnvs: number, trouble: Trouble): Promise<CountedEnv> {
    const env = await client.make(id, { numEnvs, options: { trouble } });
    return new CountedEnv(env, new Int32Array(numEnvs));
  }

  async reset(): Promise<void> {
    const expected = [++this.#resets, this.#steps] as const;
    const { observations } = await this.env.reset();
    this.#check(observations[0] as Float64Array, expected);
  }

  async step(): Promise<void> {
    const expected = [this.#resets, ++this.#steps] as const;
    const { observations } = await this.env.step(this.actions);
    this.#check(observations[0] as Float64Array, expected);
  }

  close(): Promise<void> {
    return this.env.close();
  }

  #check(counts: Float64Array, [resets, steps]: readonly [resets: number, steps: number]): void {
    this.place = counts[2]!;
    for (let row = 0; row < this.env.numEnvs; row++) {
      const [did, made] = counts.subarray(3 * row);
      if (did === resets && made === steps) continue;
      throw new Broken(
        `${this.env.spec.id}, env ${row}: asked for ${resets} resets and ${steps} steps, and with the reply to the last of them it has carried out ${did} and ${made}`,
      );
    }
  }
}
