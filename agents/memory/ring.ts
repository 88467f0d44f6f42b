import type { TypedArray } from '../../protocol/dtypes.js';
import type { Leaf } from '../../protocol/spaces/index.js';
import type { Batch, ReturnRule, Segments } from './experience.js';
import { Frames } from './frames.js';
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

/**
 * The last experience of one env, in the order it came, each observation stored once: slot i holds s_t, and a_t, r_t
 * and the kind of end if an action followed; s_tp1 is slot i + 1. At the end of an episode its final observation takes
 * a slot of its own, so that what lies next to a transition always belongs to it, and walking back or forward
 * (stacked frames, n-step returns) meets the end of an episode as a slot, not as a special case.
 *
 * The head is the newest observation. Everything is written there, so no transition ever reaches across it.
 */
export class Ring {
  readonly #observations: readonly Frames[];
  readonly #actions: readonly Rows[];
  readonly #rewards: Float32Array;
  readonly #kinds: Uint8Array;
  #head = 0;
  #filled = 0;
  #transitions = 0;
  /** The slots of the frames that make up one observation, the oldest first. */
  readonly #stack: Int32Array;

  /** @param stacks how many frames each leaf of an observation consists of (frames.ts) */
  constructor(
    readonly slots: number,
    observations: readonly Leaf[],
    actions: readonly Leaf[],
    stacks: readonly number[] = observations.map(() => 1),
  ) {
    this.#stack = new Int32Array(Math.max(1, ...stacks));
    this.#observations = observations.map((leaf, i) => new Frames(slots, leaf, stacks[i]!));
    this.#actions = actions.map(({ dtype, shape }) => new Rows(slots, dtype, shape));
    this.#rewards = new Float32Array(slots);
    this.#kinds = new Uint8Array(slots);
  }

  /** Slots that have been written; those with a lower index than this are in use. */
  get filled(): number {
    return this.#filled;
  }

  /** Where the newest observation is, or will be. */
  get head(): number {
    return this.#head;
  }

  /** Transitions in memory. */
  get transitions(): number {
    return this.#transitions;
  }

  /** Begins an episode with its first observation, row `row` of `observations`. An episode under way counts as cut off. */
  begin(observations: readonly TypedArray[], row: number): void {
    const last = this.#before(this.#head);
    if (this.#kinds[last] === Slot.ongoing) {
      this.#kinds[last] = Slot.truncated;
      this.#kinds[this.#head] = Slot.final;
      this.#advance();
    }
    this.#filled = Math.max(this.#filled, 1);
    this.#writeObservation(observations, row);
  }

  /**
   * Adds the transition from the newest observation by action `row` to row `nextRow` of `observations`, with which the
   * episode goes on. Returns the slot that holds it.
   */
  addOngoing(
    actions: readonly TypedArray[],
    row: number,
    reward: number,
    observations: readonly TypedArray[],
    nextRow: number,
  ): number {
    const slot = this.#addTransition(actions, row, reward, Slot.ongoing);
    this.#writeObservation(observations, nextRow);
    return slot;
  }

  /** Adds the transition that ended the episode: row `finalRow` of `finals` is its final observation. To be followed by `begin`. */
  addLast(
    actions: readonly TypedArray[],
    row: number,
    reward: number,
    terminated: boolean,
    finals: readonly TypedArray[],
    finalRow: number,
  ): number {
    const slot = this.#addTransition(actions, row, reward, terminated ? Slot.terminated : Slot.truncated);
    this.#writeObservation(finals, finalRow);
    this.#kinds[this.#head] = Slot.final;
    this.#advance();
    return slot;
  }

  /** Whether a transition starts in this slot, and all frames of its observation are still there. */
  holdsTransition(slot: number): boolean {
    return this.#isTransition(slot) && this.#isWhole(slot);
  }

