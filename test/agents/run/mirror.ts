import { Random } from '../../../agents/random.js';
import type { RunEnv } from '../../../agents/run/env.js';
import type { TypedArray } from '../../../protocol/dtypes.js';
import type { ResetResult, StepResult } from '../../../protocol/results.js';
import { Box } from '../../../protocol/spaces/index.js';

/**
 * A vector env with two numbers an action, whose values are known: it shows two numbers from −1 to 1, an action that
 * equals them, three times as large, pays 1 and any other less, and the next numbers have nothing to do with it. Each
 * step ends the episode, for good (`terminates`) or by a time limit: acting well is worth 1, or 1 / (1 − γ).
 */
export class Mirror implements RunEnv {
  readonly autoreset = 'same_step';
  readonly contractHash = 'mirror';
  readonly observationSpace = new Box(-1, 1, [2]);
  readonly actionSpace = new Box([-3, -3], [3, 3], [2]);
  #shown = new Float32Array(0);
  #random = new Random(0);

  constructor(
    readonly numEnvs: number,
    readonly terminates: boolean,
  ) {}

  async reset({ seed }: { readonly seed: number }): Promise<ResetResult> {
    this.#random = new Random(seed);
    return { n: this.numEnvs, observations: this.#show(), infos: {}, seeds: new Float64Array(this.numEnvs) };
  }

  async step([actions]: readonly TypedArray[]): Promise<StepResult> {
    const n = this.numEnvs;
    const off = (i: number) => Math.abs(Number(actions![i]) / 3 - this.#shown[i]!);
    const rewards = Float64Array.from({ length: n }, (_, i) => 1 - (off(2 * i) + off(2 * i + 1)) / 2);
    const finals = this.#show();
    const flags = (on: boolean) => new Uint8Array(n).fill(on ? 1 : 0);
    return {
      n,
      observations: this.#show(),
      rewards,
      terminated: flags(this.terminates),
      truncated: flags(!this.terminates),
      infos: {},
      ended: {
        rows: Uint32Array.from({ length: n }, (_, i) => i),
        returns: rewards,
        lengths: new Uint32Array(n).fill(1),
        seeds: new Float64Array(n),
        finalObservations: finals,
      },
    };
  }

  #show(): [Float32Array] {
    this.#shown = Float32Array.from({ length: 2 * this.numEnvs }, () => 2 * this.#random.random() - 1);
    return [this.#shown];
  }
}
