/**
 * What goal-conditioned envs share, after Gymnasium-Robotics (Plappert et al., Multi-Goal Reinforcement Learning,
 * 2018).
 *
 * - The observation is a Dict of `observation`, `achieved_goal` and `desired_goal`; in families of several tasks,
 *   `task` (one-hot) tells which one is wanted.
 * - Reward `sparse`: 0 where the desired goal is achieved, else -1. Reward `dense`: minus the distance to it.
 * - Reaching the goal never ends an episode, only the time limit does. The info `is_success` tells of it.
 * - The reward is a function of achieved and desired goal alone, and of exactly the numbers that the client sees. So
 *   anyone can compute what a transition would have paid under another goal, or another task of the family, and gets
 *   bit by bit what the env would have paid.
 */
import { arrayType } from '../protocol/dtypes.js';
import { FarstepError } from '../protocol/errors.js';
import { Box, Dict, type MultiBinary, type Space, type View } from '../protocol/spaces/index.js';
import type { Env, EnvDefinition, OptionSpec, Options } from './env.js';
import type { Rng } from './rng/rng.js';
import { stateNumbers } from './snapshot.js';

/** Goals of one or more rows, row-major: an array of the dtype that the observation has. */
export type Goals = Float32Array | Int8Array;

/**
 * Judges `n` transitions: `out[i]` becomes the reward for having led to row i of `achieved` while row i of `desired`
 * was wanted. Both are [n, goal size].
 */
export type RewardFunction = (achieved: Goals, desired: Goals, n: number, out: Float64Array) => void;

/** A goal-conditioned env: as any other, and its rewards can be computed for transitions that were never stepped. */
export interface GoalEnvDefinition extends EnvDefinition {
  /**
   * The reward function of each task under these options, in the order of the one-hot `task`. Each may be applied to
   * any transition of the env, whichever task it was collected for.
   */
  rewardFunctions(options: Options): Readonly<Record<string, RewardFunction>>;
}

export const isGoalEnv = (definition: EnvDefinition): definition is GoalEnvDefinition =>
  'rewardFunctions' in definition;

/** What is wanted, in terms of goals. */
export interface GoalTask {
  readonly name: string;
  /** As a reward function, but `out[i]` becomes how far row i of `achieved` is from that of `desired`; at least 0. */
  readonly distances: RewardFunction;
  /** The greatest distance that counts as success. */
  readonly tolerance: number;
}

/** Distances of points in the plane. */
export const planeDistances: RewardFunction = (achieved, desired, n, out) => {
  for (let i = 0; i < n; i++) {
    const dx = achieved[2 * i]! - desired[2 * i]!;
    const dy = achieved[2 * i + 1]! - desired[2 * i + 1]!;
    out[i] = Math.sqrt(dx * dx + dy * dy);
  }
};

/** Makes rewards of `n` distances, in their place. */
function toRewards(distances: Float64Array, n: number, tolerance: number, options: Options): void {
  if (options.reward_type === 'dense') {
    for (let i = 0; i < n; i++) distances[i] = 0 - distances[i]!; // never -0
  } else {
    for (let i = 0; i < n; i++) distances[i] = distances[i]! <= tolerance ? 0 : -1;
  }
}

/** `GoalEnvDefinition.rewardFunctions` of these tasks. */
export const rewardFunctionsOf =
  (tasks: readonly GoalTask[]): GoalEnvDefinition['rewardFunctions'] =>
  (options) =>
    Object.fromEntries(
      tasks.map(({ name, distances, tolerance }) => [
        name,
        (achieved, desired, n, out) => {
          distances(achieved, desired, n, out);
          toRewards(out, n, tolerance, options);
        },
      ]),
    );

/** The options that every goal-conditioned env has; `task` where there are several. */
export const goalOptions = (tasks: readonly GoalTask[]): Readonly<Record<string, OptionSpec>> => ({
  reward_type: {
    type: 'string',
    default: 'sparse',
    choices: ['sparse', 'dense'],
    description: 'Reward 0 at the goal and -1 elsewhere, or minus the distance to the goal.',
  },
  ...(tasks.length > 1 && {
    task: {
      type: 'string',
      default: 'all',
      choices: ['all', ...tasks.map(({ name }) => name)],
      description: 'What is wanted: one task, or one drawn anew for each episode.',
    },
  }),
});

