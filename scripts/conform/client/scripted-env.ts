/** Envs whose every number is known beforehand, so that what a client makes of them can be compared. */
import { arrayType, bytesOf, type DType, sizeOf, type TypedArray } from '../../../protocol/dtypes.js';
import type { AutoresetMode, Contract } from '../../../protocol/messages.js';
import { Box, Dict, Discrete, type Leaf, MultiBinary, type Space } from '../../../protocol/spaces/index.js';
import { buildContract } from '../../../server/contract.js';

/** The spaces of an env. */
export interface Shape {
  readonly observationSpace: Space;
  readonly actionSpace: Space;
}

export const SMALL: Shape = {
  observationSpace: new Box(-Infinity, Infinity, [3], 'float32'),
  actionSpace: new Discrete(2),
};

/** Each dtype, with the greatest value that is shown in it where it has no sign. */
const DTYPES: readonly (readonly [dtype: DType, greatest?: number])[] = [
  ['bool', 1],
  ['int8'],
  ['uint8', 255],
  ['int16'],
  ['uint16', 2 ** 16 - 1],
  ['int32'],
  ['uint32', 2 ** 32 - 1],
  ['int64'],
  ['uint64', 2 ** 53],
  ['float32'],
  ['float64'],
];

/** A leaf of each dtype to observe, and several to act with. */
export const EVERY_DTYPE: Shape = {
  observationSpace: new Dict(
    Object.fromEntries(
      DTYPES.map(([dtype, greatest], i) => {
        const [low, high] = greatest === undefined ? [-Infinity, Infinity] : [0, greatest];
        // Names whose sorted order is the opposite of this one.
        return [`${'kjihgfedcba'[i]}_${dtype}`, new Box(low, high, [1 + (i % 3), 2], dtype)];
      }),
    ),
  ),
  actionSpace: new Dict({
    push: new Box(-1, 1, [2], 'float32'),
    kind: new Discrete(2),
    bits: new MultiBinary([3]),
    far: new Box(-2, 2, [], 'float64'),
    wide: new Box(0, 9, [2], 'int64'),
    short: new Box(0, 9, [1], 'uint16'),
  }),
};

/** More bytes a row than many libraries take in one message without being told. */
export const LARGE: Shape = {
  observationSpace: new Box(0, 255, [1200, 1000], 'uint8'),
  actionSpace: new Discrete(2),
};

export const ENV = 'Conform/Counter-v0';
/** A handle that is not the first to think of. */
export const HANDLE = 41;

/** What a reset or step gives: a row an env. */
export interface ScriptedRows {
  readonly n: number;
  readonly observations: readonly Buffer[];
  readonly infos: readonly (readonly Buffer[])[];
}

export interface ScriptedStep extends ScriptedRows {
  readonly rewards: Buffer;
  readonly terminated: Buffer;
  readonly truncated: Buffer;
  readonly ended: readonly unknown[] | null;
}

/** What the client has to have seen. */
export interface Seen {
  /** Sum of each env's rewards. */
  readonly rewards: number[];
  /** Returns that were told, in their order. */
  readonly returns: number[];
  /** Sum of all elements of all observations. */
  observed: number;
  /** Sum of all elements of all final observations. */
  final: number;
}

const bin = (array: TypedArray): Buffer => Buffer.from(bytesOf(array));

/**
 * Vector envs that count: env i is over after 2 + i % 2 steps, even ones terminated and odd ones truncated. Rewards and
 * observations are numbers that floats hold exactly.
 */
export class ScriptedEnvs {
  readonly contract: Contract;
  readonly seen: Seen;
  readonly #episodes: { index: number; elapsed: number; isOver: boolean; sum: number }[];
  readonly #seeds: number[];

  constructor(
    { observationSpace, actionSpace }: Shape,
    readonly numEnvs: number,
    readonly autoreset: AutoresetMode,
    seed: number,
  ) {
    this.contract = buildContract({
      spec: {
        id: ENV,
        description: 'Counts.',
        source: 'the conformance kit',
        players: 1,
        rewardRange: [-Infinity, Infinity],
        renderModes: [],
        options: {},
      },
      numEnvs,
      options: {},
      autoreset,
      maxEpisodeSteps: null,
      observationSpace,
      actionSpace,
      infoSpaces: { count: new Box(0, 1000, [], 'uint32'), pair: new Box(0, 1, [2], 'float64') },
      rewardTasks: [],
    });
    this.#episodes = Array.from({ length: numEnvs }, () => ({ index: -1, elapsed: 0, isOver: true, sum: 0 }));
    this.#seeds = Array.from({ length: numEnvs }, (_, i) => seed + i);
    this.seen = { rewards: new Array<number>(numEnvs).fill(0), returns: [], observed: 0, final: 0 };
  }

