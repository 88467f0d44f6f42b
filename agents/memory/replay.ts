import { arrayType, sizeOf, type TypedArray } from '../../protocol/dtypes.js';
import type { StepResult } from '../../protocol/results.js';
import type { Leaf, SampleSource } from '../../protocol/spaces/index.js';
import { type CheckpointReader, type Files, jsonFile, readInto, readJson } from '../checkpoint.js';
import type { DataSet } from './data-set.js';
import type { Batch, Experience, ReturnRule, Sampled, Segments } from './experience.js';
import { Ring, type RingState } from './ring.js';

export interface ReplayOptions extends ReturnRule {
  /** Observations kept in all, at most. Older ones make room. */
  readonly capacity: number;
  readonly numEnvs: number;
  readonly observations: readonly Leaf[];
  readonly actions: readonly Leaf[];
  /** Frames that each leaf of an observation is a stack of, along its last axis; each is kept once. 1 unless told. */
  readonly stacks?: readonly number[];
}

/** Fewest slots of a ring: a transition, the final observation after it, and the newest observation. */
const MIN_SLOTS = 3;

interface ReplayState {
  readonly numEnvs: number;
  readonly slots: number;
  readonly rings: readonly RingState[];
}

/**
 * Experience replay (Lin 1992; Mnih 2015): the last experience of a vector env, sampled uniformly. A ring an env, in
 * which each observation is stored once, in its own dtype.
 */
export class Replay implements Experience {
  readonly #options: ReplayOptions;
  readonly #rings: readonly Ring[];
  /** Slots of a ring. */
  protected readonly slots: number;
  /** For each row of a step, which row of `finalObservations` is its own, or −1. */
  readonly #finalRow: Int32Array;

  constructor(options: ReplayOptions) {
    const { capacity, numEnvs, observations, actions, stacks } = options;
    this.#options = options;
    this.slots = Math.floor(capacity / numEnvs);
    if (this.slots < MIN_SLOTS) {
      throw new RangeError(
        `replay: capacity ${capacity} is too small for ${numEnvs} envs, which need ${MIN_SLOTS} each`,
      );
    }
    this.#rings = Array.from({ length: numEnvs }, () => new Ring(this.slots, observations, actions, stacks));
    this.#finalRow = new Int32Array(numEnvs);
  }

  get numEnvs(): number {
    return this.#rings.length;
  }

  get size(): number {
    return this.#rings.reduce((sum, ring) => sum + ring.transitions, 0);
  }

  /** Slots of all rings: an index into them is `ring × slots + slot`. */
  protected get totalSlots(): number {
    return this.#rings.length * this.slots;
  }

