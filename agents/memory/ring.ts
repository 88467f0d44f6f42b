import type { TypedArray } from '../../protocol/dtypes.js';
import type { Leaf } from '../../protocol/spaces/index.js';
import { Rows } from './rows.js';

/** What a slot of a ring holds. */
const Slot = {
  /** No action belongs to its observation: never written, or the newest one, whose action is not known yet. */
  open: 0,
  /** A transition, after which the episode went on. */
  ongoing: 1,
  /** A transition into a terminal state. */
  terminated: 2,
  /** A transition after which the episode was cut off. */
  truncated: 3,
  /** The last observation of an episode. */
  final: 4,
} as const;

export interface RingState {
  readonly head: number;
  readonly filled: number;
}

/** How many rewards make one return, and what each is worth less than the one before. */
export interface ReturnRule {
  /** n of n-step returns (Sutton 1988); 1 for the reward alone. */
  readonly nStep: number;
  /** γ */
  readonly gamma: number;
}

/**
 * Slabs of transitions drawn from memory, one row each: from s_t by a_t to s_tpn, where n is the rule's number of steps,
 * or fewer where the episode ended before that or has not come that far.
 */
export interface Batch {
  /** Number of transitions, B. */
  readonly n: number;
  /** s_t: a slab for each leaf of the observation space, B rows each. */
  readonly observations: readonly TypedArray[];
  /** a_t: a slab for each leaf of the action space, B rows each. */
  readonly actions: readonly TypedArray[];
  /** Σ_{k<n} γ^k r_tpk, float32 [B] */
  readonly returns: Float32Array;
  /**
   * What the value of s_tpn counts for, float32 [B]: γ^n, or 0 where s_tpn is terminal. An episode that was cut off has
   * γ^n, and its last observation as s_tpn.
   */
  readonly discounts: Float32Array;
  /** s_tpn: as `observations`. */
  readonly nextObservations: readonly TypedArray[];
}

/**
 * The last experience of one env, in the order it came, each observation stored once: slot i holds s_t, and a_t, r_t
 * and the kind of end if an action followed; s_tp1 is slot i + 1. At the end of an episode its final observation takes
 * a slot of its own, so that what lies next to a transition always belongs to it, and walking back or forward
 * (stacked frames, n-step returns) meets the end of an episode as a slot, not as a special case.
 *
 * The head is the newest observation. Everything is written there, so no transition ever reaches across it.
 */
export class Ring {
  readonly #observations: readonly Rows[];
  readonly #actions: readonly Rows[];
  readonly #rewards: Float32Array;
  readonly #kinds: Uint8Array;
  #head = 0;
  #filled = 0;
  #transitions = 0;

  constructor(
    readonly slots: number,
    observations: readonly Leaf[],
    actions: readonly Leaf[],
  ) {
    this.#observations = observations.map(({ dtype, shape }) => new Rows(slots, dtype, shape));
    this.#actions = actions.map(({ dtype, shape }) => new Rows(slots, dtype, shape));
    this.#rewards = new Float32Array(slots);
    this.#kinds = new Uint8Array(slots);
  }

  /** Slots that have been written; those with a lower index than this are in use. */
  get filled(): number {
    return this.#filled;
  }

  /** Transitions that can be read. */
  get transitions(): number {
    return this.#transitions;
  }

