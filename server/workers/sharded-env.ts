import type { EndedBatch, ResetBatch, StepBatch } from '../../envs/batch.js';
import { IdCheck } from '../../envs/id-check.js';
import { resolveResetOptions } from '../../envs/options.js';
import { getEnv } from '../../envs/registry.js';
import { MAX_SEED } from '../../envs/rng/create.js';
import { checkSeeds } from '../../envs/seeds.js';
import { StepCheck } from '../../envs/step-check.js';
import type { TransitionTable } from '../../envs/tabular/table.js';
import type { TypedArray } from '../../protocol/dtypes.js';
import { FarstepError } from '../../protocol/errors.js';
import { type FrameLayout, frameLayout } from '../../protocol/frames.js';
import type { Contract } from '../../protocol/messages.js';
import { spaceFromJSON } from '../../protocol/spaces/index.js';
import type { Image } from '../../protocol/spec.js';
import type { FirstSeeds, HostedVectorEnv, MakeOrder, ResetOrder } from '../host.js';
import { Batch, copyRows, shapeOf } from './batch.js';
import type { RemoteShard, ShardOrder } from './shard.js';

/** Makes one of the parts of a vector env, whose results it leaves in `out`. */
export type MakeShard = (order: ShardOrder, out: Batch) => Promise<RemoteShard>;

interface Part {
  readonly index: number;
  readonly shard: RemoteShard;
  /** Its rows of the whole. */
  readonly batch: Batch;
  readonly first: number;
  readonly count: number;
}

/** The envs of one part that a request is about. */
interface Share {
  readonly part: Part;
  /** As the part calls them; all where absent. */
  readonly ids: Uint32Array | undefined;
  /** Their rows of the request. */
  readonly rows: ArrayLike<number>;
}

/** Parts are told apart by the bits of an integer. */
export const MAX_PARTS = 31;

/**
 * A vector env whose envs step elsewhere: in one place, or some of them here and some there. Each part is told what
 * to do with its envs, and leaves what comes of it in its rows of one batch.
 *
 * Where there are several parts, requests are checked here, before any of them begins; where there is one, it does.
 */
export class ShardedVectorEnv implements HostedVectorEnv {
  readonly layout: FrameLayout;
  readonly actions: readonly TypedArray[];
  readonly #staged: Batch['actions'];
  readonly #whole: Batch;
  readonly #parts: Part[] = [];
  /** The part that each env is in. */
  readonly #partOf: Uint8Array;
  readonly #every: Uint32Array;
  readonly #idCheck: IdCheck;
  readonly #stepCheck: StepCheck;

