import type { StepResult } from '../../protocol/client/results.js';
import { arrayType, sizeOf, type TypedArray } from '../../protocol/dtypes.js';
import type { Leaf, SampleSource } from '../../protocol/spaces/index.js';
import { type CheckpointReader, type Files, jsonFile, readInto, readJson } from '../checkpoint.js';
import { type Batch, type ReturnRule, Ring, type RingState } from './ring.js';

export interface ReplayOptions extends ReturnRule {
  /** Observations kept in all, at most. Older ones make room. */
  readonly capacity: number;
  readonly numEnvs: number;
  readonly observations: readonly Leaf[];
  readonly actions: readonly Leaf[];
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
export class Replay {
  readonly #options: ReplayOptions;
  readonly #rings: readonly Ring[];
  readonly #slots: number;
  /** For each row of a step, which row of `finalObservations` is its own, or −1. */
  readonly #finalRow: Int32Array;

  constructor(options: ReplayOptions) {
    const { capacity, numEnvs, observations, actions } = options;
    this.#options = options;
    this.#slots = Math.floor(capacity / numEnvs);
    if (this.#slots < MIN_SLOTS) {
      throw new RangeError(
        `replay: capacity ${capacity} is too small for ${numEnvs} envs, which need ${MIN_SLOTS} each`,
      );
    }
    this.#rings = Array.from({ length: numEnvs }, () => new Ring(this.#slots, observations, actions));
    this.#finalRow = new Int32Array(numEnvs);
  }

  /** Transitions in memory. */
  get size(): number {
    return this.#rings.reduce((sum, ring) => sum + ring.transitions, 0);
  }

  /** Begins an episode in every env, from these observations. Episodes under way count as cut off. */
  begin(observations: readonly TypedArray[]): void {
    for (const [row, ring] of this.#rings.entries()) ring.begin(observations, row);
  }

  /** Adds what a step under SAME_STEP autoreset gave for these actions: a row an env. */
  add(actions: readonly TypedArray[], result: StepResult): void {
    const { observations, rewards, terminated, ended } = result;
    this.#finalRow.fill(-1);
    ended?.rows.forEach((row, k) => {
      this.#finalRow[row] = k;
    });
    for (let row = 0; row < this.#rings.length; row++) {
      const ring = this.#rings[row]!;
      const k = this.#finalRow[row]!;
      if (k < 0) ring.addOngoing(actions, rewards[row]!, observations, row);
      else
        ring.addLast(
          actions,
          rewards[row]!,
          terminated[row] === 1,
          ended!.finalObservations!,
          k,
          observations,
          row,
        );
    }
  }

  /** Arrays for `n` transitions, to be filled by `sample` again and again. */
  batch(n: number): Batch {
    const slabs = (leaves: readonly Leaf[]) =>
      leaves.map(({ dtype, shape }) => new (arrayType(dtype))(n * sizeOf(shape)));
    return {
      n,
      observations: slabs(this.#options.observations),
      actions: slabs(this.#options.actions),
      returns: new Float32Array(n),
      discounts: new Float32Array(n),
      nextObservations: slabs(this.#options.observations),
    };
  }

  /** Fills `batch` with transitions drawn uniformly and independently. There must be one at least. */
  sample(random: SampleSource, batch: Batch): void {
    // Slots without a transition are drawn again; as few as one an episode, so that is rare.
    const filled = this.#rings.reduce((most, ring) => Math.max(most, ring.filled), 0);
    for (let row = 0; row < batch.n; row++) {
      let ring: Ring;
      let slot: number;
      do {
        const index = random.integers(0, filled * this.#rings.length);
        ring = this.#rings[index % this.#rings.length]!;
        slot = Math.floor(index / this.#rings.length);
      } while (!ring.holdsTransition(slot));
      ring.read(slot, this.#options, batch, row);
    }
  }

  /** Everything in memory, as views of it: nothing is held twice. */
  save(): Files {
    const state: ReplayState = {
      numEnvs: this.#rings.length,
      slots: this.#slots,
      rings: this.#rings.map((ring) => ring.state),
    };
    return { 'replay.json': jsonFile(state), 'replay.bin': this.#memory() };
  }

  /** Takes back what `save` wrote; afterwards every sample is what it would have been. */
  async load(from: CheckpointReader): Promise<void> {
    const state = await readJson<ReplayState>(from, 'replay.json');
    if (state.numEnvs !== this.#rings.length || state.slots !== this.#slots) {
      throw new Error(
        `replay.json: expected ${this.#rings.length} envs of ${this.#slots} slots, got ${state.numEnvs} of ${state.slots}`,
      );
    }
    for (const [i, ring] of this.#rings.entries()) ring.state = state.rings[i]!;
    await readInto(from, 'replay.bin', this.#memory());
    for (const ring of this.#rings) ring.recount();
  }

  *#memory(): Generator<Uint8Array> {
    for (const ring of this.#rings) yield* ring.memory();
  }
}
