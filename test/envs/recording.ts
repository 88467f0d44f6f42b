import { readFileSync } from 'node:fs';
import { inflateSync } from 'node:zlib';
import {
  type AutoresetMode,
  getEnv,
  type ResetBatch,
  resolveOptions,
  type StepBatch,
  VectorEnv,
} from '../../envs/index.js';
import { arrayType, type DType, sizeOf, type TypedArray } from '../../protocol/dtypes.js';

const FIXTURES = new URL('../../../test/fixtures/originals/', import.meta.url);

/** A run of an original, as scripts/record-originals.py wrote it: `steps` steps of one env a seed. */
interface Recording {
  readonly env: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly autoreset: AutoresetMode;
  readonly seeds: readonly number[];
  /** Of the first reset. */
  readonly resetOptions: Readonly<Record<string, number>>;
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
export function unpack(packed: string, dtype: DType): TypedArray {
  const bytes = new Uint8Array(inflateSync(Buffer.from(packed, 'base64')));
  if (dtype !== 'bool') return new (arrayType(dtype))(bytes.buffer);
  return Uint8Array.from({ length: bytes.length * 8 }, (_, i) => (bytes[i >> 3]! >> (7 - (i & 7))) & 1);
}

/** How far a run of ours may be from the original's, relative to the original's number or to 1 if that is more. */
export interface Tolerance {
  readonly observation?: number;
  readonly reward?: number;
}

/** Holds numbers equal and remembers where they first were not. */
class Comparison {
  mismatch: string | undefined;
  /** The greatest difference seen, in what was allowed to differ too. */
  worst = 0;

  compare(what: string, got: TypedArray, wanted: TypedArray, allowed = 0): void {
    for (let i = 0; i < wanted.length; i++) {
      const [ours, theirs] = [Number(got[i]), Number(wanted[i])];
      const difference = Math.abs(ours - theirs) / Math.max(1, Math.abs(theirs));
      this.worst = Math.max(this.worst, difference);
      if (!(difference <= allowed))
        this.mismatch ??= `${what}: element ${i} is ${ours}, the original's ${theirs}`;
    }
  }
}

/**
 * Replays a recording in a VectorEnv, of the env recorded unless another is named, and compares everything that comes out,
 * up to the first step that differs.
 */
export function replay(name: string, tolerance: Tolerance = {}, env?: string): Comparison {
  const recording = loadJSON(name) as Recording;
  const definition = getEnv(env ?? recording.env);
  const n = recording.seeds.length;
  const venv = new VectorEnv(definition, {
    numEnvs: n,
    options: resolveOptions(definition.spec, recording.options),
    autoreset: recording.autoreset,
  });
  /** What was recorded in one array, as a function of the step. */
  const perStep = (packed: string, dtype: DType, shape: readonly number[] = []) => {
    const all = unpack(packed, dtype);
    const size = n * sizeOf(shape);
    return (t: number) => all.subarray(t * size, (t + 1) * size);
  };
  const leaves = venv.observationSpace.leaves;
  const observations = recording.observations.map((packed, i) =>
    perStep(packed, leaves[i]!.dtype, leaves[i]!.shape),
  );
  const infos = Object.entries(recording.infos).map(([info, packed]) => {
    const leaf = venv.infoSpaces[info]!.leaves[0]!;
    return { name: info, recorded: perStep(packed, leaf.dtype, leaf.shape) };
  });
  const actionLeaf = venv.actionSpace.leaves[0]!;
  const actions = perStep(recording.actions, actionLeaf.dtype, actionLeaf.shape);
  const rewards = perStep(recording.rewards, 'float64');
  const terminated = perStep(recording.terminated, 'uint8');
  const truncated = perStep(recording.truncated, 'uint8');
  const finals = recording.finalObservations && unpack(recording.finalObservations, leaves[0]!.dtype);
  let finalsSeen = 0;

  const comparison = new Comparison();
  const compareOutputs = (t: number, batch: ResetBatch | StepBatch) => {
    for (const [i, recorded] of observations.entries())
      comparison.compare(
        `${t}: observation ${i}`,
        batch.observations[i]!,
        recorded(t),
        tolerance.observation,
      );
    for (const { name, recorded } of infos)
      comparison.compare(`${t}: info ${name}`, batch.infos[name]![0]!, recorded(t));
  };
  compareOutputs(0, venv.reset({ seeds: recording.seeds, options: recording.resetOptions }));
  for (let t = 1; t <= recording.steps && comparison.mismatch === undefined; t++) {
    venv.actions[0]!.set(actions(t - 1) as never);
    const batch = venv.step();
    comparison.compare(`${t}: terminated`, batch.terminated, terminated(t - 1));
    comparison.compare(`${t}: truncated`, batch.truncated, truncated(t - 1));
    comparison.compare(`${t}: reward`, batch.rewards, rewards(t - 1), tolerance.reward);
    compareOutputs(t, batch);
    if (finals && batch.ended) {
      const count = batch.ended.n * sizeOf(leaves[0]!.shape);
      const wanted = finals.subarray(finalsSeen, finalsSeen + count);
      comparison.compare(
        `${t}: final observation`,
        batch.ended.finalObservations![0]!,
        wanted,
        tolerance.observation,
      );
      finalsSeen += count;
    }
  }
  return comparison;
}
