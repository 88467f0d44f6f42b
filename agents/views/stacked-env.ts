import { arrayType, type TypedArray } from '../../protocol/dtypes.js';
import type { ResetResult, StepResult } from '../../protocol/results.js';
import { Box, type Space } from '../../protocol/spaces/index.js';
import type { VisibleEnv } from '../run/env.js';
import { EnvView } from './env-view.js';

/**
 * An env that shows the last `count` observations, the oldest first, along the last axis: pictures [84, 84] become
 * [84, 84, count], pictures with channels have all channels of one picture side by side, and vectors follow each other.
 * At the start of an episode its first observation stands for those that are missing. Each frame crosses the wire once.
 */
export class StackedEnv extends EnvView {
  override readonly observationSpace: Space;
  readonly #count: number;
  /** Elements of a frame that lie side by side, and how often. */
  readonly #run: number;
  readonly #runs: number;
  #stacks: TypedArray;

  /** @throws Error where an observation is anything but one Box */
  constructor(inner: VisibleEnv, count: number) {
    super(inner);
    const { observationSpace: space } = inner;
    if (!(space instanceof Box)) {
      throw new Error(`stacks of frames are made of a Box, the env observes ${space.toString()}`);
    }
    const isPicture = space.shape.length >= 2;
    this.#count = count;
    this.#run = isPicture ? (space.shape[2] ?? 1) : space.size;
    this.#runs = space.size / this.#run;
    const [low, high] = [space.low, space.high].map((bound) => this.#repeat(bound));
    const shape = isPicture ? [...space.shape.slice(0, 2), count * this.#run] : [count * space.size];
    this.observationSpace = new Box(low!, high!, shape, space.dtype);
    this.#stacks = new (arrayType(space.dtype))(inner.numEnvs * space.size * count);
  }

  override async reset(options: { readonly seed: number }): Promise<ResetResult> {
    const result = await super.reset(options);
    const frames = result.observations[0]!;
    const stacks = this.#empty(this.numEnvs);
    for (let row = 0; row < this.numEnvs; row++) this.#fill(stacks, row, frames);
    this.#stacks = stacks;
    return { ...result, observations: [stacks] };
  }

  override async step(actions: readonly TypedArray[]): Promise<StepResult> {
    const before = this.#stacks;
    const result = await super.step(actions);
    const frames = result.observations[0]!;
    const stacks = this.#empty(this.numEnvs);
    for (let row = 0; row < this.numEnvs; row++) this.#push(before, row, frames, row, stacks, row);
    this.#stacks = stacks;
    const { ended } = result;
    if (!ended) return { ...result, observations: [stacks] };
    const finals = this.#empty(ended.rows.length);
    for (const [k, row] of ended.rows.entries()) {
      this.#push(before, row, ended.finalObservations![0]!, k, finals, k);
      this.#fill(stacks, row, frames);
    }
    return { ...result, observations: [stacks], ended: { ...ended, finalObservations: [finals] } };
  }

  #empty(rows: number): TypedArray {
    const { dtype, size } = this.observationSpace as Box;
    return new (arrayType(dtype))(rows * size);
  }

  #repeat(bound: Float64Array): Float64Array {
    const stack = new Float64Array(bound.length * this.#count);
    this.#spread(stack, 0, bound, 0);
    return stack;
  }

  /** A stack of nothing but frame `row`. */
  #fill(stacks: TypedArray, row: number, frames: TypedArray): void {
    this.#spread(stacks, row, frames, row);
  }

  #spread(stacks: TypedArray, row: number, frames: TypedArray, frame: number): void {
    for (let k = 0; k < this.#count; k++) this.#put(stacks, row, k, frames, frame);
  }

  /** Frame `frame` as number `k` of a stack. */
  #put(stacks: TypedArray, row: number, k: number, frames: TypedArray, frame: number): void {
    const run = this.#run;
    const stride = run * this.#count;
    let from = frame * run * this.#runs;
    let to = row * stride * this.#runs + k * run;
    for (let i = 0; i < this.#runs; i++, to += stride) {
      for (let j = 0; j < run; j++) stacks[to + j] = frames[from++]!;
    }
  }

  /** The stack `row` of `before` without its oldest frame and with a new one. */
  #push(
    before: TypedArray,
    row: number,
    frames: TypedArray,
    frame: number,
    after: TypedArray,
    to: number,
  ): void {
    const size = this.#run * this.#runs * this.#count;
    const run = this.#run;
    // Everything moves down by one frame; what so becomes the newest is overwritten.
    after.set(before.subarray(row * size + run, (row + 1) * size) as never, to * size);
    this.#put(after, to, this.#count - 1, frames, frame);
  }
}
