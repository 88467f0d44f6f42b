import { Box, Dict, type Space, type View } from '../../protocol/spaces/index.js';
import { Rows } from '../batch.js';
import type { Env } from '../env.js';
import type { Rng } from '../rng/rng.js';
import { stateIntegers } from '../snapshot.js';
import { Wrapper } from './wrapper.js';

const TIME = new Box(0, 1, [1]);

/**
 * Adds to the observation which part of the env's time limit is over, from 0 to 1, so that the end of the time is no
 * surprise (Pardo et al., Time Limits in Reinforcement Learning, 2018; gymnasium.wrappers.TimeAwareObservation with
 * normalize_time): as a last element to a vector of floats, as the entry `time` to a Dict, and with anything else in a
 * Dict of `obs` and `time`.
 */
export class TimeAware extends Wrapper {
  readonly #limit: number;
  /** The env's own observation, where it is a vector. */
  readonly #vector: Float32Array | undefined;
  #elapsed = 0;

  /** `limit` is the env's time limit in steps. */
  constructor(env: Env, limit: number) {
    const { observationSpace: space } = env;
    super(env, withTime(space));
    this.#limit = limit;
    if (isVector(space)) this.#vector = new Rows(space, {}, 1).views[0] as Float32Array;
  }

  override reset(rng: Rng, options?: Readonly<Record<string, unknown>>): void {
    super.reset(rng, options);
    this.#elapsed = 0;
  }

  override step(action: View): void {
    super.step(action);
    this.#elapsed++;
  }

  override observe(out: View): void {
    const time = Math.min(this.#elapsed / this.#limit, 1);
    const vector = this.#vector;
    if (vector !== undefined) {
      this.env.observe(vector);
      (out as Float32Array).set(vector);
      (out as Float32Array)[vector.length] = time;
      return;
    }
    const record = out as Readonly<Record<string, View>>;
    // A Dict observation finds its own entries beside `time`.
    this.env.observe(this.env.observationSpace instanceof Dict ? out : record.obs!);
    (record.time as Float32Array)[0] = time;
  }

  protected override save(): unknown {
    return [this.#elapsed];
  }

  protected override loader(own: unknown): () => void {
    const [elapsed] = stateIntegers(own, 1, 0, Number.MAX_SAFE_INTEGER);
    return () => {
      this.#elapsed = elapsed!;
    };
  }
}

const isVector = (space: Space): space is Box =>
  space instanceof Box && space.shape.length === 1 && space.dtype.startsWith('float');

function withTime(space: Space): Space {
  if (isVector(space)) return new Box([...space.low, 0], [...space.high, 1], [space.size + 1], space.dtype);
  if (space instanceof Dict) return new Dict({ ...space.spaces, time: TIME });
  return new Dict({ obs: space, time: TIME });
}
