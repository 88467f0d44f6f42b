import type { Options } from '../../env.js';
import type { Expert } from '../../expert.js';
import { HAND_RADIUS, HAND_SPEED, PUCK_RADIUS } from '../table.js';
import { clamp, goalView, requireState } from './sight.js';
import { goAround } from './steering.js';

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
    const [vx, vy] = pushAlong(state[8]!, state[9]!, wayX, wayY);
    return Float32Array.of(clamp(vx / HAND_SPEED), clamp(vy / HAND_SPEED));
  };
}

/**
 * The velocity with which to push a puck at (x, y) from the hand along the way (wayX, wayY) that it has to go: first
 * around to its far side, then through its middle.
 */
function pushAlong(x: number, y: number, wayX: number, wayY: number): [x: number, y: number] {
  const way = Math.hypot(wayX, wayY);
  const [dirX, dirY] = [wayX / way, wayY / way];
  /** How far the hand is behind the puck, and beside the line along which the puck has to go. */
  const behind = x * dirX + y * dirY;
  const beside = x * -dirY + y * dirX;
  if (behind > 0.7 * CONTACT && Math.abs(beside) < 0.35 * CONTACT) {
    const speed = Math.min(10 * way, HAND_SPEED);
    const steer = 8 * beside;
    return [dirX * speed - dirY * steer, dirY * speed + dirX * steer];
  }
  const spot = 1.3 * CONTACT;
  const [aimX, aimY] = goAround(x - dirX * spot, y - dirY * spot, x, y, 1.15 * CONTACT);
  const distance = Math.hypot(aimX, aimY);
  const speed = Math.min(12 * distance, HAND_SPEED);
  return [(aimX / distance) * speed, (aimY / distance) * speed];
}
