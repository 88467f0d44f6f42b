import { FarstepError } from '../../../protocol/errors.js';
import type { View } from '../../../protocol/spaces/index.js';
import type { Options } from '../../env.js';
import type { GoalObservation } from '../../goal-env.js';

/** Experts go by the state. Throws `bad_options` for an env that shows pictures alone. */
export function requireState(id: string, { obs_type: type }: Options): void {
  if (type === 'image') {
    throw new FarstepError(
      'bad_options',
      `${id}: the expert needs the state; obs_type must be state or both`,
    );
  }
}

/** What a goal-conditioned env shows. */
export function goalView(view: View): {
  readonly state: Float32Array;
  readonly goal: Float32Array;
  /** Index of the task. */
  readonly task: number;
} {
  const { observation, desired_goal: goal, task } = view as unknown as GoalObservation;
  return {
    state: observation as Float32Array,
    goal: goal as Float32Array,
    task: task === undefined ? 0 : task.indexOf(1),
  };
}

/**
 * The state where observations are not goal-conditioned: the observation itself or, beside a picture, a part of it.
 */
export const stateView = (view: View): Float32Array =>
  view instanceof Float32Array ? view : (view as { observation: Float32Array }).observation;

/** `x` as a command: from -1 to 1. */
export const clamp = (x: number): number => Math.min(Math.max(x, -1), 1);
