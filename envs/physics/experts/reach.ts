import type { Options } from '../../env.js';
import type { Expert } from '../../expert.js';
import { bendTo, JOINT_SPEED, LINKS } from '../arm.js';
import { POINT_SPEED } from '../effector.js';
import { clamp, goalView, requireState } from './sight.js';

/** Heads straight for the goal: the gripper itself, or each joint for the angle at which the tip is there. */
export function reachExpert(options: Options): Expert {
  requireState('Physics/Reach-v1', options);
  if (options.arm === 'point') return pointExpert;
  const links: readonly number[] = LINKS[options.arm as keyof typeof LINKS];
  return (view) => armAction(links, goalView(view).state, goalView(view).goal);
}

const pointExpert: Expert = (view) => {
  const { state, goal } = goalView(view);
  // Half of the velocity remains in the next step, so half of the way is for the command.
  const command = (axis: 0 | 1) => clamp((2 * (goal[axis]! - state[axis]!) - state[axis + 2]!) / POINT_SPEED);
  return Float32Array.of(command(0), command(1));
};

/** Links after the second are kept straight, so that the arm is one of two links. */
function armAction(links: readonly number[], state: Float32Array, goal: ArrayLike<number>): Float32Array {
  const n = links.length;
  const angle = (joint: number) => Math.atan2(state[n + joint]!, state[joint]!);
  const [first, ...rest] = links as [number, ...number[]];
  const second = rest.reduce((sum, length) => sum + length, 0);
  const bend = angle(1) < 0 ? -1 : 1;
  const targets = bendTo(goal[0]!, goal[1]!, first, second, bend);
  return Float32Array.from(links, (_, joint) => {
    const off = (targets[joint] ?? 0) - angle(joint);
    const turn = off - 2 * Math.PI * Math.round(off / (2 * Math.PI));
    return clamp((2 * turn - state[2 * n + joint]!) / JOINT_SPEED);
  });
}
