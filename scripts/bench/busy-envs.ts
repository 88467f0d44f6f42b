import type { Env, EnvDefinition } from '../../envs/index.js';
import { Box } from '../../protocol/spaces/box.js';
import { Discrete } from '../../protocol/spaces/discrete.js';

/** A step that takes so much work, whoever else is running: a loop of additions and multiplications. */
export function work(iterations: number, seed: number): number {
  let x = seed;
  for (let i = 0; i < iterations; i++) x = (Math.imul(x, 1_664_525) + 1_013_904_223) | 0;
  return x;
}

/** Does nothing but work. */
class Busy implements Env<number> {
  readonly observationSpace = new Box(-1, 1, [4]);
  readonly actionSpace = new Discrete(2);
  readonly reward = 0;
  readonly terminated = false;
  #x = 1;

  constructor(private readonly iterations: number) {}

  reset(): void {
    this.#x = 1;
  }

  step(action: number): void {
    this.#x = work(this.iterations, this.#x + action);
  }

  observe(out: unknown): void {
    (out as Float32Array).fill(this.#x / 2 ** 31);
  }

  snapshot(): unknown {
    return this.#x;
  }

  restore(snapshot: unknown): void {
    this.#x = snapshot as number;
  }
}

export const BUSY = 'Bench/Busy-v0';

const busy: EnvDefinition = {
  spec: {
    id: BUSY,
    description: 'Does nothing but work.',
    source: 'the benchmarks',
    players: 1,
    rewardRange: [0, 0],
    renderModes: [],
    options: {
      iterations: { type: 'integer', default: 1, min: 0, description: 'Work of a step.' },
    },
  },
  rng: 'pcg64',
  create: ({ iterations }) => new Busy(iterations as number),
};

export const envs = [busy];