/** The observation of a goal-conditioned env. */
export interface GoalObservation {
  readonly observation: View;
  readonly achieved_goal: Goals;
  readonly desired_goal: Goals;
  /** One-hot; in families of several tasks. */
  readonly task?: Float32Array;
}

/**
 * The env around a problem: a subclass says how the state moves, what of it is the achieved goal, and draws goals.
 */
export abstract class GoalEnv<A> implements Env<A> {
  readonly observationSpace: Dict;
  abstract readonly actionSpace: Space;
  readonly infoSpaces: Readonly<Record<string, Space>> = { is_success: new Box(0, 1, [], 'bool') };
  readonly terminated: boolean = false;
  reward = 0;

  /** Which of the tasks this episode is about. */
  protected task = 0;
  protected readonly desired: Goals;
  protected readonly achieved: Goals;
  readonly #tasks: readonly GoalTask[];
  readonly #options: Options;
  /** Of the achieved goal from the desired one; then what that pays. */
  readonly #distance = new Float64Array(1);
  #isClose = false;
  /** The task of every episode, or -1 to draw one each time. */
  readonly #fixedTask: number;

  constructor(observation: Space, goal: Box | MultiBinary, tasks: readonly GoalTask[], options: Options) {
    this.observationSpace = new Dict({
      observation,
      achieved_goal: goal,
      desired_goal: goal,
      ...(tasks.length > 1 && { task: new Box(0, 1, [tasks.length]) }),
    });
    const Goal = arrayType(goal.leaves[0]!.dtype);
    this.desired = new Goal(goal.size) as Goals;
    this.achieved = new Goal(goal.size) as Goals;
    this.#tasks = tasks;
    this.#options = options;
    this.#fixedTask = tasks.length === 1 ? 0 : tasks.findIndex(({ name }) => name === options.task);
  }

  /** Sets up an episode of `this.task` and writes its goal into `this.desired`. */
  protected abstract begin(rng: Rng): void;
  protected abstract act(action: A): void;
  /** Writes what is observed beside the goals. */
  protected abstract writeState(out: View): void;
  protected abstract writeAchieved(out: Goals): void;
  /** The state as plain values, and back; `load` throws before it changes anything. */
  protected abstract save(): unknown;
  protected abstract load(state: unknown): void;

  /** Whether the achieved goal is the desired one. */
  protected get success(): boolean {
    return this.#isClose;
  }

  reset(rng: Rng): void {
    this.task = this.#fixedTask >= 0 ? this.#fixedTask : rng.integers(0, this.#tasks.length);
    this.begin(rng);
    this.#look();
    this.reward = 0;
  }

  step(action: A): void {
    this.act(action);
    this.#look();
    toRewards(this.#distance, 1, this.#tasks[this.task]!.tolerance, this.#options);
    this.reward = this.#distance[0]!;
  }

  /** Looks where the achieved goal is. */
  #look(): void {
    const { distances, tolerance } = this.#tasks[this.task]!;
    this.writeAchieved(this.achieved);
    distances(this.achieved, this.desired, 1, this.#distance);
    this.#isClose = this.#distance[0]! <= tolerance;
  }

  observe(view: View): void {
    const out = view as unknown as GoalObservation;
    this.writeState(out.observation);
    out.achieved_goal.set(this.achieved);
    out.desired_goal.set(this.desired);
    for (let i = 0; i < (out.task?.length ?? 0); i++) out.task![i] = i === this.task ? 1 : 0;
  }

  writeInfo(out: Readonly<Record<string, View>>): void {
    (out.is_success as Uint8Array)[0] = this.success ? 1 : 0;
  }

  snapshot(): unknown {
    return { task: this.#tasks[this.task]!.name, desired: [...this.desired], state: this.save() };
  }

  restore(snapshot: unknown): void {
    const { task, desired, state } = (snapshot ?? {}) as Readonly<Record<string, unknown>>;
    const index = this.#tasks.findIndex(({ name }) => name === task);
    if (index < 0) throw new FarstepError('bad_snapshot', `snapshot: no task ${JSON.stringify(task)}`);
    const goal = stateNumbers(desired, this.desired.length);
    this.load(state);
    this.task = index;
    this.desired.set(goal);
    this.#look();
    this.reward = 0;
  }
}
