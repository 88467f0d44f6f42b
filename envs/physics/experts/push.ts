import type { Options } from '../../env.js';
import type { Expert } from '../../expert.js';
import { HAND_RADIUS, HAND_SPEED, PUCK_RADIUS } from '../table.js';
import { clamp, goalView, requireState } from './sight.js';
import { pushAlong } from './steering.js';

/** Distance of the middles of hand and puck when they touch. */
const CONTACT = HAND_RADIUS + PUCK_RADIUS;
/** So near to the goal the puck is left alone. */
const CLOSE = 0.03;

/** Goes around to the side of the puck that lies away from the goal, then pushes through its middle. */
export function pushExpert(options: Options): Expert {
  requireState('Physics/Push-v1', options);
  return (view) => {
    const { state, goal } = goalView(view);
    const wayX = goal[0]! - state[4]!;
    const wayY = goal[1]! - state[5]!;
    if (Math.hypot(wayX, wayY) < CLOSE) return new Float32Array(2);
    const [vx, vy] = pushAlong(state[8]!, state[9]!, wayX, wayY, CONTACT, HAND_SPEED);
    return Float32Array.of(clamp(vx / HAND_SPEED), clamp(vy / HAND_SPEED));
  };
}
