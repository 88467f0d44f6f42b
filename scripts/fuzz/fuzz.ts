import { Lane } from './lane.js';
import { Tally } from './tally.js';

export interface FuzzOptions {
  readonly url: string;
  readonly frames: number;
  readonly seed: number;
  /** Clients at once. */
  readonly clients: number;
  /** In so many parts, after each of which all clients leave; 1 where absent. */
  readonly parts?: number;
  /** Called after each part. */
  readonly onPart?: () => Promise<void>;
}

/**
 * Sends so many good, spoiled and meaningless frames, of every message. Rejects where one is not answered, or is with
 * `internal`, where a connection ends without a reason or with another code than that reason's, or a minute passes
 * without a reply.
 *
 * @param onProgress - called every second.
 */
export async function fuzz(
  { url, frames, seed, clients, parts = 1, onPart }: FuzzOptions,
  onProgress: (tally: Tally) => void = () => {},
): Promise<Tally> {
  const tally = new Tally();
  const timer = setInterval(() => onProgress(tally), 1000);
  try {
    // Far apart: those of one run are not those of the next seed's.
    const lanes = Array.from(
      { length: clients },
      (_, i) => new Lane(url, 1000 * seed + i, tally, addressOf(url, i)),
    );
    for (let part = 1; part <= parts; part++) {
      await Promise.all(lanes.map((lane) => lane.run(Math.floor((frames * part) / parts))));
      await onPart?.();
    }
    return tally;
  } finally {
    clearInterval(timer);
  }
}

/**
 * Where client `i` connects from: an address of its own where the machine has them, which on Linux the whole of 127.0.0.0/8
 * is, so that none is kept waiting for what another one's connection was ended for.
 */
const addressOf = (url: string, i: number): string | undefined =>
  process.platform === 'linux' && new URL(url).hostname === '127.0.0.1' ? `127.0.1.${i + 1}` : undefined;
