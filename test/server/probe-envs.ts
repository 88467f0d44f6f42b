/**
 * An env for tests of the wire: every kind of leaf in observation, action and infos, and behaviour on demand. It counts
 * its steps and is over after `length` of them; the action 2 makes it throw.
 */
import type { Env, EnvDefinition } from '../../envs/env.js';
import type { Rng } from '../../envs/rng/rng.js';
import { Box, Dict, Discrete, MultiBinary, Tuple } from '../../protocol/spaces/index.js';

type Action = readonly [Int32Array, Float32Array];

interface Observation {
  readonly bits: Int8Array;
  readonly count: BigInt64Array;
  readonly noise: Float32Array;
  readonly odd: Uint8Array;
}

class Probe implements Env<Action> {
  readonly observationSpace = new Dict({
    count: new Box(0, Infinity, [], 'int64'),
    noise: new Box(0, 1, [3]),
    bits: new MultiBinary([2]),
    odd: new Box(0, 1, [1], 'bool'),
  });
  readonly actionSpace = new Tuple([new Discrete(3), new Box(-1, 1, [2])]);
  readonly infoSpaces = {
    push: new Box(-1, 1, [2], 'float64'),
    turn: new Discrete(2),
  };
  reward = 0;
  terminated = false;
  #rng: Rng | undefined;
  #count = 0;
  #push: readonly number[] = [0, 0];
  readonly #noise = new Float32Array(3);

  constructor(readonly length: number) {}

  reset(rng: Rng): void {
    this.#rng = rng;
    this.#count = 0;
    this.#push = [0, 0];
    this.#settle(0);
  }

  step([kind, push]: Action): void {
    if (kind[0] === 2) throw new Error('the probe broke at /some/place');
    this.#count++;
    this.#push = [...push];
    this.#settle(push[0]! + kind[0]!);
  }

  #settle(reward: number): void {
    for (let i = 0; i < 3; i++) this.#noise[i] = this.#rng!.random();
    this.reward = reward;
    this.terminated = this.#count >= this.length;
  }

  observe(out: unknown): void {
    const { count, noise, bits, odd } = out as Observation;
    count[0] = BigInt(this.#count);
    noise.set(this.#noise);
    bits[0] = this.#noise[0]! < 0.5 ? 1 : 0;
    bits[1] = 1;
    odd[0] = this.#count % 2;
  }

  writeInfo(out: Readonly<Record<string, unknown>>): void {
    (out.push as Float64Array).set(this.#push);
    (out.turn as Int32Array)[0] = this.#count % 2;
  }

  snapshot(): unknown {
    return [this.#count, ...this.#push, ...this.#noise];
  }

  restore(snapshot: unknown): void {
    const [count, x, y, ...noise] = snapshot as number[];
    this.#count = count!;
    this.#push = [x!, y!];
    this.#noise.set(noise);
  }
}

export const PROBE = 'Test/Probe-v0';

const definition: EnvDefinition = {
  spec: {
    id: PROBE,
    description: 'Counts its steps.',
    source: 'the tests',
    players: 1,
    rewardRange: [-2, 3],
    renderModes: [],
    options: { length: { type: 'integer', default: 5, description: 'Steps of an episode.', min: 1 } },
  },
  rng: 'pcg64',
  create: ({ length }) => new Probe(length as number),
};

export const envs = [definition];