  /** The slots of all transitions, the oldest first. */
  *transitionSlots(): Generator<number> {
    for (let k = 1; k <= this.slots; k++) {
      const slot = (this.#head + k) % this.slots;
      if (slot < this.#filled && this.#isTransition(slot)) yield slot;
    }
  }

  /** Copies the transition that starts in `slot` into row `row` of `batch`, its rewards summed up over n steps. */
  read(slot: number, { nStep, gamma }: ReturnRule, batch: Batch, row: number): void {
    let last = slot;
    let sum = this.#rewards[slot]!;
    let discount = gamma;
    for (let k = 1; k < nStep && this.#kinds[last] === Slot.ongoing; k++) {
      const next = (last + 1) % this.slots;
      if (next === this.#head) break; // its action is not known yet
      last = next;
      sum += discount * this.#rewards[last]!;
      discount *= gamma;
    }
    this.#readObservation(slot, batch.observations, row);
    this.#readObservation((last + 1) % this.slots, batch.nextObservations, row);
    for (let i = 0; i < this.#actions.length; i++) this.#actions[i]!.read(slot, batch.actions[i]!, row);
    batch.returns[row] = sum;
    batch.discounts[row] = this.#kinds[last] === Slot.terminated ? 0 : discount;
  }

  /** Copies the steps from `slot` on into row `row` of `segments`, one by one, until the episode ends or none is left. */
  readSegment(slot: number, gamma: number, segments: Segments, row: number): void {
    const { steps, rewards, discounts, lengths, observations } = segments;
    let at = slot;
    let length = 0;
    this.#readObservation(at, observations, row * (steps + 1));
    for (let goesOn = true; goesOn && length < steps && at !== this.#head; length++) {
      const to = row * steps + length;
      for (let i = 0; i < this.#actions.length; i++) this.#actions[i]!.read(at, segments.actions[i]!, to);
      rewards[to] = this.#rewards[at]!;
      discounts[to] = this.#kinds[at] === Slot.terminated ? 0 : gamma;
      goesOn = this.#kinds[at] === Slot.ongoing;
      at = (at + 1) % this.slots;
      this.#readObservation(at, observations, row * (steps + 1) + length + 1);
    }
    lengths[row] = length;
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
    for (let slot = 0; slot < this.#filled; slot++) if (this.#isTransition(slot)) this.#transitions++;
  }

  #addTransition(actions: readonly TypedArray[], row: number, reward: number, kind: number): number {
    const slot = this.#head;
    for (let i = 0; i < actions.length; i++) this.#actions[i]!.write(slot, actions[i]!, row);
    this.#rewards[slot] = reward;
    this.#kinds[slot] = kind;
    this.#transitions++;
    this.#advance();
    return slot;
  }

  #isTransition(slot: number): boolean {
    const kind = this.#kinds[slot]!;
    return kind !== Slot.open && kind !== Slot.final;
  }

  /** Whether no frame of the observation in `slot` has made room for newer ones. */
  #isWhole(slot: number): boolean {
    if (this.#filled < this.slots) return true;
    let at = slot;
    for (let k = 1; k < this.#stack.length; k++) {
      if (this.#isFirst(at)) return this.#before(at) !== this.#head;
      at = this.#before(at);
    }
    return true;
  }

  /** Whether the observation in `slot` is the first of its episode, or of what is left of it. */
  #isFirst(slot: number): boolean {
    const kind = this.#kinds[this.#before(slot)];
    return kind === Slot.final || kind === Slot.open;
  }

  #before(slot: number): number {
    return (slot + this.slots - 1) % this.slots;
  }

  #readObservation(slot: number, target: readonly TypedArray[], row: number): void {
    const slots = this.#stack;
    let at = slot;
    for (let k = slots.length - 1; k >= 0; k--) {
      slots[k] = at;
      if (k > 0 && !this.#isFirst(at)) at = this.#before(at);
    }
    for (let i = 0; i < this.#observations.length; i++) this.#observations[i]!.read(slots, target[i]!, row);
  }

  /** Moves the head on, over the oldest slot once the ring is full. */
  #advance(): void {
    this.#head = (this.#head + 1) % this.slots;
    this.#filled = Math.max(this.#filled, this.#head + 1);
    if (this.#isTransition(this.#head)) this.#transitions--;
    this.#kinds[this.#head] = Slot.open;
  }

  #writeObservation(observations: readonly TypedArray[], row: number): void {
    for (let i = 0; i < observations.length; i++)
      this.#observations[i]!.write(this.#head, observations[i]!, row);
  }
}