  /** Begins an episode with its first observation, row `row` of `observations`. An episode under way counts as cut off. */
  begin(observations: readonly TypedArray[], row: number): void {
    const last = (this.#head + this.slots - 1) % this.slots;
    if (this.#kinds[last] === Slot.ongoing) {
      this.#kinds[last] = Slot.truncated;
      this.#kinds[this.#head] = Slot.final;
      this.#advance();
    }
    this.#filled = Math.max(this.#filled, 1);
    this.#writeObservation(observations, row);
  }

  /** Adds the transition from the newest observation; the episode goes on with row `row` of `observations`. */
  addOngoing(
    actions: readonly TypedArray[],
    reward: number,
    observations: readonly TypedArray[],
    row: number,
  ): void {
    this.#addTransition(actions, row, reward, Slot.ongoing);
    this.#writeObservation(observations, row);
  }

  /**
   * Adds the transition from the newest observation that ended the episode: `finals` row `finalRow` is its final
   * observation, and the next episode begins with row `row` of `observations`.
   */
  addLast(
    actions: readonly TypedArray[],
    reward: number,
    terminated: boolean,
    finals: readonly TypedArray[],
    finalRow: number,
    observations: readonly TypedArray[],
    row: number,
  ): void {
    this.#addTransition(actions, row, reward, terminated ? Slot.terminated : Slot.truncated);
    this.#writeObservation(finals, finalRow);
    this.#kinds[this.#head] = Slot.final;
    this.#advance();
    this.#writeObservation(observations, row);
  }

  /** Whether a transition starts in this slot. */
  holdsTransition(slot: number): boolean {
    const kind = this.#kinds[slot]!;
    return kind !== Slot.open && kind !== Slot.final;
  }

  /** Copies the transition that starts in `slot` into row `row` of `batch`. */
  read(slot: number, { nStep, gamma }: ReturnRule, batch: Batch, row: number): void {
    let last = slot;
    let sum = this.#rewards[slot]!;
    let discount = gamma;
    for (let k = 1; k < nStep && this.#kinds[last] === Slot.ongoing; k++) {
      const next = (last + 1) % this.slots;
      if (next === this.#head) break;
      last = next;
      sum += discount * this.#rewards[last]!;
      discount *= gamma;
    }
    const reached = (last + 1) % this.slots;
    for (let i = 0; i < this.#observations.length; i++) {
      this.#observations[i]!.read(slot, batch.observations[i]!, row);
      this.#observations[i]!.read(reached, batch.nextObservations[i]!, row);
    }
    for (let i = 0; i < this.#actions.length; i++) this.#actions[i]!.read(slot, batch.actions[i]!, row);
    batch.returns[row] = sum;
    batch.discounts[row] = this.#kinds[last] === Slot.terminated ? 0 : discount;
  }

  get state(): RingState {
    return { head: this.#head, filled: this.#filled };
  }

  /** Takes back a state; its memory is to be filled in next. */
  set state({ head, filled }: RingState) {
    this.#head = head;
    this.#filled = filled;
  }

  /** The memory in use, as views in a fixed order. */
  *memory(): Generator<Uint8Array> {
    yield this.#kinds.subarray(0, this.#filled);
    yield new Uint8Array(this.#rewards.buffer, 0, this.#filled * this.#rewards.BYTES_PER_ELEMENT);
    for (const rows of [...this.#actions, ...this.#observations]) yield* rows.prefix(this.#filled);
  }

  /** To be called when `memory` has been filled in. */
  recount(): void {
    this.#transitions = 0;
    for (let slot = 0; slot < this.#filled; slot++) if (this.holdsTransition(slot)) this.#transitions++;
  }

  #addTransition(actions: readonly TypedArray[], row: number, reward: number, kind: number): void {
    for (let i = 0; i < actions.length; i++) this.#actions[i]!.write(this.#head, actions[i]!, row);
    this.#rewards[this.#head] = reward;
    this.#kinds[this.#head] = kind;
    this.#transitions++;
    this.#advance();
  }

  /** Moves the head on, over the oldest slot once the ring is full. */
  #advance(): void {
    this.#head = (this.#head + 1) % this.slots;
    this.#filled = Math.max(this.#filled, this.#head + 1);
    if (this.holdsTransition(this.#head)) this.#transitions--;
    this.#kinds[this.#head] = Slot.open;
  }

  #writeObservation(observations: readonly TypedArray[], row: number): void {
    for (let i = 0; i < observations.length; i++)
      this.#observations[i]!.write(this.#head, observations[i]!, row);
  }
}