  get seeds(): readonly number[] {
    return this.#seeds;
  }

  isOver(env: number): boolean {
    return this.#episodes[env]!.isOver;
  }

  reset(ids: readonly number[]): ScriptedRows {
    for (const i of ids) this.#begin(i);
    return this.#show(ids);
  }

  step(ids: readonly number[]): ScriptedStep {
    const [rewards, terminated, truncated] = [[], [], []] as number[][];
    const over: number[] = [];
    const endings: { readonly row: number; readonly sum: number; readonly length: number }[] = [];
    for (const [row, i] of ids.entries()) {
      const episode = this.#episodes[i]!;
      if (episode.isOver) {
        this.#begin(i); // next_step: the others do not come here
        rewards.push(0);
        terminated.push(0);
        truncated.push(0);
        continue;
      }
      episode.elapsed++;
      const reward = 0.25 * episode.elapsed + i - 1;
      episode.sum += reward;
      episode.isOver = episode.elapsed === 2 + (i % 2);
      rewards.push(reward);
      this.seen.rewards[i]! += reward;
      terminated.push(episode.isOver && i % 2 === 0 ? 1 : 0);
      truncated.push(episode.isOver && i % 2 === 1 ? 1 : 0);
      if (!episode.isOver) continue;
      over.push(i);
      endings.push({ row, sum: episode.sum, length: episode.elapsed });
      this.seen.returns.push(episode.sum);
    }
    const isSame = this.autoreset === 'same_step' && over.length > 0;
    const final = isSame ? this.#rows(over) : undefined;
    if (final) {
      this.seen.final += total(final.observations, this.contract.observationLeaves);
      for (const i of over) this.#begin(i);
    }
    const ended = over.length > 0 && [
      bin(Uint32Array.from(endings, ({ row }) => row)),
      bin(Float64Array.from(endings, ({ sum }) => sum)),
      bin(Uint32Array.from(endings, ({ length }) => length)),
      bin(Float64Array.from(over, (i) => this.#seeds[i]!)),
      final?.observations ?? null,
      final?.infos ?? null,
    ];
    return {
      ...this.#show(ids),
      rewards: bin(Float64Array.from(rewards)),
      terminated: bin(Uint8Array.from(terminated)),
      truncated: bin(Uint8Array.from(truncated)),
      ended: ended || null,
    };
  }

  #begin(env: number): void {
    const { index } = this.#episodes[env]!;
    this.#episodes[env] = { index: index + 1, elapsed: 0, isOver: false, sum: 0 };
  }

  /** Rows that the client will see. */
  #show(ids: readonly number[]): ScriptedRows {
    const rows = this.#rows(ids);
    this.seen.observed += total(rows.observations, this.contract.observationLeaves);
    return rows;
  }

  #rows(ids: readonly number[]): ScriptedRows {
    const rowsOf = ({ dtype, shape }: Leaf, leaf: number): Buffer => {
      const size = sizeOf(shape);
      const slab = new (arrayType(dtype))(ids.length * size);
      for (const [row, i] of ids.entries()) {
        const { index, elapsed } = this.#episodes[i]!;
        const base = 7 * i + 3 * elapsed + 5 * index + leaf;
        for (let j = 0; j < size; j++) slab[row * size + j] = sampleValue(dtype, base + j) as never;
      }
      return bin(slab);
    };
    return {
      n: ids.length,
      observations: this.contract.observationLeaves.map(rowsOf),
      infos: this.contract.infos.map(({ leaves }) => leaves.map(rowsOf)),
    };
  }
}

/** A value that uses what a dtype has: a sign, a fraction, high bytes. */
function sampleValue(dtype: DType, seed: number): number | bigint {
  const small = seed % 50;
  const signed = seed % 2 === 0 ? small : -small;
  switch (dtype) {
    case 'bool':
      return seed % 2;
    case 'uint8':
      return small + 150;
    case 'uint16':
      return small + 40_000;
    case 'int16':
      return signed * 300;
    case 'int32':
      return signed * 2 ** 20;
    case 'uint32':
      return small + 2 ** 31;
    case 'int64':
      return BigInt(signed) * 2n ** 36n;
    case 'uint64':
      return BigInt(small) + 2n ** 40n;
    case 'float32':
      return signed + 0.5;
    case 'float64':
      return signed + 0.25;
    case 'int8':
      return signed;
  }
}

/** Sum of all elements. */
export function total(slabs: readonly Buffer[], leaves: readonly Leaf[]): number {
  let sum = 0;
  for (const [i, { dtype }] of leaves.entries()) {
    const bytes = Uint8Array.from(slabs[i]!); // aligned
    for (const x of new (arrayType(dtype))(bytes.buffer) as Iterable<number | bigint>) sum += Number(x);
  }
  return sum;
}
