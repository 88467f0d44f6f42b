import type { SampleSource } from '../../protocol/spaces/index.js';
import { type CheckpointReader, type Files, readInto } from '../checkpoint.js';
import { linear } from '../schedules.js';
import type { Batch, Sampled, Segments } from './experience.js';
import { Replay, type ReplayOptions } from './replay.js';
import { SumTree } from './sum-tree.js';

export interface PriorityRule {
  /** α: how much priorities count; 0 is uniform sampling. */
  readonly exponent: number;
  /** How much of the bias of the sampling is corrected at first (β), and after how many steps all of it is. */
  readonly correction: number;
  readonly correctionSteps: number;
}

/** Added to every error, so that no transition is never seen again (Schaul et al. 2015 leave open how much). */
const FLOOR = 1e-3;

/**
 * Prioritized experience replay (Schaul et al. 2015), the proportional variant: transition i is drawn with probability
 * P(i) = p_i^α / Σ_k p_k^α, p_i = |δ_i| + a little, and its loss is multiplied by w_i = (N · P(i))^−β / max_j w_j, the
 * maximum being that of the batch. What is new has the largest priority so far, so that everything is seen once.
 */
export class PrioritizedReplay extends Replay {
  readonly #rule: PriorityRule;
  readonly #tree: SumTree;
  /** The largest p^α so far. */
  readonly #largest = Float64Array.of(1);

  constructor(options: ReplayOptions, rule: PriorityRule) {
    super(options);
    this.#rule = rule;
    this.#tree = new SumTree(this.totalSlots);
  }

  override batch(n: number): Batch & Required<Sampled> {
    return { ...super.batch(n), weights: new Float32Array(n) };
  }

  override segments(n: number, steps: number): Segments & Required<Sampled> {
    return { ...super.segments(n, steps), weights: new Float32Array(n) };
  }

  protected override added(first: number, slot: number, head: number): void {
    this.#tree.set(first + slot, this.#largest[0]!);
    // What was there is gone: the new observation, and where an episode ended, its final one before that.
    for (let at = (slot + 1) % this.slots; ; at = (at + 1) % this.slots) {
      this.#tree.set(first + at, 0);
      if (at === head) break;
    }
  }

  /** One draw from each of as many equal parts of the whole as there are rows. */
  protected override draw(random: SampleSource, { slots }: Sampled): void {
    const part = this.#tree.total / slots.length;
    const masses = new Float64Array(slots.length);
    for (let row = 0; row < slots.length; row++) masses[row] = (row + random.random()) * part;
    this.#tree.find(masses, slots);
    for (let row = 0; row < slots.length; row++) {
      // A transition whose older frames are gone cannot be read: another one, from anywhere.
      while (!this.holdsTransition(slots[row]!)) {
        this.#tree.find(Float64Array.of(random.random() * this.#tree.total), slots.subarray(row, row + 1));
      }
    }
  }

  /** What the losses of the samples are multiplied by, so many steps after the beginning. */
  weigh({ slots, weights }: Required<Sampled>, step: number): void {
    const { correction, correctionSteps } = this.#rule;
    const beta = linear(correction, 1, correctionSteps, step);
    const scale = this.size / this.#tree.total;
    let most = 0;
    for (let row = 0; row < slots.length; row++) {
      weights[row] = power(scale * this.#tree.get(slots[row]!), -beta);
      most = Math.max(most, weights[row]!);
    }
    for (let row = 0; row < weights.length; row++) weights[row]! /= most;
  }

  /** Takes the TD errors that the samples turned out to have. */
  update({ slots }: Sampled, tdErrors: Float32Array): void {
    const { exponent } = this.#rule;
    const priorities = new Float64Array(slots.length);
    for (let row = 0; row < slots.length; row++) {
      const priority = power(Math.abs(tdErrors[row]!) + FLOOR, exponent);
      priorities[row] = priority;
      this.#largest[0] = Math.max(this.#largest[0]!, priority);
    }
    this.#tree.setEach(slots, priorities);
  }

  override save(): Files {
    return { ...super.save(), 'priorities.bin': this.#memory() };
  }

  override async load(from: CheckpointReader): Promise<void> {
    await super.load(from);
    await readInto(from, 'priorities.bin', this.#memory());
    this.#tree.rebuild();
  }

  #memory(): Uint8Array[] {
    const { buffer, byteOffset, byteLength } = this.#tree.weights;
    return [new Uint8Array(buffer, byteOffset, byteLength), new Uint8Array(this.#largest.buffer)];
  }
}

/** x ** exponent for x > 0, in half its time. */
function power(x: number, exponent: number): number {
  return Math.exp(exponent * Math.log(x));
}