  begin(observations: readonly TypedArray[]): void {
    for (const [row, ring] of this.#rings.entries()) ring.begin(observations, row);
  }

  add(actions: readonly TypedArray[], result: StepResult): void {
    const { observations, rewards, terminated, ended } = result;
    this.#finalRow.fill(-1);
    ended?.rows.forEach((row, k) => {
      this.#finalRow[row] = k;
    });
    for (let row = 0; row < this.#rings.length; row++) {
      const ring = this.#rings[row]!;
      const k = this.#finalRow[row]!;
      let slot: number;
      if (k < 0) slot = ring.addOngoing(actions, row, rewards[row]!, observations, row);
      else {
        const finals = ended!.finalObservations!;
        slot = ring.addLast(actions, row, rewards[row]!, terminated[row] === 1, finals, k);
        ring.begin(observations, row);
      }
      this.added(row * this.slots, slot, ring.head);
    }
  }

  /** @throws Error where they do not fit in beside what is there */
  remember({ lengths, terminated, rewards, observations, actions }: DataSet): void {
    const needed = rewards.length + lengths.length;
    const free = this.totalSlots - this.#rings.reduce((sum, ring) => sum + ring.filled, 0);
    // Whole episodes go to the rings in turn, which are never filled quite evenly.
    const longest = lengths.reduce((most, length) => Math.max(most, length + 1), 0) * this.#rings.length;
    if (needed + longest > free) {
      throw new Error(
        `the data set has ${needed} observations, the memory has room for ${free}: set memory to ${needed + longest} or more`,
      );
    }
    let step = 0;
    for (const [episode, length] of lengths.entries()) {
      const index = this.#emptiest();
      const ring = this.#rings[index]!;
      // Each episode has one observation more than steps.
      ring.begin(observations, step + episode);
      for (let t = 0; t < length; t++, step++) {
        const next = step + episode + 1;
        const slot =
          t < length - 1
            ? ring.addOngoing(actions, step, rewards[step]!, observations, next)
            : ring.addLast(actions, step, rewards[step]!, terminated[episode] === 1, observations, next);
        this.added(index * this.slots, slot, ring.head);
      }
    }
  }

  /** A transition was put into `slot` of the ring that begins at index `first`; at `head` another will come. */
  protected added(_first: number, _slot: number, _head: number): void {}

  batch(n: number): Batch & Sampled {
    return {
      n,
      observations: this.#slabs(this.#options.observations, n),
      actions: this.#slabs(this.#options.actions, n),
      returns: new Float32Array(n),
      discounts: new Float32Array(n),
      nextObservations: this.#slabs(this.#options.observations, n),
      slots: new Int32Array(n),
    };
  }

  /** Every transition in memory, the oldest of each env first: a batch of its own. */
  all(): Batch & Sampled {
    const batch = this.batch(this.size);
    let row = 0;
    for (const [index, ring] of this.#rings.entries()) {
      for (const slot of ring.transitionSlots()) {
        ring.read(slot, this.#options, batch, row);
        batch.slots[row++] = index * this.slots + slot;
      }
    }
    return batch;
  }

  /** Arrays for `n` segments of `steps` steps, to be filled by `sampleSegments` again and again. */
  segments(n: number, steps: number): Segments & Sampled {
    return {
      n,
      steps,
      lengths: new Int32Array(n),
      observations: this.#slabs(this.#options.observations, n * (steps + 1)),
      actions: this.#slabs(this.#options.actions, n * steps),
      rewards: new Float32Array(n * steps),
      discounts: new Float32Array(n * steps),
      slots: new Int32Array(n),
    };
  }

  sample(random: SampleSource, batch: Batch & Sampled): void {
    this.draw(random, batch);
    for (let row = 0; row < batch.n; row++) {
      const index = batch.slots[row]!;
      this.#ringOf(index).read(index % this.slots, this.#options, batch, row);
    }
  }

  /** As `sample`, of the steps from each drawn transition on. */
  sampleSegments(random: SampleSource, segments: Segments & Sampled): void {
    this.draw(random, segments);
    for (let row = 0; row < segments.n; row++) {
      const index = segments.slots[row]!;
      this.#ringOf(index).readSegment(index % this.slots, this.#options.gamma, segments, row);
    }
  }

  /** Draws the slots of transitions, here uniformly and independently. */
  protected draw(random: SampleSource, { slots }: Sampled): void {
    // Slots without a transition are drawn again; as few as one an episode, so that is rare.
    const filled = this.#rings.reduce((most, ring) => Math.max(most, ring.filled), 0);
    for (let row = 0; row < slots.length; row++) {
      let index: number;
      do {
        const drawn = random.integers(0, filled * this.#rings.length);
        index = (drawn % this.#rings.length) * this.slots + Math.floor(drawn / this.#rings.length);
      } while (!this.holdsTransition(index));
      slots[row] = index;
    }
  }

  protected holdsTransition(index: number): boolean {
    return this.#ringOf(index).holdsTransition(index % this.slots);
  }

  save(): Files {
    const state: ReplayState = {
      numEnvs: this.#rings.length,
      slots: this.slots,
      rings: this.#rings.map((ring) => ring.state),
    };
    return { 'replay.json': jsonFile(state), 'replay.bin': this.#memory() };
  }

  async load(from: CheckpointReader): Promise<void> {
    const state = await readJson<ReplayState>(from, 'replay.json');
    if (state.numEnvs !== this.#rings.length || state.slots !== this.slots) {
      throw new Error(
        `replay.json: expected ${this.#rings.length} envs of ${this.slots} slots, got ${state.numEnvs} of ${state.slots}`,
      );
    }
    for (const [i, ring] of this.#rings.entries()) ring.state = state.rings[i]!;
    await readInto(from, 'replay.bin', this.#memory());
    for (const ring of this.#rings) ring.recount();
  }

  #slabs(leaves: readonly Leaf[], rows: number): TypedArray[] {
    return leaves.map(({ dtype, shape }) => new (arrayType(dtype))(rows * sizeOf(shape)));
  }

  #ringOf(index: number): Ring {
    return this.#rings[Math.floor(index / this.slots)]!;
  }

  #emptiest(): number {
    let best = 0;
    for (const [i, { filled }] of this.#rings.entries()) if (filled < this.#rings[best]!.filled) best = i;
    return best;
  }

  *#memory(): Generator<Uint8Array> {
    for (const ring of this.#rings) yield* ring.memory();
  }
}
