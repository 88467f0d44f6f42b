import { arrayType, bytesOf, sizeOf, type TypedArray } from '../../protocol/dtypes.js';
import { FarstepError } from '../../protocol/errors.js';
import { Box, Dict, type Space, type View } from '../../protocol/spaces/index.js';
import { Rows } from '../batch.js';
import type { Env } from '../env.js';
import type { Rng } from '../rng/rng.js';
import { invalidSnapshot } from '../snapshot.js';
import { Wrapper } from './wrapper.js';

/** Numbers that an env observes; of its dtypes those that are numbers to JavaScript. */
export type Readings = Exclude<TypedArray, BigInt64Array | BigUint64Array>;

/**
 * What of an observation a sensor reads: all of it if it is a Box, the part `observation` of a Dict if that is one; goals
 * are no matter of sensors. Throws `bad_options`, naming the wrapper's option, if there is no such part.
 */
function sensorSpace(space: Space, option: string): Box {
  const part = space instanceof Dict ? space.spaces.observation : space;
  if (part instanceof Box && !part.dtype.endsWith('int64')) return part;
  throw new FarstepError(
    'bad_options',
    `option ${option}: needs observations that are a Box, not ${space.toString()}`,
  );
}

/**
 * A wrapper that changes what the sensor of an env reads. The env is observed once after every reset and step, into
 * `readings`; what the agent observes is made of that, so that observing twice gives the same.
 */
export abstract class SensorWrapper extends Wrapper {
  /** What the env's own sensor read last. */
  protected readonly readings: Readings;
  /** The space of that. */
  protected readonly sensor: Box;
  protected rng: Rng | undefined;
  readonly #view: View;

  /** `option` is how the user calls the wrapper; `change` gives the space of what it makes of readings. */
  constructor(env: Env, option: string, change: (sensor: Box) => Box = (sensor) => sensor) {
    const sensor = sensorSpace(env.observationSpace, option);
    const changed = change(sensor);
    const { observationSpace: space } = env;
    super(env, space instanceof Dict ? new Dict({ ...space.spaces, observation: changed }) : changed);
    this.sensor = sensor;
    this.#view = new Rows(space, {}, 1).views[0]!;
    this.readings = partOf(this.#view);
  }

  /** Takes in new readings; `first` those of a reset. */
  protected abstract sense(first: boolean): void;
  /** Writes what the agent reads. */
  protected abstract show(out: Readings): void;

  override reset(rng: Rng, options?: Readonly<Record<string, unknown>>): void {
    this.env.reset(rng, options);
    this.rng = rng;
    this.env.observe(this.#view);
    this.sense(true);
  }

  override step(action: View): void {
    this.env.step(action);
    this.env.observe(this.#view);
    this.sense(false);
  }

  override observe(out: View): void {
    if (!isReadings(out)) {
      const from = this.#view as Readonly<Record<string, View>>;
      for (const name in from) {
        if (name !== 'observation') copy(from[name]!, (out as Readonly<Record<string, View>>)[name]!);
      }
    }
    this.show(partOf(out));
  }

  override restore(snapshot: unknown): void {
    super.restore(snapshot);
    this.env.observe(this.#view);
  }
}

const isReadings = (view: View): view is Readings => ArrayBuffer.isView(view);

/** The view of the part that the sensor reads. */
const partOf = (view: View): Readings =>
  isReadings(view) ? view : ((view as Readonly<Record<string, View>>).observation as Readings);

/** Copies an observation from one memory to another of the same structure. */
function copy(from: View, to: View): void {
  if (ArrayBuffer.isView(from)) {
    (to as TypedArray).set(from as never);
    return;
  }
  const children = from as Readonly<Record<string, View>>;
  for (const name in children) copy(children[name]!, (to as Readonly<Record<string, View>>)[name]!);
}

/** Memory for `count` readings of a sensor. */
export const memoryFor = ({ dtype, shape }: Box, count: number): Readings =>
  new (arrayType(dtype))(count * sizeOf(shape)) as Readings;

/** Readings of a snapshot, as `bytesOf` gave them, for `out`. Throws `bad_snapshot` where they are none. */
export function readingsFor(out: Readings, own: unknown): () => void {
  if (!(own instanceof Uint8Array) || own.length !== out.byteLength)
    throw invalidSnapshot(`state: expected ${out.byteLength} bytes of readings`);
  return () => bytesOf(out).set(own);
}
