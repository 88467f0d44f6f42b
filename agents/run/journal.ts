import type { TypedArray } from '../../protocol/dtypes.js';
import { sizeOf, viewOrCopy } from '../../protocol/dtypes.js';
import type { RunEnv } from './env.js';

/**
 * The actions taken since the envs were last reset with a seed. An env is a function of its seed and its actions, so
 * this is all it takes to bring a vector env back to where it was, whatever it keeps inside.
 */
export class Journal {
  #bytes = new Uint8Array(1024);
  #length = 0;

  /** The actions so far, as bytes; valid until the next `add`. */
  get content(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  add(actions: readonly TypedArray[]): void {
    for (const { buffer, byteOffset, byteLength } of actions) {
      if (this.#length + byteLength > this.#bytes.length) {
        const larger = new Uint8Array(2 * (this.#length + byteLength));
        larger.set(this.content);
        this.#bytes = larger;
      }
      this.#bytes.set(new Uint8Array(buffer, byteOffset, byteLength), this.#length);
      this.#length += byteLength;
    }
  }

  clear(): void {
    this.#length = 0;
  }

  /** Takes the steps of `content` again in envs that were just reset. The last observations, or those of the reset. */
  async replay(
    env: RunEnv,
    content: Uint8Array,
    first: readonly TypedArray[],
  ): Promise<readonly TypedArray[]> {
    let observations = first;
    for (let at = 0; at < content.length; ) {
      const actions = env.actionSpace.leaves.map(({ dtype, shape }) => {
        const slab = viewOrCopy(dtype, content, at, env.numEnvs * sizeOf(shape));
        at += slab.byteLength;
        return slab;
      });
      ({ observations } = await env.step(actions));
      this.add(actions);
    }
    return observations;
  }
}
