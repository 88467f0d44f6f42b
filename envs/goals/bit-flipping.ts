/**
 * BitFlipping-<n>-v0: turn n random bits into n wanted ones, one flip a step.
 *
 * - State: n bits. Actions: i flips bit i. Start and goal: uniform, and different from each other.
 * - Reward: 0 if all bits are as wanted, else -1 (sparse); minus the number of wrong bits (dense).
 * - Time limit: n steps, as many as the farthest goal needs. No action leaves the bits alone, so who reaches the goal
 *   must leave it again: `is_success` stays true once the goal has been reached.
 *
 * With sparse rewards DQN solves up to 13 bits, and with hindsight experience replay up to 50.
 * Source: Andrychowicz et al., Hindsight Experience Replay (2017), section 3.1.
 */
import { Discrete, MultiBinary } from '../../protocol/spaces/index.js';
import type { Image, Options } from '../env.js';
import type { Expert, ExpertEnvDefinition } from '../expert.js';
import {
  GoalEnv,
  type GoalEnvDefinition,
  type GoalObservation,
  type Goals,
  type GoalTask,
  goalOptions,
  rewardFunctionsOf,
} from '../goal-env.js';
import { BLACK, Canvas, type Color } from '../raster.js';
import type { Rng } from '../rng/rng.js';
import { stateIntegers } from '../snapshot.js';

/** Numbers of bits along the axis of the paper's figure 1. */
const SIZES = [5, 10, 15, 20, 25, 30, 40, 50] as const;

const tasksOf = (bits: number): readonly GoalTask[] => [
  {
    name: 'flip',
    distances(achieved, desired, n, out) {
      out.fill(0, 0, n);
      for (let i = 0; i < n * bits; i++) if (achieved[i] !== desired[i]) out[Math.floor(i / bits)]!++;
    },
    tolerance: 0,
  },
];

class BitFlipping extends GoalEnv<number> {
  override readonly actionSpace: Discrete;
  readonly #bits: Int8Array;
  #reached = false;

  constructor(bits: number, options: Options) {
    const space = new MultiBinary([bits]);
    super(space, space, tasksOf(bits), options);
    this.actionSpace = new Discrete(bits);
    this.#bits = new Int8Array(bits);
  }

  protected override begin(rng: Rng): void {
    this.#reached = false;
    for (let i = 0; i < this.#bits.length; i++) this.#bits[i] = rng.integers(0, 2);
    do {
      for (let i = 0; i < this.#bits.length; i++) this.desired[i] = rng.integers(0, 2);
    } while (this.desired.every((bit, i) => bit === this.#bits[i]));
  }

  protected override act(action: number): void {
    this.#bits[action]! ^= 1;
  }

  override step(action: number): void {
    super.step(action);
    this.#reached ||= super.success;
  }

  protected override get success(): boolean {
    return this.#reached;
  }

  protected override writeState(out: Int8Array): void {
    out.set(this.#bits);
  }

  protected override writeAchieved(out: Goals): void {
    out.set(this.#bits);
  }

  protected override save(): number[] {
    return [...this.#bits, Number(this.#reached)];
  }

  protected override load(state: unknown): void {
    const numbers = stateIntegers(state, this.#bits.length + 1, 0, 1);
    for (let i = 0; i < this.#bits.length; i++) this.#bits[i] = numbers[i]!;
    this.#reached = numbers.at(-1) !== 0;
  }

  /** The bits above the wanted ones: a 1 is dark, and what is wrong is framed. */
  render(): Image {
    const cell = 24;
    const canvas = new Canvas(cell * (this.#bits.length + 1), 4 * cell);
    for (const [row, bits] of [this.#bits, this.desired].entries()) {
      for (const [i, bit] of bits.entries()) {
        const x = cell * (i + 0.5);
        const y = cell * (0.5 + 1.75 * row);
        const isWrong = bit !== (row === 0 ? this.desired : this.#bits)[i];
        canvas.rect(x + 1, y + 1, cell - 2, cell - 2, isWrong ? WRONG : BLACK);
        canvas.rect(x + 3, y + 3, cell - 6, cell - 6, bit === 1 ? ONE : ZERO);
      }
    }
    return canvas;
  }
}

const ONE: Color = [52, 73, 94];
const ZERO: Color = [236, 240, 241];
const WRONG: Color = [231, 76, 60];

/** Flips the first wrong bit, or any where none is wrong. */
const expert: Expert = (view) => {
  const { achieved_goal: bits, desired_goal: goal } = view as unknown as GoalObservation;
  return Math.max(
    bits.findIndex((bit, i) => bit !== goal[i]),
    0,
  );
};

const define = (bits: number): GoalEnvDefinition & ExpertEnvDefinition => {
  const tasks = tasksOf(bits);
  return {
    spec: {
      id: `BitFlipping-${bits}-v0`,
      description: `Flip ${bits} bits one by one until they are as wanted.`,
      source: 'Andrychowicz et al. 2017, section 3.1',
      players: 1,
      maxEpisodeSteps: bits,
      rewardRange: [-bits, 0],
      renderModes: ['rgb_array'],
      options: goalOptions(tasks),
    },
    rng: 'pcg64',
    rewardFunctions: rewardFunctionsOf(tasks),
    create: (options) => new BitFlipping(bits, options),
    expert: () => expert,
  };
};

export const bitFlippingEnvs = SIZES.map(define);
