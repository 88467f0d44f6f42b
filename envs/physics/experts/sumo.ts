import type { Options } from '../../env.js';
import type { Expert } from '../../expert.js';
import { WRESTLER_RADIUS } from '../sumo-match.js';
import { requireState, stateView } from './sight.js';
import { goAround } from './steering.js';

/** Seconds that it looks ahead. */
const LEAD = 0.15;

/** Gets between the middle and the opponent, then pushes outwards. */
export function sumoExpert(options: Options): Expert {
  requireState('Physics/Sumo-v1', options);
  return (view) => {
    const s = stateView(view);
    const [x, y] = [s[0]! + LEAD * s[2]!, s[1]! + LEAD * s[3]!];
    const [otherX, otherY] = [s[4]! + LEAD * s[6]!, s[5]! + LEAD * s[7]!];
    const [dx, dy] = [otherX - x, otherY - y];
    const out = Math.hypot(otherX, otherY);
    const outward = (dx * otherX + dy * otherY) / (out * Math.hypot(dx, dy));
    if (outward > 0.6) return unit(dx, dy);
    // The place at which it would stand between: the middle side of the opponent.
    const spot = 2.2 * WRESTLER_RADIUS;
    const [spotX, spotY] = [otherX * (1 - spot / out), otherY * (1 - spot / out)];
    const [aimX, aimY] = goAround(spotX - x, spotY - y, dx, dy, spot);
    return unit(aimX, aimY);
  };
}

function unit(x: number, y: number): Float32Array {
  const length = Math.max(Math.hypot(x, y), 1e-6);
  return Float32Array.of(x / length, y / length);
}
