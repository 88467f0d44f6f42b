import { isMainThread, threadId } from 'node:worker_threads';
import type { Env, EnvDefinition } from '../../envs/index.js';
import { Box, Discrete } from '../../protocol/spaces/index.js';

/** What an env gets into at a step that is told to it. */
const TROUBLES = {
  none: () => {},
  throw: () => {
    throw new Error('it broke');
  },
  loop: () => {
    for (;;);
  },
  memory: () => {
    const kept: unknown[] = [];
    for (;;) kept.push([kept.length]);
  },
  exit: () => process.exit(3),
} as const;

export type Trouble = keyof typeof TROUBLES;

/**
 * Counts its resets and its steps, over all episodes: whoever is told the counts knows whether a request was carried
 * out once. Tells too where it steps: the id of the process, or in the server's own the number of the thread.
 */
class Counting implements Env<number> {
  readonly observationSpace = new Box(0, Number.POSITIVE_INFINITY, [3], 'float64');
  readonly actionSpace = new Discrete(2);
  readonly reward = 1;
  readonly terminated = false;
  #resets = 0;
  #steps = 0;
  #junk = 1;

  constructor(
    private readonly place: number,
    private readonly work: number,
    private readonly trouble: Trouble,
    private readonly at: number,
  ) {}

  reset(): void {
    this.#resets++;
  }

  step(): void {
    this.#steps++;
    for (let i = 0; i < this.work; i++) this.#junk = (Math.imul(this.#junk, 1_664_525) + 1_013_904_223) | 0;
    // In the server's main thread the envs are only measured.
    if (this.#steps === this.at && this.place > 0) TROUBLES[this.trouble]();
  }

  observe(out: unknown): void {
    (out as Float64Array).set([this.#resets, this.#steps, this.place]);
  }

  snapshot(): unknown {
    return [this.#resets, this.#steps];
  }

  restore(snapshot: unknown): void {
    [this.#resets, this.#steps] = snapshot as [number, number];
  }
}

/**
 * @param work - additions and multiplications of a step.
 * @param isOwn - whether it steps in a process of its own.
 */
export const counting = (id: string, work: number, isOwn: boolean): EnvDefinition => ({
  spec: {
    id,
    description: 'Counts what is asked of it.',
    source: 'farstep soak',
    players: 1,
    rewardRange: [1, 1],
    renderModes: [],
    options: {
      trouble: {
        type: 'string',
        default: 'none',
        choices: Object.keys(TROUBLES),
        description: 'What it gets into.',
      },
      at: { type: 'integer', default: 10, min: 1, description: 'At which step.' },
    },
  },
  rng: 'pcg64',
  create: ({ trouble, at }) =>
    new Counting(isOwn ? process.pid : isMainThread ? 0 : threadId, work, trouble as Trouble, at as number),
});
