import { MAX_PARTS } from './sharded-env.js';

/** A vector env that is to be made, and what is known of the place. All times in microseconds. */
export interface Candidate {
  readonly numEnvs: number;
  /** A step of all of its envs. */
  readonly micros: number;
  /** From the main thread to another and back. */
  readonly hopMicros: number;
  /** A step of all envs that step in the main thread. */
  readonly inlineMicros: number;
  /** Threads that there may be. */
  readonly threads: number;
}

/** Below this a step is inline whatever a hop costs: nothing has to be measured. */
export const CHEAP_MICROS = 20;

/** In how many parts a vector env can be cut, each of them worth `worth` microseconds. */
const partsOf = (numEnvs: number, micros: number, worth: number, most: number): number =>
  Math.max(1, Math.min(most, numEnvs, MAX_PARTS, Math.floor(micros / worth)));

/**
 * On how many threads a vector env steps; 0 for the main thread. On several it is faster for its own client where what
 * they save is more than the hop. On one it never is; it keeps the main thread free for others, so that is where it
 * goes when the main thread has too much to step otherwise.
 */
export function placeOf(candidate: Candidate): number {
  const { numEnvs, micros, hopMicros, inlineMicros, threads } = candidate;
  if (threads === 0) return 0;
  const parts = partsOf(numEnvs, micros, 2 * hopMicros, threads);
  if (micros / parts + hopMicros < micros) return parts;
  return micros > hopMicros && micros + inlineMicros > 4 * hopMicros ? 1 : 0;
}

/** What a process must be worth: it takes tens of megabytes. */
const PROCESS_MICROS = 500;

/** In how many processes a vector env of the user's own steps, of which a step takes `micros`. */
export const processesFor = (numEnvs: number, micros: number, workers: number): number =>
  partsOf(numEnvs, micros, PROCESS_MICROS, workers);
