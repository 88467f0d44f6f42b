import { readFileSync } from 'node:fs';
import { inflateSync } from 'node:zlib';
import { type AutoresetMode, getEnv, resolveOptions, VectorEnv } from '../../envs/index.js';
import { arrayType, type DType, sizeOf, type TypedArray } from '../../protocol/dtypes.js';
import type { Space } from '../../protocol/spaces/index.js';

const FIXTURES = new URL('../../../test/fixtures/originals/', import.meta.url);

/** A run of an original, as scripts/record-originals.py wrote it: `steps` steps of one env a seed. */
interface Recording {
  readonly env: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly autoreset: AutoresetMode;
  readonly seeds: readonly number[];
  readonly steps: number;
  readonly actions: string;
  readonly observations: readonly string[];
  readonly rewards: string;
  readonly terminated: string;
  readonly truncated: string;
  readonly infos: Readonly<Record<string, string>>;
  readonly finalObservations?: string;
}

export const loadJSON = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`${name}.json`, FIXTURES), 'utf8'));

/** The elements of a packed array; bool ones lie eight to a byte, the first in the highest bit. */
function unpack(packed: string, dtype: DType): TypedArray {
  const bytes = new Uint8Array(inflateSync(Buffer.from(packed, 'base64')));
  if (dtype !== 'bool') return new (arrayType(dtype))(bytes.buffer);
  return Uint8Array.from({ length: bytes.length * 8 }, (_, i) => (bytes[i >> 3]! >> (7 - (i & 7))) & 1);
}

/** How far a run of ours may be from the original's. */
export interface Tolerance {
  /** Greatest difference of an observation, relative to it or absolute, whichever is more. */
  readonly observation?: number;
  readonly reward?: number;
}

/** What differs first, or how much observations and rewards differed at most. */
export interface Comparison {
  readonly mismatch: string | undefined;
  readonly worstObservation: number;
  readonly worstReward: number;
}

/** Replays a recording in a VectorEnv and compares everything that comes out. */
export function replay(name: string, tolerance: Tolerance = {}): Comparison {
  const recording = loadJSON(name) as Recording;
  const definition = getEnv(recording.env);
  const n = recording.seeds.length;
  const venv = new VectorEnv(definition, {
    numEnvs: n,
    options: resolveOptions(definition.spec, recording.options),
    autoreset: recording.autoreset,
  });
  const space: Space = venv.observationSpace;
  const observations = recording.observations.map((packed, i) => unpack(packed, space.leaves[i]!.dtype));
  const infos = Object.entries(recording.infos).map(
    ([info, packed]) => [info, unpack(packed, venv.infoSpaces[info]!.leaves[0]!.dtype)] as const,
  );
  const actions = unpack(recording.actions, venv.actionSpace.leaves[0]!.dtype);
  const rewards = unpack(recording.rewards, 'float64');
  const terminated = unpack(recording.terminated, 'uint8');
  const truncated = unpack(recording.truncated, 'uint8');
  const finals = recording.finalObservations && unpack(recording.finalObservations, space.leaves[0]!.dtype);

  let worstObservation = 0;
  let worstReward = 0;
  let mismatch: string | undefined;
  /** Compares row block `block` of the recorded array with the first rows of ours; returns the worst difference. */
  const compare = (
    what: string,
    ours: TypedArray,
    theirs: TypedArray,
    start: number,
    count: number,
    allowed = 0,
  ): number => {
    let worst = 0;
    for (let i = 0; i < count; i++) {
      const expected = Number(theirs[start + i]);
      const got = Number(ours[i]);
      const difference = Math.abs(got - expected) / Math.max(1, Math.abs(expected));
      worst = Math.max(worst, difference);
      if (!(difference <= allowed))
        mismatch ??= `${what}: element ${i} is ${got}, the original's ${expected}`;
    }
    return worst;
  };
  const compareOutputs = (
    t: number,
    ours: { observations: TypedArray[]; infos: typeof venv.step.prototype },
  ) => {
    for (const [i, leaf] of space.leaves.entries()) {
      const size = n * sizeOf(leaf.shape);
      const worst = compare(
        `step ${t}: observation leaf ${i}`,
        ours.observations[i]!,
        observations[i]!,
        t * size,
        size,
        tolerance.observation,
      );
      worstObservation = Math.max(worstObservation, worst);
    }
    for (const [info, theirs] of infos) {
      const size = n * sizeOf(venv.infoSpaces[info]!.leaves[0]!.shape);
      compare(`step ${t}: info ${info}`, ours.infos[info]![0]!, theirs, t * size, size);
    }
  };

  compareOutputs(0, venv.reset({ seeds: recording.seeds }));
  let finalsSeen = 0;
  for (let t = 1; t <= recording.steps && mismatch === undefined; t++) {
    const size = venv.actions[0]!.length;
    venv.actions[0]!.set(actions.subarray((t - 1) * size, t * size) as never);
    const batch = venv.step();
    compare(`step ${t}: terminated`, batch.terminated, terminated, (t - 1) * n, n);
    compare(`step ${t}: truncated`, batch.truncated, truncated, (t - 1) * n, n);
    const worst = compare(`step ${t}: reward`, batch.rewards, rewards, (t - 1) * n, n, tolerance.reward);
    worstReward = Math.max(worstReward, worst);
    compareOutputs(t, batch);
    if (finals && batch.ended) {
      const width = sizeOf(space.leaves[0]!.shape);
      const ours = batch.ended.finalObservations![0]!;
      compare(
        `step ${t}: final`,
        ours,
        finals,
        finalsSeen * width,
        batch.ended.n * width,
        tolerance.observation,
      );
      finalsSeen += batch.ended.n;
    }
  }
  return { mismatch, worstObservation, worstReward };
}
