import { Lane, type Tally } from './lane.js';

export interface FuzzOptions {
  readonly url: string;
  readonly frames: number;
  readonly seed: number;
  /** Clients at once. */
  readonly clients: number;
}

/**
 * Sends so many good, spoiled and meaningless frames, of every message. Rejects where one is not answered, or is with
 * `internal`, where a connection ends without a reason or with another code than that reason's, or a minute passes
 * without a reply.
 *
 * @param onProgress - called every second.
 */
export async function fuzz(
  { url, frames, seed, clients }: FuzzOptions,
  onProgress: (tally: Tally) => void = () => {},
): Promise<Tally> {
  const tally: Tally = { frames: 0, sessions: 0, resumed: 0, sent: new Map(), replies: new Map() };
  const timer = setInterval(() => onProgress(tally), 1000);
  try {
    // Far apart: those of one run are not those of the next seed's.
    const lanes = Array.from({ length: clients }, (_, i) => new Lane(url, 1000 * seed + i, tally));
    await Promise.all(lanes.map((lane) => lane.run(frames)));
    return tally;
  } finally {
    clearInterval(timer);
  }
}
