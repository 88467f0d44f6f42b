import { FarstepError } from '../../protocol/errors.js';
import { Pcg64 } from '../rng/pcg64.js';

/** Maps of FrozenLake: S start, F frozen, H hole, G goal; one string a row. */
export const MAPS: Readonly<Record<string, readonly string[]>> = {
  '4x4': ['SFFF', 'FHFH', 'FFFH', 'HFFG'],
  '8x8': ['SFFFFFFF', 'FFFFFFFF', 'FFFHFFFF', 'FFFFFHFF', 'FFFHFFFF', 'FHHFFFHF', 'FHFFHFHF', 'FFFHFFFG'],
};

/** The greatest number of rows and of columns. */
export const MAX_SIDE = 64;
/** After so many maps without a way the settings are hopeless. */
const MAX_TRIES = 1000;

const invalid = (message: string): FarstepError => new FarstepError('bad_options', `FrozenLake: ${message}`);

/** The map that `desc` writes with a slash between rows. Throws `bad_options` unless it can be solved. */
export function parseMap(desc: string): readonly string[] {
  const rows = desc.split('/');
  const width = rows[0]!.length;
  if (rows.length > MAX_SIDE || width > MAX_SIDE) throw invalid(`desc: at most ${MAX_SIDE} rows and columns`);
  for (const [i, row] of rows.entries()) {
    if (!/^[SFHG]+$/.test(row))
      throw invalid(`desc: row ${i} must be of the letters S, F, H and G, got "${row}"`);
    if (row.length !== width)
      throw invalid(`desc: row ${i} has ${row.length} columns, the first has ${width}`);
  }
  if (!desc.includes('S')) throw invalid('desc: no start (S)');
  if (!isSolvable(rows)) throw invalid('desc: no way leads from a start (S) to a goal (G)');
  return rows;
}

/**
 * Gymnasium's `generate_random_map(size, p, seed)`: cells are frozen with probability `p`, the start and the goal lie in
 * opposite corners, and maps are drawn until one can be solved. Throws `bad_options` if none comes.
 */
export function generateMap(size: number, p: number, seed: number): readonly string[] {
  const rng = new Pcg64(seed);
  const frozen = p / (p + (1 - p)); // NumPy's choice scales probabilities to a sum of 1
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const draw = () => (rng.random() < frozen ? 'F' : 'H');
    const cells = Array.from({ length: size }, () => Array.from<unknown, string>({ length: size }, draw));
    cells[0]![0] = 'S';
    cells[size - 1]![size - 1] = 'G';
    const rows = cells.map((row) => row.join(''));
    if (isSolvable(rows)) return rows;
  }
  throw invalid(`map_p = ${p} is too small for map_size = ${size}: none of ${MAX_TRIES} maps can be solved`);
}

/** Whether some way leads from every start to a goal past the holes. */
function isSolvable(rows: readonly string[]): boolean {
  const starts = rows.flatMap((row, y) =>
    [...row].flatMap((tile, x) => (tile === 'S' ? [[x, y] as const] : [])),
  );
  return starts.every((start) => {
    const frontier = [start];
    const seen = new Set<string>();
    for (let cell = frontier.pop(); cell !== undefined; cell = frontier.pop()) {
      const [x, y] = cell;
      const tile = rows[y]?.[x];
      if (tile === 'G') return true;
      if (tile === undefined || tile === 'H' || seen.has(`${x},${y}`)) continue;
      seen.add(`${x},${y}`);
      frontier.push([x + 1, y], [x, y + 1], [x - 1, y], [x, y - 1]);
    }
    return false;
  });
}
