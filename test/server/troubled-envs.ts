/** Envs that get into every kind of trouble: for servers that load them as envs of their users, or trust them. */
import type { Env, EnvDefinition } from '../../envs/index.js';
import type { Rng } from '../../envs/rng/rng.js';
import { Box, Discrete } from '../../protocol/spaces/index.js';

type Keep = unknown[];

const TROUBLES: Readonly<Record<string, (keep: Keep) => void>> = {
  none: () => {},
  throw: () => {
    throw new Error('it broke at /some/place');
  },
  spin: () => {
    for (;;);
  },
  objects: (keep) => {
    for (;;) keep.push({ more: [keep.length] });
  },
  // The three below end a whole process, where they happen on a thread, whatever its limits are.
  map: (keep) => {
    const map = new Map<number, unknown>();
    keep.push(map);
    for (let i = 0; ; i++) map.set(i, { i });
  },
  array: (keep) => {
    for (;;) keep.push(new Array(1e7).fill(keep));
  },
  spread: (keep) => {
    for (let all: unknown[] = [keep]; ; ) all = [...all, ...all];
  },
  buffers: (keep) => {
    for (;;) keep.push(new Uint8Array(2 ** 24).fill(1));
  },
  exit: () => process.exit(3),
  signal: () => process.kill(process.pid, 'SIGSEGV'),
  recursion: () => {
    const deeper = (n: number): number => deeper(n + 1) + 1;
    deeper(0);
  },
};

/** Counts its steps; the first `at` of them are without trouble. */
class Troubled implements Env<number> {
  readonly observationSpace = new Box(0, Infinity, [2], 'float64');
  readonly actionSpace = new Discrete(4);
  readonly terminated = false;
  reward = 0;
  #count = 0;
  #drawn = 0;
  #rng: Rng | undefined;
  readonly #keep: Keep = [];

  constructor(
    private readonly trouble: string,
    private readonly at: number,
    private readonly where: string,
  ) {
    this.#meet('create', 0);
  }

  reset(rng: Rng): void {
    this.#rng = rng;
    this.#count = 0;
    this.#drawn = 0;
    this.reward = 0;
    this.#meet('reset', 0);
  }

  step(action: number): void {
    if (this.#count === this.at) this.#meet('step', this.at);
    this.#count++;
    this.#drawn = this.#rng!.integers(0, 2 ** 32);
    this.reward = action;
  }

  observe(out: unknown): void {
    (out as Float64Array).set([this.#count, this.#drawn]);
  }

  snapshot(): unknown {
    this.#meet('snapshot', this.at);
    return [this.#count, this.#drawn];
  }

  restore(snapshot: unknown): void {
    [this.#count, this.#drawn] = snapshot as [number, number];
  }

  render(): never {
    this.#meet('render', 0);
    throw new Error('there is nothing to see');
  }

  #meet(where: string, at: number): void {
    if (where === this.where && at === this.at) TROUBLES[this.trouble]!(this.#keep);
  }
}

export const TROUBLED = 'Test/Troubled-v0';

const troubled: EnvDefinition = {
  spec: {
    id: TROUBLED,
    description: 'Gets into trouble.',
    source: 'the tests',
    players: 1,
    rewardRange: [0, 3],
    renderModes: [],
    options: {
      trouble: {
        type: 'string',
        default: 'none',
        choices: Object.keys(TROUBLES),
        description: 'Which kind.',
      },
      at: { type: 'integer', default: 0, min: 0, description: 'Steps of an episode before it.' },
      where: { type: 'string', default: 'step', description: 'In which method.' },
    },
  },
  rng: 'pcg64',
  create: ({ trouble, at, where }) => new Troubled(trouble as string, at as number, where as string),
};

export const envs = [troubled];
