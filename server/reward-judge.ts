import type { EnvDefinition, Options } from '../envs/env.js';
import { type Goals, isGoalEnv, type RewardFunction } from '../envs/goal-env.js';
import { viewOrCopy } from '../protocol/dtypes.js';
import { FarstepError } from '../protocol/errors.js';
import { type LeafLayout, layOutLeaf } from '../protocol/frames.js';
import type { Space } from '../protocol/spaces/index.js';

/** Applies the reward functions of a goal-conditioned env to transitions that it need not have stepped. */
export class RewardJudge {
  /** Names of the reward functions; none where the env is not goal-conditioned. */
  readonly tasks: readonly string[];
  readonly #env: string;
  readonly #functions: Readonly<Record<string, RewardFunction>>;
  readonly #goal: LeafLayout | undefined;

  constructor(definition: EnvDefinition, options: Options, observationSpace: Space) {
    this.#env = definition.spec.id;
    this.#functions = isGoalEnv(definition) ? definition.rewardFunctions(options) : {};
    this.tasks = Object.keys(this.#functions);
    const leaf = observationSpace.leaves.find(({ path }) => path[0] === 'desired_goal');
    this.#goal = leaf && layOutLeaf(leaf);
  }

  /**
   * One reward for each row of goals.
   * Throws `not_supported` where there are no rewards to ask, `bad_message` on an unknown task or goals that do not fit.
   */
  rewards(task: string | undefined, achieved: Uint8Array, desired: Uint8Array): Float64Array {
    const goal = this.#goal;
    if (this.tasks.length === 0 || !goal) {
      throw new FarstepError('not_supported', `rewards: ${this.#env} has no goals`);
    }
    const name = task ?? this.tasks[0]!;
    if (!this.tasks.includes(name)) {
      throw new FarstepError('bad_message', `rewards.task: expected ${this.tasks.join(', ')}, got ${name}`);
    }
    if (achieved.length !== desired.length || achieved.length % goal.bytes !== 0) {
      throw new FarstepError(
        'bad_message',
        `rewards: expected as many rows of ${goal.bytes} bytes achieved as desired, got ${achieved.length} and ${desired.length} bytes`,
      );
    }
    const n = achieved.length / goal.bytes;
    const goals = (bytes: Uint8Array) => viewOrCopy(goal.dtype, bytes, 0, n * goal.size) as Goals;
    const out = new Float64Array(n);
    this.#functions[name]!(goals(achieved), goals(desired), n, out);
    return out;
  }
}
