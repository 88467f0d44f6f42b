import { createRng } from '../../envs/index.js';
import {
  arrayType,
  bytesOf,
  type DType,
  sizeOf,
  type TypedArray,
  viewOrCopy,
} from '../../protocol/dtypes.js';
import { FarstepError } from '../../protocol/errors.js';
import { type FrameLayout, frameLayout, type LeafLayout, StepEncoder } from '../../protocol/frames.js';
import type { Contract, Started } from '../../protocol/messages.js';
import type { Infos, StepResult } from '../../protocol/results.js';
import { type Space, spaceFromJSON } from '../../protocol/spaces/index.js';

/** What a reset or restore gave, as arrays. */
export interface Rows {
  readonly n: number;
  readonly observations: readonly TypedArray[];
  readonly infos: Infos;
  readonly seeds: readonly number[];
}

/** A handle that the server gave, and what its contract says about frames. */
export class Handle {
  readonly layout: FrameLayout;
  readonly actionSpace: Space;
  readonly #encoder = new StepEncoder();

  constructor(
    readonly env: number,
    readonly contract: Contract,
  ) {
    this.layout = frameLayout(contract.observationLeaves, contract.infos);
    this.actionSpace = spaceFromJSON(contract.actionSpace, 'actionSpace');
  }

  get numEnvs(): number {
    return this.contract.numEnvs;
  }

  /** All env indices. */
  get all(): readonly number[] {
    return Array.from({ length: this.numEnvs }, (_, i) => i);
  }

  /**
   * A row of actions for each of `ids`, drawn by the number of the step and the index of the env: env i always does the
   * same in step t. `t` may be a number for each row.
   */
  actions(t: number | readonly number[], ids: readonly number[] = this.all): TypedArray[] {
    const slabs = this.actionSpace.leaves.map(
      ({ dtype, shape }) => new (arrayType(dtype))(ids.length * sizeOf(shape)),
    );
    for (const [row, i] of ids.entries()) {
      const seed = 1000 * (typeof t === 'number' ? t : t[row]!) + i;
      this.actionSpace.write(this.actionSpace.sample(createRng('pcg64', seed)), slabs, row);
    }
    return slabs;
  }

  /** The same, with the last row outside the space; undefined where every value of its dtype is inside. */
  outside(t: number, ids: readonly number[] = this.all): TypedArray[] | undefined {
    const slabs = this.actions(t, ids);
    const [slab] = slabs;
    slab![slab!.length - 1] = EXTREME[this.actionSpace.leaves[0]!.dtype] as never;
    return this.actionSpace.contains(this.actionSpace.read(slabs, ids.length - 1)) ? undefined : slabs;
  }

  /** A step's frame; `ack` is the id of the last reply that has come. */
  stepFrame(id: number, actions: readonly TypedArray[], ids?: readonly number[], ack?: number): Buffer {
    return Buffer.from(this.#encoder.encode(id, this.env, actions, ids && Uint32Array.from(ids), ack));
  }

  /** The slabs of `started` as arrays. Throws `bad_reply` where they have other sizes than the contract says. */
  rows({ n, observations, infos, seeds }: Started): Rows {
    return {
      n,
      observations: readSlabs('observations', this.layout.observations, observations, n),
      infos: Object.fromEntries(
        this.layout.infos.map(({ name, leaves }, i) => [
          name,
          readSlabs(`infos.${name}`, leaves, infos[i] ?? [], n),
        ]),
      ),
      seeds,
    };
  }
}

/** A value that few spaces of the dtype have. */
const EXTREME: Readonly<Record<DType, number | bigint>> = {
  bool: 255,
  int8: 127,
  uint8: 255,
  int16: 32767,
  uint16: 65535,
  int32: 2 ** 31 - 1,
  uint32: 2 ** 32 - 1,
  int64: 2n ** 63n - 1n,
  uint64: 2n ** 64n - 1n,
  float32: Number.NaN,
  float64: Number.NaN,
};

function readSlabs(
  where: string,
  leaves: readonly LeafLayout[],
  slabs: readonly Uint8Array[],
  n: number,
): readonly TypedArray[] {
  if (slabs.length !== leaves.length) {
    throw new FarstepError('bad_reply', `${where}: expected ${leaves.length} slabs, got ${slabs.length}`);
  }
  return leaves.map(({ dtype, size, bytes }, i) => {
    const slab = slabs[i]!;
    if (slab.length === n * bytes) return viewOrCopy(dtype, slab, 0, n * size);
    throw new FarstepError('bad_reply', `${where}[${i}]: expected ${n * bytes} bytes, got ${slab.length}`);
  });
}

/** The bytes of each row of all slabs, as hex, to compare rows by. */
export function rowsOf({ n, observations }: Pick<Rows, 'n' | 'observations'>): string[] {
  return Array.from({ length: n }, (_, row) =>
    observations
      .map((slab) => {
        const bytes = bytesOf(slab);
        const size = bytes.length / n;
        return Buffer.from(bytes.subarray(row * size, (row + 1) * size)).toString('hex');
      })
      .join(' '),
  );
}

/** Observation, reward and flags of each row, to compare rows by. */
export const outcomesOf = (result: StepResult): string[] =>
  rowsOf(result).map((row, i) =>
    [row, result.rewards[i], result.terminated[i], result.truncated[i]].join(' '),
  );
