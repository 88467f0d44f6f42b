/** What the requests of a client say, held against the task and the rules. */
import { arrayType, sizeOf, viewOrCopy } from '../../../protocol/dtypes.js';
import { rowBytes, type StepFrame } from '../../../protocol/frames.js';
import type { MakeRequest, ResetRequest } from '../../../protocol/messages.js';
import type { Span } from '../../../protocol/msgpack.js';
import type { Leaf } from '../../../protocol/spaces/index.js';
import type { ClientRule } from './rules.js';
import { ENV, HANDLE, type ScriptedEnvs } from './scripted-env.js';
import type { Task } from './task.js';

/** Judges a rule by one thing that it says; gives whether it held. */
export type Check = (rule: ClientRule, isSo: boolean, detail: string) => boolean;

/** What a client has asked for, from make to the last step. */
export class RequestChecker {
  #makeSeed: number | undefined;
  #wasReset = false;
  /** How often each env was asked to step. */
  readonly #steps: number[];

  constructor(
    private readonly envs: ScriptedEnvs,
    private readonly task: Task,
    private readonly check: Check,
  ) {
    this.#steps = new Array<number>(task.numEnvs).fill(0);
  }

  make({ env, numEnvs, autoreset, seed }: MakeRequest): void {
    const { task } = this;
    const isSo = env === ENV && numEnvs === task.numEnvs && autoreset === task.autoreset;
    this.check('task/make', isSo, `it made ${numEnvs} of ${env}, ${autoreset}`);
    this.#makeSeed = seed;
  }

  /** Gives the envs to reset, or undefined where they are none. */
  reset({ env, ids, mask, seeds }: ResetRequest): readonly number[] | undefined {
    const { numEnvs, seed } = this.task;
    if (!this.#handle(env)) return undefined;
    const all = Array.from({ length: numEnvs }, (_, i) => i);
    const chosen = mask ? all.filter((i) => mask[i]) : (ids ?? all);
    const isKnown = chosen.every((i) => i < numEnvs) && new Set(chosen).size === chosen.length;
    if (!this.check('client/fields', isKnown, `reset: ids ${chosen.join(', ')} of ${numEnvs} envs`))
      return undefined;
    if (this.#wasReset) return chosen;
    this.#wasReset = true;
    const made = this.#makeSeed;
    const begun = chosen.map((i, k) => seeds?.[k] ?? (made === undefined ? undefined : made + i));
    const isSo = chosen.length === numEnvs && chosen.every((i, k) => begun[k] === seed + i);
    this.check(
      'client/seeds',
      isSo,
      `the seed is ${seed}, envs ${chosen.join(', ')} begin with ${begun.join(', ')}`,
    );
    return chosen;
  }

  /** Gives the envs to step and how often they were asked to before, or undefined where the step is none. */
  step(
    { env, actions, ids: span }: StepFrame,
    frame: Uint8Array,
  ): { ids: readonly number[]; t: number } | undefined {
    const { numEnvs, steps, way } = this.task;
    if (!this.#handle(env)) return undefined;
    const ids = span ? this.#ids(span, frame) : Array.from({ length: numEnvs }, (_, i) => i);
    if (!ids) return undefined;
    const isHalf = ids.length > 0 && ids.every((i) => i % 2 === ids[0]! % 2);
    if (way === 'halves')
      this.check('task/halves', isHalf && ids.length < numEnvs, `it stepped ${ids.join(', ')}`);
    const t = this.#steps[ids[0]!]!;
    this.check('task/steps', t < steps, `step number ${t + 1} of ${steps}`);
    const leaves = this.envs.contract.actionLeaves;
    const isWhole =
      actions.length === leaves.length &&
      actions.every(({ length }, k) => length === ids.length * rowBytes(leaves[k]!));
    const lengths = actions.map(({ length }) => length).join(', ');
    if (!this.check('client/action-bytes', isWhole, `slabs of ${lengths} bytes for ${ids.length} envs`))
      return undefined;
    for (const [k, leaf] of leaves.entries()) this.#checkActions(leaf, frame, actions[k]!, ids);
    for (const i of ids) this.#steps[i]!++;
    return { ids, t };
  }

  #handle(env: number): boolean {
    return this.check('client/handle', env === HANDLE, `the handle is ${HANDLE}, it asks for ${env}`);
  }

  #ids({ offset, length }: Span, frame: Uint8Array): readonly number[] | undefined {
    const { numEnvs } = this.task;
    const isWhole = length > 0 && length % 4 === 0;
    const ids = isWhole ? [...(viewOrCopy('uint32', frame, offset, length / 4) as Uint32Array)] : [];
    const isSo = isWhole && ids.every((i) => i < numEnvs) && new Set(ids).size === ids.length;
    const detail = `ids of ${length} bytes: ${ids.join(', ')}, of ${numEnvs} envs`;
    return this.check('client/step-ids', isSo, detail) ? ids : undefined;
  }

  #checkActions(
    { dtype, shape, path }: Leaf,
    frame: Uint8Array,
    { offset, length }: Span,
    ids: readonly number[],
  ): void {
    const size = sizeOf(shape);
    const width = arrayType(dtype).BYTES_PER_ELEMENT;
    const expected = ids.flatMap((i) => new Array<number>(size).fill((this.#steps[i]! + i) % 2));
    const read = (bytes: Uint8Array, at: number) =>
      Array.from(viewOrCopy(dtype, bytes, at, length / width) as ArrayLike<number | bigint>, Number);
    const got = read(frame, offset);
    const isSame = (values: readonly number[]) => values.every((x, k) => x === expected[k]);
    const where = `actions ${path.join('.')}: expected ${expected.join(', ')}, got ${got.join(', ')}`;
    if (width > 1 && expected.includes(1)) {
      const turned = Uint8Array.from(frame.subarray(offset, offset + length));
      for (let k = 0; k < length; k += width) turned.subarray(k, k + width).reverse();
      this.check(
        'client/actions',
        isSame(got) || !isSame(read(turned, 0)),
        `${where}: the bytes are in the other order`,
      );
    }
    this.check('task/action', isSame(got), where);
  }
}
