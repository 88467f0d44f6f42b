/**
 * BitFlipping-<n>-v0: turn n random bits into n wanted ones, one flip a step.
 *
 * - State: n bits. Actions: i flips bit i. Start and goal: uniform, and different from each other.
 * - Reward: 0 if all bits are as wanted, else -1 (sparse); minus the number of wrong bits (dense).
 * - Time limit: n steps, as many as the farthest goal needs. No action leaves the bits alone, so who reaches the goal must
 *   leave it again: `is_success` stays true once the goal has been reached.
 *
 * With sparse rewards ordinary DQN fails from about 13 bits on, and with hindsight it solves 40.
 * Source: Andrychowicz et al., Hindsight Experience Replay (2017), section 3.1.
 */
import { Discrete, MultiBinary } from '../../protocol/spaces/index.js';
import type { Options } from '../env.js';
import { type GoalEnvDefinition, GoalEnv, type GoalTask, type Goals, goalOptions, rewardFunctionsOf } from '../goal-env.js';
import type { Rng } from '../rng/rng.js';
import { stateIntegers } from '../snapshot.js';

/** Numbers of bits along the axis of the paper's figure 1. */
const SIZES = [5, 10, 15, 20, 25, 30, 40, 50] as const;

const tasksOf = (bits: number): readonly GoalTask[] => [
  {
    name: 'flip',
    distance(achieved, desired, at) {
      let wrong = 0;
      for (let i = at; i < at + bits; i++) if (achieved[i] !== desired[i]) wrong++;
      return wrong;
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
    const numbers = stateIntegers(state, this.#bits.length + 1, 1);
    for (let i = 0; i < this.#bits.length; i++) this.#bits[i] = Math.abs(numbers[i]!);
    this.#reached = numbers.at(-1) !== 0;
  }
}
