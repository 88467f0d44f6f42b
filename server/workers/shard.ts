import type { TransitionTable } from '../../envs/tabular/table.js';
import type { VectorEnv } from '../../envs/vector-env.js';
import type { Contract } from '../../protocol/messages.js';
import type { Image } from '../../protocol/spec.js';
import { contractOf, type MakeOrder, makeEnvs, type ResetOrder, tableOf } from '../host.js';
import type { RewardJudge } from '../reward-judge.js';
import type { Batch } from './batch.js';
import { guarded } from './outcome.js';

/** Some of the envs that a `make` asks for. Plain values. */
export interface ShardOrder {
  readonly order: MakeOrder;
  readonly contract: Contract;
  /** Which of them: `count` from `first` on. */
  readonly first: number;
  readonly count: number;
}

/** The contract of what `order` asks for. */
export const describe = (order: MakeOrder): Contract =>
  guarded(`make: ${order.env}`, () => {
    const { envs, judge } = makeEnvs({ ...order, numEnvs: 1 });
    return contractOf(order, envs, judge);
  });

/** A part of a vector env, in the thread or process where it steps. Ids are its own: 0 to count - 1. */
export class Shard {
  /** What it is, for messages. */
  readonly env: string;
  readonly #envs: VectorEnv;
  readonly #judge: RewardJudge;
  #undo: (() => void) | undefined;

  constructor(
    { order, first, count }: ShardOrder,
    readonly batch: Batch,
  ) {
    const { envs, judge } = guarded(`make: ${order.env}`, () =>
      makeEnvs({ ...order, numEnvs: count }, { memory: batch.memory, firstId: first }),
    );
    this.env = order.env;
    this.#envs = envs;
    this.#judge = judge;
  }

  /** Steps with the actions in the batch, where what comes of it lies afterwards; gives how many episodes ended. */
  step(ids?: Uint32Array): number {
    return this.#envs.step(ids).ended?.n ?? 0;
  }

  /** Makes one of its calls. */
  call(call: ShardCall, args: readonly unknown[]): unknown {
    const method = this[call] as (...args: readonly unknown[]) => unknown;
    return guarded(`${call}: ${this.env}`, () => method.apply(this, [...args]));
  }

  /** Gives how many rows of the batch show what it gave. */
  reset(order: ResetOrder): number {
    return this.#envs.reset(order).n;
  }

  /** As `reset`. `undo` takes it back, until the next call. */
  restore(snapshots: readonly unknown[], ids?: Uint32Array): number {
    this.#undo = this.#envs.restoreOrUndo(snapshots, ids);
    return this.#envs.show(ids).n;
  }

  undo(): number {
    this.#undo?.();
    this.#undo = undefined;
    return 0;
  }

  snapshot(ids?: Uint32Array): readonly unknown[] {
    return this.#envs.snapshots(ids);
  }

  rewards(task: string | undefined, achieved: Uint8Array, desired: Uint8Array): Float64Array {
    return this.#judge.rewards(task, achieved, desired);
  }

  transitions(): TransitionTable {
    return tableOf(this.#envs);
  }

  render(index: number): Image {
    return this.#envs.render(index);
  }
}

/** The calls of a shard that its owner makes from elsewhere. */
export type ShardCall = 'reset' | 'restore' | 'undo' | 'snapshot' | 'rewards' | 'transitions' | 'render';

/** Those that give rows of the batch. */
export const SHOWING: ReadonlySet<ShardCall> = new Set(['reset', 'restore', 'undo']);

/** A shard as its owner has it. One call at a time. */
export interface RemoteShard {
  /** Copies actions to its rows `toRow` and on. */
  putActions(from: Batch['actions'], n: number, fromRow: number, toRow: number): void;
  /** Steps; what comes of it lies in the owner's memory afterwards. Gives how many episodes ended. */
  step(ids?: Uint32Array): Promise<number>;
  /** Rows that it gives lie in the owner's memory afterwards, too. */
  call<C extends ShardCall>(call: C, ...args: Parameters<Shard[C]>): Promise<ReturnType<Shard[C]>>;
  close(): void | Promise<void>;
}
