import { Random } from '../../../agents/random.js';
import type { VisibleEnv } from '../../../agents/run/env.js';
import type { TypedArray } from '../../../protocol/dtypes.js';
import type { ResetResult, StepResult } from '../../../protocol/results.js';
import { Box, Discrete } from '../../../protocol/spaces/index.js';

export interface CorridorOptions {
  readonly numEnvs: number;
  /** Cells; the agent starts in the middle one. */
  readonly cells: number;
  /** Steps after which an episode is cut off. */
  readonly limit: number;
  /** Probability that a step goes the other way. */
  readonly slip?: number;
}

/**
 * A vector env in this process, small enough to know every number of: go left or right; the right end pays 1 and the
 * left end 0, and both are terminal. An observation is the cell, one-hot.
 */
export class Corridor implements VisibleEnv {
  readonly autoreset: string = 'same_step';
  readonly contractHash = 'corridor';
  readonly numEnvs: number;
  readonly observationSpace;
  readonly actionSpace = new Discrete(2);
  /** Steps and resets taken. */
  steps = 0;
  resets = 0;
  readonly #options: CorridorOptions;
  readonly #cell: Int32Array;
  readonly #length: Uint32Array;
  readonly #return: Float64Array;
  #random = new Random(0);

  constructor(options: CorridorOptions) {
    this.#options = options;
    this.numEnvs = options.numEnvs;
    this.observationSpace = new Box(0, 1, [options.cells]);
    this.#cell = new Int32Array(options.numEnvs);
    this.#length = new Uint32Array(options.numEnvs);
    this.#return = new Float64Array(options.numEnvs);
  }

  async reset({ seed }: { readonly seed: number }): Promise<ResetResult> {
    this.resets += 1;
    this.#random = new Random(seed);
    for (let i = 0; i < this.numEnvs; i++) this.#begin(i);
    return {
      n: this.numEnvs,
      observations: this.#observe(),
      infos: {},
      seeds: new Float64Array(this.numEnvs),
    };
  }

  async step(actions: readonly TypedArray[]): Promise<StepResult> {
    this.steps += 1;
    const { cells, limit, slip = 0 } = this.#options;
    const n = this.numEnvs;
    const rewards = new Float64Array(n);
    const terminated = new Uint8Array(n);
    const truncated = new Uint8Array(n);
    const slipped = Array.from({ length: n }, () => this.#random.random() < slip);
    for (let i = 0; i < n; i++) {
      const right = (actions[0]![i] === 1) !== slipped[i]!;
      this.#cell[i]! += right ? 1 : -1;
      this.#length[i]! += 1;
      rewards[i] = this.#cell[i] === cells - 1 ? 1 : 0;
      this.#return[i]! += rewards[i]!;
      terminated[i] = this.#cell[i] === 0 || this.#cell[i] === cells - 1 ? 1 : 0;
      truncated[i] = !terminated[i] && this.#length[i]! >= limit ? 1 : 0;
    }
    const finals = this.#observe()[0]!;
    const rows = Array.from({ length: n }, (_, i) => i).filter((i) => terminated[i] || truncated[i]);
    const ended = {
      rows: Uint32Array.from(rows),
      returns: Float64Array.from(rows, (i) => this.#return[i]!),
      lengths: Uint32Array.from(rows, (i) => this.#length[i]!),
      seeds: new Float64Array(rows.length),
      finalObservations: [
        Float32Array.from(rows.flatMap((i) => Array.from(finals.subarray(i * cells, (i + 1) * cells)))),
      ],
    };
    for (const i of rows) this.#begin(i);
    return {
      n,
      observations: this.#observe(),
      rewards,
      terminated,
      truncated,
      infos: {},
      ...(rows.length > 0 && { ended }),
    };
  }

  /** One pixel, whose red is the cell of the env. */
  async render(index: number) {
    return { width: 1, height: 1, data: Uint8Array.of(this.#cell[index]!, 0, 0) };
  }

  #begin(i: number): void {
    this.#cell[i] = (this.#options.cells - 1) / 2;
    this.#length[i] = 0;
    this.#return[i] = 0;
  }

  #observe(): Float32Array[] {
    const { cells } = this.#options;
    const slab = new Float32Array(this.numEnvs * cells);
    for (let i = 0; i < this.numEnvs; i++) slab[i * cells + this.#cell[i]!] = 1;
    return [slab];
  }
}
