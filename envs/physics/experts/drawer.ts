import type { Options } from '../../env.js';
import type { Expert } from '../../expert.js';
import { HAND_SPEED } from '../table.js';
import { clamp, goalView, requireState } from './sight.js';

/**
 * From the middle of the handle's bar: where the hand is between bar and drawer, and where it is in front of the bar.
 */
const GAP_X = 0.13;
const FRONT_X = -0.2;
/** Beside the middle of the bar: where the hand holds it, and where the hand passes its end. */
const HOLD_Y = 0.15;
const PASS_Y = 0.4;
/** The hand is beyond the bar's end, or clear of its front or back. */
const CLEAR_Y = 0.34;
const CLEAR_X = 0.1;

/** Opens: around an end of the bar into the gap behind it, and pull. Closes: in front of the bar, and push. */
export function drawerExpert(options: Options): Expert {
  requireState('Physics/Drawer-v1', options);
  return (view) => {
    const { state, goal, task } = goalView(view);
    /** The hand from the handle, and how far the drawer still has to come out. */
    const x = -state[8]!;
    const y = -state[9]!;
    const missing = goal[0]! - state[6]!;
    const [vx, vy] = task === 0 ? open(x, y, missing) : close(x, y, -missing);
    return Float32Array.of(clamp(vx / HAND_SPEED), clamp(vy / HAND_SPEED));
  };
}

type Velocity = [x: number, y: number];

/** A velocity that leads by (x, y). */
const go = (x: number, y: number): Velocity => [8 * x, 8 * y];

function open(x: number, y: number, missing: number): Velocity {
  const side = y < 0 ? -1 : 1;
  const beside = Math.abs(y);
  if (x > 0 && beside < CLEAR_Y) {
    // Behind the bar: come to where it is held, then pull.
    const steer = side * HOLD_Y - y;
    if (Math.abs(steer) > 0.08) return go(GAP_X - x, steer);
    return missing > 0 ? [-HAND_SPEED, 8 * steer] : [0, 0];
  }
  if (beside < CLEAR_Y) return go(Math.min(FRONT_X - x, 0), side * PASS_Y - y);
  if (Math.abs(x - GAP_X) > 0.05) return go(GAP_X - x, side * PASS_Y - y);
  return go(GAP_X - x, side * HOLD_Y - y);
}

function close(x: number, y: number, missing: number): Velocity {
  const side = y < 0 ? -1 : 1;
  const beside = Math.abs(y);
  if (x < -CLEAR_X) {
    if (beside > 0.15) return go(Math.min(FRONT_X - x, 0), -y);
    return missing > 0 ? [HAND_SPEED, -4 * y] : [0, 0];
  }
  if (beside < CLEAR_Y) return go(x > 0 ? GAP_X - x : -1, side * PASS_Y - y);
  return go(FRONT_X - x, side * PASS_Y - y);
}
