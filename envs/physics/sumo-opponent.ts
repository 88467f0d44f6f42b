import { RING_RADIUS } from './sumo-match.js';

/** So far from the middle, soon, the opponent goes back. */
const CAUTIOUS = 0.8 * RING_RADIUS;
/** Seconds that it looks ahead. */
const LEAD = 0.25;

/**
 * The scripted opponent: runs at the other, and back to the middle when it is about to come near the edge.
 * `view` is what its seat sees, `strength` the share of full thrust that it has; writes its thrust into `out`.
 */
export function sumoOpponent(view: Float32Array, strength: number, out: Float32Array): void {
  const soonX = view[0]! + LEAD * view[2]!;
  const soonY = view[1]! + LEAD * view[3]!;
  const isCautious = soonX * soonX + soonY * soonY > CAUTIOUS * CAUTIOUS;
  const x = isCautious ? -soonX : view[4]! - soonX;
  const y = isCautious ? -soonY : view[5]! - soonY;
  const scale = strength / Math.max(Math.sqrt(x * x + y * y), 1e-6);
  out[0] = scale * x;
  out[1] = scale * y;
}
