import { isDeepStrictEqual } from 'node:util';
import type { Test } from 'tap';
import { Pcg64 } from '../../envs/rng/pcg64.js';
import { arrayType, sizeOf, type TypedArray } from '../../protocol/dtypes.js';
import { FarstepError } from '../../protocol/errors.js';
import type { ResetResult, StepResult } from '../../protocol/results.js';
import { Box, Dict, Discrete, type Space, Tuple } from '../../protocol/spaces/index.js';
import type { DrivenEnv } from './driver.js';

/** The arrays and numbers of a result, in an order of their own: where absent and undefined fields are one. */
function parts(value: unknown): unknown[] {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value))
    return value === undefined ? [] : [value];
  if (Array.isArray(value)) return value.flatMap(parts);
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, field]) => parts(field));
}

export const areSame = (got: unknown, wanted: unknown): boolean =>
  isDeepStrictEqual(parts(got), parts(wanted));

/** Holds one result equal to another. */
export const same = (t: Test, got: unknown, wanted: unknown, message: string): boolean =>
  areSame(got, wanted) ? t.pass(message) : t.same(got, wanted, message);

/** Holds a run equal to another, or names the first step that differs. */
export function sameRun(t: Test, got: readonly unknown[], wanted: readonly unknown[], message: string): void {
  const first = wanted.findIndex((result, i) => !areSame(got[i], result));
  if (first < 0) t.pass(message);
  else same(t, got[first], wanted[first], `${message}: result ${first} of ${wanted.length}`);
}

export async function rejects(
  t: Test,
  promise: Promise<unknown>,
  code: string,
  message: RegExp,
): Promise<void> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof FarstepError)) {
    t.fail(`expected the error ${code}, got ${String(error)}`);
    return;
  }
  t.equal(error.code, code);
  t.match(error.message, message);
}

/** Checks dtypes, sizes and values of observations and infos. */
export function checkValues(t: Test, env: DrivenEnv, when: string, result: ResetResult | StepResult): void {
  const check = (name: string, space: Space, slabs: readonly TypedArray[]) => {
    for (const [i, leaf] of space.leaves.entries()) {
      const slab = slabs[i];
      if (!(slab instanceof arrayType(leaf.dtype)) || slab.length !== result.n * sizeOf(leaf.shape))
        t.fail(`${when}: ${name}: leaf ${i} is not ${leaf.dtype} [${[result.n, ...leaf.shape].join()}]`);
    }
    for (let row = 0; row < result.n; row++) {
      if (!space.contains(space.read(slabs, row)))
        t.fail(`${when}: ${name} of env ${row} is outside ${space.toString()}`);
    }
  };
  check('observation', env.observationSpace, result.observations);
  for (const [name, space] of Object.entries(env.infoSpaces))
    check(`info ${name}`, space, result.infos[name]!);
  t.pass(when);
}

/** Random actions, the same for the same seed. */
export class Actions {
  readonly #rng: Pcg64;

  constructor(
    readonly env: DrivenEnv,
    seed: number,
  ) {
    this.#rng = new Pcg64(seed);
  }

  /** A batch of actions, in memory of its own. */
  next(): TypedArray[] {
    const { actionSpace, numEnvs } = this.env;
    const slabs = actionSpace.leaves.map((leaf) => new (arrayType(leaf.dtype))(numEnvs * sizeOf(leaf.shape)));
    for (let row = 0; row < numEnvs; row++) actionSpace.write(actionSpace.sample(this.#rng), slabs, row);
    return slabs;
  }
}

/** Everything that comes out of some steps with random actions, after a reset if there are seeds. */
export async function trajectory(
  env: DrivenEnv,
  { seeds, steps }: { readonly seeds?: readonly number[]; readonly steps: number },
): Promise<unknown[]> {
  const actions = new Actions(env, 0);
  const outputs: unknown[] = seeds === undefined ? [] : [await env.reset({ seeds })];
  for (let i = 0; i < steps; i++) outputs.push(await env.step(actions.next()));
  return outputs;
}

/** The rows `ids` of a batch, in that order. */
export const pick = (slabs: readonly TypedArray[], ids: Uint32Array, numEnvs: number): TypedArray[] =>
  slabs.map((slab) => {
    const size = slab.length / numEnvs;
    const out = new (slab.constructor as new (length: number) => TypedArray)(ids.length * size);
    for (const [row, id] of ids.entries())
      out.set(slab.subarray(id * size, (id + 1) * size) as never, row * size);
    return out;
  });

type Spoiler = (slabs: readonly TypedArray[], row: number) => void;

/** Ways to put an action outside its space, for every leaf. */
export function spoilers(space: Space, leaf = 0): Spoiler[] {
  if (space instanceof Discrete) {
    return [space.start - 1, space.start + space.n].map((x) => (slabs, row) => {
      slabs[leaf]![row] = x as never;
    });
  }
  if (space instanceof Box) {
    const values = [Math.max(...space.high) + 1, ...(space.dtype.startsWith('float') ? [Number.NaN] : [])];
    return values.map((x) => (slabs, row) => {
      slabs[leaf]![(row + 1) * space.size - 1] = x as never;
    });
  }
  if (space instanceof Tuple || space instanceof Dict) {
    let first = leaf;
    return Object.values(space.spaces).flatMap((child: Space) => {
      const ways = spoilers(child, first);
      first += child.leaves.length;
      return ways;
    });
  }
  throw new TypeError(`no way to spoil ${space.toString()}`);
}
