import { bytesOf } from '../../protocol/dtypes.js';
import type { Env } from '../env.js';
import { memoryFor, type Readings, readingsFor, SensorWrapper } from './sensor.js';

/**
 * Shows the last `count` observations, the oldest first, along a new first axis; at the start of an episode the first one
 * stands for those that are missing (gymnasium.wrappers.FrameStackObservation).
 */
export class FrameStack extends SensorWrapper {
  readonly #frames: Readings;

  constructor(env: Env, count: number) {
    super(env, 'frame_stack', (sensor) => sensor.batch(count));
    this.#frames = memoryFor(this.sensor, count);
  }

  protected override sense(first: boolean): void {
    const frames = this.#frames;
    const { length } = this.readings;
    if (first) for (let at = 0; at < frames.length; at += length) frames.set(this.readings, at);
    frames.copyWithin(0, length);
    frames.set(this.readings, frames.length - length);
  }

  protected override show(out: Readings): void {
    out.set(this.#frames);
  }

  protected override save(): unknown {
    return bytesOf(this.#frames).slice();
  }

  protected override loader(own: unknown): () => void {
    return readingsFor(this.#frames, own);
  }
}
