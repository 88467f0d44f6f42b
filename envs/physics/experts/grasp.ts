import type { Options } from '../../env.js';
import type { Expert } from '../../expert.js';
import { clamp, requireState, stateView } from './sight.js';

/** Where the observation of the first object starts, and how long each is. */
const FIRST = 9;
const EACH = 8;
/** The lowest that the grip point goes, so that the fingers stay off the floor. */
const LOWEST_Y = 0.9;
/** How far above an object the gripper crosses over to it. */
const HOVER = 0.32;
/** Above this height the object counts as lifted, with something to spare. */
const LIFTED_Y = 0.35;

/** Crosses over to the nearest free object, goes down around it, closes, lifts, and ends the episode. */
export function graspExpert(options: Options): Expert {
  requireState('Physics/Grasp-v1', options);
  return (view) => {
    const s = stateView(view);
    const at = nearest(s);
    const [objectY, dx, dy] = [s[at + 1]!, s[at + 2]!, s[at + 3]!];
    const turn = clamp(-5 * s[4]!);
    const holds = s[7] === 1 && s[8] === 1;
    const depth = Math.min(dy, LOWEST_Y - s[1]!);

    if (holds && Math.abs(dx) < 0.15 && Math.abs(dy) < 0.15) {
      return Float32Array.of(0, -0.5, 0, 1, objectY < LIFTED_Y ? 1 : 0);
    }
    if (Math.abs(dx) < 0.05 && Math.abs(depth) < 0.03) return Float32Array.of(clamp(4 * dx), clamp(4 * depth), turn, 1, 0);
    if (Math.abs(dx) < 0.04) return Float32Array.of(clamp(4 * dx), clamp(4 * depth), turn, -1, 0);
    // Up first, then across.
    const up = clamp(6 * (dy - HOVER));
    return Float32Array.of(dy < HOVER - 0.1 ? 0 : clamp(5 * dx), up, turn, -1, 0);
  };
}

/** Where in the observation the object begins that is the best to go for: near, with room for the fingers beside it. */
function nearest(s: Float32Array): number {
  let best = FIRST;
  let least = Infinity;
  for (let at = FIRST; at < s.length; at += EACH) {
    let cost = Math.abs(s[at + 2]!);
    for (let other = FIRST; other < s.length; other += EACH) {
      if (other === at) continue;
      const room = Math.abs(s[other]! - s[at]!) - extent(s, other) - extent(s, at);
      if (room < 0.1) cost += 1;
    }
    if (Math.abs(s[at]!) + extent(s, at) > 0.9) cost += 0.5;
    if (cost < least) [best, least] = [at, cost];
  }
  return best;
}

/** About how far an object reaches to each side, as if it were an ellipse. */
function extent(s: Float32Array, at: number): number {
  const [cos, width, length] = [s[at + 4]!, s[at + 6]!, s[at + 7]!];
  return 0.5 * Math.sqrt((width ** 2 * (1 + cos)) / 2 + (length ** 2 * (1 - cos)) / 2);
}
