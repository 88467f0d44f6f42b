import type { Options } from '../../env.js';
import type { Expert } from '../../expert.js';
import { clamp, requireState, stateView } from './sight.js';

/** Where the observation of the first object starts, and how long each is. */
const FIRST = 8;
const EACH = 8;
/** The lowest that the grip point goes, so that the fingers stay off the floor. */
const LOWEST_Y = 0.9;
/** How far above an object the gripper crosses over to it. */
const HOVER = 0.32;
/** How far off its middle it may go down to an object. */
const OFF = 0.04;
/** Room on both sides between the fingers and the object as they go down, and room that a finger needs beside it. */
const ROOM = 0.05;
const FINGER_ROOM = 0.1;
/** Farther from the middle the palm would run into the wall. */
const FARTHEST_X = 0.74;
/** Above this height the object counts as lifted, with something to spare. */
const LIFTED_Y = 0.35;

/** Crosses over to the nearest free object, goes down around it, closes, lifts, and ends the episode. */
export function graspExpert(options: Options): Expert {
  requireState('Physics/Grasp-v1', options);
  return (view) => {
    const s = stateView(view);
    const at = choose(s);
    const [objectY, dx, dy] = [s[at + 1]!, s[at + 2]!, s[at + 3]!];
    const turn = clamp(-5 * s[4]!);
    const holds = s[7] === 1 && Math.abs(dx) < 0.15 && Math.abs(dy) < 0.15;
    if (holds) return Float32Array.of(0, -0.4, 0, 1, objectY < LIFTED_Y ? 1 : 0);

    const depth = Math.min(dy, LOWEST_Y - s[1]!);
    const isOver = Math.abs(dx) < OFF;
    if (isOver && Math.abs(depth) < 0.03) return Float32Array.of(clamp(4 * dx), clamp(4 * depth), turn, 1, 0);
    // No wider than it must be, so as not to run into the neighbours.
    const grip = clamp(10 * (s[6]! - 2 * (reach(s, at) + ROOM)));
    if (isOver) return Float32Array.of(clamp(4 * dx), clamp(4 * depth), turn, grip, 0);
    // Up first, then across.
    const isUp = dy > HOVER - 0.1;
    return Float32Array.of(isUp ? clamp(5 * dx) : 0, clamp(6 * (dy - HOVER)), turn, grip, 0);
  };
}

/**
 * Where in the observation the object begins that is best to go for: near, and with room for the fingers beside it.
 */
function choose(s: Float32Array): number {
  let best = FIRST;
  let least = Infinity;
  for (let at = FIRST; at < s.length; at += EACH) {
    let cost = Math.abs(s[at + 2]!);
    if (Math.abs(s[at]!) > FARTHEST_X) cost += 1.5;
    for (let other = FIRST; other < s.length; other += EACH) {
      const room = Math.abs(s[other]! - s[at]!) - reach(s, other) - reach(s, at);
      if (other !== at && room < FINGER_ROOM) cost += 1;
    }
    if (cost < least) [best, least] = [at, cost];
  }
  return best;
}

/** About how far an object reaches to each side: as far as the ellipse of its width and length. */
function reach(s: Float32Array, at: number): number {
  const [cos, width, length] = [s[at + 4]!, s[at + 6]!, s[at + 7]!];
  return 0.5 * Math.sqrt((width ** 2 * (1 + cos)) / 2 + (length ** 2 * (1 - cos)) / 2);
}
