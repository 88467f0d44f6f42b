import type { Space, View } from '../../protocol/spaces/index.js';
import type { Env, Image } from '../env.js';
import type { Rng } from '../rng/rng.js';
import { invalidSnapshot } from '../snapshot.js';
import type { TransitionTable } from '../tabular/table.js';

/** What a wrapper's snapshot consists of: its own state, and that of the env within. */
interface WrapperSnapshot {
  readonly own: unknown;
  readonly env: unknown;
}

/** An env around another that does all as that one does. A subclass says what it does otherwise. */
export abstract class Wrapper implements Env {
  readonly actionSpace: Space;
  readonly infoSpaces?: Readonly<Record<string, Space>>;
  readonly writeInfo?: (out: Readonly<Record<string, View>>) => void;
  readonly render?: () => Image;
  readonly transitions?: () => TransitionTable;

  constructor(
    protected readonly env: Env,
    readonly observationSpace: Space = env.observationSpace,
    readonly rewardRange: readonly [number, number] | undefined = env.rewardRange,
  ) {
    this.actionSpace = env.actionSpace;
    if (env.infoSpaces) this.infoSpaces = env.infoSpaces;
    if (env.writeInfo) this.writeInfo = (out) => env.writeInfo!(out);
    if (env.render) this.render = () => env.render!();
    if (env.transitions) this.transitions = () => env.transitions!();
  }

  get reward(): number {
    return this.env.reward;
  }

  get terminated(): boolean {
    return this.env.terminated;
  }

  reset(rng: Rng, options?: Readonly<Record<string, unknown>>): void {
    this.env.reset(rng, options);
  }

  step(action: View): void {
    this.env.step(action);
  }

  observe(out: View): void {
    this.env.observe(out);
  }

  snapshot(): unknown {
    return { own: this.save(), env: this.env.snapshot() } satisfies WrapperSnapshot;
  }

  restore(snapshot: unknown): void {
    if (typeof snapshot !== 'object' || snapshot === null) throw invalidSnapshot('expected a map');
    const { own, env } = snapshot as WrapperSnapshot;
    const load = this.loader(own);
    this.env.restore(env);
    load();
  }

  /** The wrapper's own state as plain values. */
  protected save(): unknown {
    return null;
  }

  /** Returns what takes `own` back. Throws `bad_snapshot` if it is nothing that `save` gave. */
  protected loader(_own: unknown): () => void {
    return () => {};
  }
}
