import type { SampleSource } from '../../protocol/spaces/index.js';
import { type CheckpointReader, type Files, readInto } from '../checkpoint.js';
import type { Sampled } from './experience.js';
import { Replay, type ReplayOptions } from './replay.js';

/** Slots of an env: its newest transition, the final observation after it, and the first of the next episode. */
const SLOTS = 3;

/** The newest transition of each env, in the order of the envs: memory that evicts at once. Batches have a row an env. */
export class Newest extends Replay {
  readonly #newest: Int32Array;

  constructor(options: Omit<ReplayOptions, 'capacity' | 'nStep'>) {
    super({ ...options, capacity: SLOTS * options.numEnvs, nStep: 1 });
    this.#newest = new Int32Array(options.numEnvs);
  }

  protected override added(first: number, slot: number): void {
    this.#newest[first / this.slots] = first + slot;
  }

  protected override draw(_random: SampleSource, { slots }: Sampled): void {
    slots.set(this.#newest);
  }

  override save(): Files {
    return { ...super.save(), 'newest.bin': this.#memory() };
  }

  override async load(from: CheckpointReader): Promise<void> {
    await super.load(from);
    await readInto(from, 'newest.bin', this.#memory());
  }

  #memory(): Uint8Array[] {
    return [new Uint8Array(this.#newest.buffer)];
  }
}
