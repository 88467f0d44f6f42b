/** A world to test with: three seats, who does not move is out, and what everybody sees is drawn at random. */

import type { World, WorldDefinition } from '../../envs/index.js';
import type { Rng } from '../../envs/rng/rng.js';
import { stateNumbers } from '../../envs/snapshot.js';
import { Box, Discrete, type View } from '../../protocol/spaces/index.js';

class MusicalChairs implements World<number> {
  /** A number that changes with every reset and step, and the number of the seat. */
  readonly observationSpace = new Box(0, 1e6, [2], 'float64');
  /** 0 stays, which ends it; 1 goes on. */
  readonly actionSpace = new Discrete(2);
  readonly turn = 0;
  readonly rewards = new Float64Array(3);
  readonly terminated = new Uint8Array(3);
  #music = 0;
  #rng: Rng | undefined;

  reset(rng: Rng): void {
    this.#rng = rng;
    this.#music = rng.integers(0, 1e6);
    this.rewards.fill(0);
    this.terminated.fill(0);
  }

  step(actions: readonly number[]): void {
    this.#music = this.#rng!.integers(0, 1e6);
    for (let seat = 0; seat < 3; seat++) {
      if (this.terminated[seat] === 1) continue;
      this.rewards[seat] = actions[seat] === 1 ? 1 : -1;
      this.terminated[seat] = actions[seat] === 1 ? 0 : 1;
    }
  }

  defaultAction(): number {
    return 1;
  }

  observe(seat: number, out: View): void {
    (out as Float64Array).set([this.#music, seat]);
  }

  snapshot(): unknown {
    return [this.#music, ...this.terminated];
  }

  restore(snapshot: unknown): void {
    const [music, ...terminated] = stateNumbers(snapshot, 4) as [number, ...number[]];
    this.#music = music;
    this.terminated.set(terminated);
  }
}

class Broken extends MusicalChairs {
  override step(): void {
    throw new Error('a string broke');
  }
}

export const musicalChairs: WorldDefinition = {
  spec: {
    id: 'Test/MusicalChairs-v0',
    description: 'Do not sit down.',
    source: 'farstep',
    players: 3,
    rewardRange: [-1, 1],
    renderModes: [],
    options: { tempo: { type: 'integer', default: 1, min: 1, max: 3, description: 'Nobody hears it.' } },
  },
  seats: ['alice', 'bob', 'carol'],
  turns: false,
  defaultAction: '1',
  rng: 'pcg64',
  create: () => new MusicalChairs(),
};

export const brokenChairs: WorldDefinition = {
  ...musicalChairs,
  spec: { ...musicalChairs.spec, id: 'Test/Broken-v0' },
  create: () => new Broken(),
};