  private constructor(
    private readonly order: MakeOrder,
    readonly contract: Contract,
    private readonly seeds: FirstSeeds,
    private readonly onClose: () => void,
  ) {
    const { numEnvs } = order;
    const shape = shapeOf(contract, numEnvs);
    this.layout = frameLayout(contract.observationLeaves, contract.infos);
    this.#whole = new Batch({ ...shape, actionLeaves: [] });
    const staged = new Batch({ ...shape, observationLeaves: [], infos: [] });
    this.#staged = staged.actions;
    this.actions = staged.memory.actions;
    this.#partOf = new Uint8Array(numEnvs);
    this.#every = Uint32Array.from({ length: numEnvs }, (_, i) => i);
    this.#idCheck = new IdCheck(numEnvs);
    this.#stepCheck = new StepCheck(
      spaceFromJSON(contract.actionSpace, 'actionSpace'),
      this.actions,
      this.#whole.memory.phases,
      order.autoreset,
    );
  }

  /**
   * Has a part made in each of `places`, as equal as can be. Rejects with what the first that fails throws.
   *
   * @param onClose - called once, when its parts are closed.
   */
  static async make(
    order: MakeOrder,
    contract: Contract,
    seeds: FirstSeeds,
    places: readonly MakeShard[],
    onClose = (): void => {},
  ): Promise<ShardedVectorEnv> {
    const env = new ShardedVectorEnv(order, contract, seeds, onClose);
    const border = (index: number): number => Math.floor((index * order.numEnvs) / places.length);
    const made = await Promise.allSettled(
      places.map(async (make, index) => {
        const [first, end] = [border(index), border(index + 1)];
        env.#partOf.fill(index, first, end);
        const batch = env.#whole.region(first, end - first);
        const shard = await make({ order, contract, first, count: end - first }, batch);
        env.#parts[index] = { index, shard, batch, first, count: end - first };
      }),
    );
    const failed = made.find((result) => result.status === 'rejected');
    if (failed) {
      env.close();
      throw failed.reason;
    }
    return env;
  }

  partsOf(ids: Uint32Array): number {
    let bits = 0;
    for (const id of ids) if (id < this.#partOf.length) bits |= 1 << this.#partOf[id]!;
    return bits;
  }

  step(ids?: Uint32Array): Promise<StepBatch> {
    if (this.#parts.length > 1) {
      if (ids) this.#idCheck.check('step', ids);
      this.#stepCheck.check(ids ?? this.#every);
    }
    const shares = this.#share(ids);
    for (const { part, rows } of shares) this.#putActions(part, rows);
    const n = ids?.length ?? this.order.numEnvs;
    if (shares.length === 1) {
      const [{ part, ids: own }] = shares as [Share];
      return part.shard.step(own).then((ended) => stepBatch(part.batch, n, ended));
    }
    const steps = shares.map(({ part, ids: own }) => part.shard.step(own));
    return all('step', steps).then((ended) =>
      ids ? this.#gatherStep(shares, n, ended) : this.#wholeStep(ended),
    );
  }

  #putActions({ shard }: Part, rows: ArrayLike<number>): void {
    const first = rows[0]!;
    let run = 1;
    while (run < rows.length && rows[run] === first + run) run++;
    shard.putActions(this.#staged, run, first, 0);
    for (let to = run; to < rows.length; to++) shard.putActions(this.#staged, 1, rows[to]!, to);
  }

  /** The step of all envs: its rows are in place, but for those of episodes that ended. */
  #wholeStep(endedOf: readonly number[]): StepBatch {
    const { ended: columns, memory } = this.#whole;
    let n = 0;
    for (const { index, first } of this.#parts) {
      const count = endedOf[index]!;
      for (const { array, size } of columns) array.copyWithin(n * size, first * size, (first + count) * size);
      for (let i = n; i < n + count; i++) memory.ended.rows[i]! += first;
      n += count;
    }
    return stepBatch(this.#whole, this.order.numEnvs, n);
  }

  /** The step of some envs of several parts, in memory of its own: others may be under way. */
  #gatherStep(shares: readonly Share[], n: number, endedOf: readonly number[]): StepBatch {
    const out = new Batch(shapeOf(this.contract, n));
    const ended: { readonly row: number; readonly share: Share; readonly at: number }[] = [];
    for (const [i, share] of shares.entries()) {
      const { part, rows } = share;
      for (let row = 0; row < rows.length; row++) copyRows(part.batch.step, out.step, 1, row, rows[row]!);
      for (let at = 0; at < endedOf[i]!; at++)
        ended.push({ row: rows[part.batch.memory.ended.rows[at]!]!, share, at });
    }
    ended.sort((a, b) => a.row - b.row);
    for (const [i, { row, share, at }] of ended.entries()) {
      copyRows(share.part.batch.ended, out.ended, 1, at, i);
      out.memory.ended.rows[i] = row;
    }
    return stepBatch(out, n, ended.length);
  }

  async reset(asked: ResetOrder): Promise<ResetBatch> {
    const order = this.seeds.fill(asked);
    const { ids, seeds, options } = order;
    if (this.#parts.length > 1) {
      const definition = getEnv(this.order.env);
      if (ids) this.#idCheck.check('reset', ids);
      checkSeeds(definition.spec.id, MAX_SEED[definition.rng], seeds, ids ?? this.#every);
      resolveResetOptions(definition, options);
    }
    const shares = this.#share(ids);
    await all(
      'reset',
      shares.map(({ part, ids: own, rows }) => {
        // Where there is one part, it is told everything as it came, to check it.
        const some = shares.length === 1 ? seeds : Array.from(rows, (row) => seeds[row]!);
        return part.shard.call('reset', { ids: own, seeds: some, options });
      }),
    );
    this.seeds.use(asked);
    return this.#shown(shares, ids);
  }

  #shown(shares: readonly Share[], ids: Uint32Array | undefined): ResetBatch {
    const n = ids?.length ?? this.order.numEnvs;
    if (shares.length === 1) return { n, ...shares[0]!.part.batch.memory };
    if (!ids) return { n, ...this.#whole.memory };
    const out = new Batch(shapeOf(this.contract, n));
    for (const { part, rows } of shares) {
      for (let row = 0; row < rows.length; row++) copyRows(part.batch.reset, out.reset, 1, row, rows[row]!);
    }
    return { n, ...out.memory };
  }

  async snapshot(ids?: Uint32Array): Promise<readonly unknown[]> {
    if (ids && this.#parts.length > 1) this.#idCheck.check('snapshot', ids);
    const shares = this.#share(ids);
    // It changes nothing: where one part refuses, the others are as they were.
    const taken = await Promise.all(shares.map(({ part, ids: own }) => part.shard.call('snapshot', own)));
    const snapshots: unknown[] = [];
    for (const [i, { rows }] of shares.entries()) {
      for (let row = 0; row < rows.length; row++) snapshots[rows[row]!] = taken[i]![row];
    }
    return snapshots;
  }

  async restore(snapshots: readonly unknown[], ids?: Uint32Array): Promise<ResetBatch> {
    const n = ids?.length ?? this.order.numEnvs;
    if (this.#parts.length > 1) {
      if (ids) this.#idCheck.check('restore', ids);
      if (snapshots.length !== n)
        throw new FarstepError('bad_snapshot', `restore: ${snapshots.length} snapshots for ${n} envs`);
    }
    const shares = this.#share(ids);
    const results = await Promise.allSettled(
      shares.map(({ part, ids: own, rows }) =>
        part.shard.call(
          'restore',
          shares.length === 1 ? snapshots : Array.from(rows, (row) => snapshots[row]),
          own,
        ),
      ),
    );
    const refused = results.find((result) => result.status === 'rejected');
    if (refused) {
      const done = shares.filter((_, i) => results[i]!.status === 'fulfilled');
      await all(
        'restore',
        done.map(({ part }) => part.shard.call('undo')),
      );
      throw refused.reason;
    }
    return this.#shown(shares, ids);
  }

  rewards(task: string | undefined, achieved: Uint8Array, desired: Uint8Array): Promise<Float64Array> {
    return this.#parts[0]!.shard.call('rewards', task, achieved, desired);
  }

  transitions(): Promise<TransitionTable> {
    return this.#parts[0]!.shard.call('transitions');
  }

  async render(index: number): Promise<Image> {
    this.#idCheck.checkOne('render', index);
    const { shard, first } = this.#parts[this.#partOf[index]!]!;
    return shard.call('render', index - first);
  }

  close(): void {
    for (const part of this.#parts) void part?.shard.close();
    this.onClose();
  }

  /** What of a request each part has to do. */
  #share(ids: Uint32Array | undefined): Share[] {
    if (!ids || this.#parts.length === 1) {
      return this.#parts.map((part) => ({
        part,
        ids,
        rows: this.#every.subarray(part.first, part.first + (ids?.length ?? part.count)),
      }));
    }
    const shares: { part: Part; ids: number[]; rows: number[] }[] = [];
    for (const [row, id] of ids.entries()) {
      const part = this.#parts[this.#partOf[id]!]!;
      shares[part.index] ??= { part, ids: [], rows: [] };
      const share = shares[part.index]!;
      share.ids.push(id - part.first);
      share.rows.push(row);
    }
    return shares.filter(Boolean).map((share) => ({ ...share, ids: Uint32Array.from(share.ids) }));
  }
}

/** The first `n` rows of a batch as what a step gives. */
function stepBatch({ memory }: Batch, n: number, ended: number): StepBatch {
  const { observations, rewards, terminated, truncated, infos } = memory;
  const episodes: EndedBatch | undefined = ended > 0 ? { n: ended, ...memory.ended } : undefined;
  return { n, observations, rewards, terminated, truncated, infos, ended: episodes };
}

/**
 * The results of what the parts of one vector env did. Rejects with an error of one of them; where others did their
 * part, the vector env is not to be used any more: `env_failed`.
 */
async function all<T>(what: string, calls: readonly Promise<T>[]): Promise<T[]> {
  const results = await Promise.allSettled(calls);
  const values: T[] = [];
  let error: unknown;
  for (const result of results) {
    if (result.status === 'fulfilled') values.push(result.value);
    else error ??= result.reason;
  }
  if (error === undefined) return values;
  if (values.length === 0 || (error instanceof FarstepError && error.code === 'env_failed')) throw error;
  throw new FarstepError('env_failed', `${what}: some envs could and others could not`, { cause: error });
}
