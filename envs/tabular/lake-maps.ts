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
  const letters = rows.join('');
  const isHole = Uint8Array.from(letters, (letter) => Number(letter === 'H'));
  const leads = (start: number) =>
    reachable(isHole, width, start).some((is, cell) => is && letters[cell] === 'G');
  if (![...letters].every((letter, cell) => letter !== 'S' || leads(cell)))
    throw invalid('desc: no way leads from a start (S) to a goal (G)');
  return rows;
}

/**
 * Gymnasium's `generate_random_map(size, p, seed)`: cells are frozen with probability `p`, the start and the goal lie in
 * opposite corners, and maps are drawn until one can be solved. Throws `bad_options` if none comes.
 */
export function generateMap(size: number, p: number, seed: number): readonly string[] {
  const rng = new Pcg64(seed);
  const frozen = p / (p + (1 - p)); // NumPy's choice scales probabilities to a sum of 1
  const isHole = new Uint8Array(size * size);
  const goal = isHole.length - 1;
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    for (let cell = 0; cell <= goal; cell++) isHole[cell] = rng.random() < frozen ? 0 : 1;
    isHole[0] = isHole[goal] = 0;
    if (!reachable(isHole, size, 0)[goal]) continue;
    const letters: string[] = Array.from(isHole, (is) => (is ? 'H' : 'F'));
    letters[0] = 'S';
    letters[goal] = 'G';
    return Array.from({ length: size }, (_, row) => letters.slice(row * size, (row + 1) * size).join(''));
  }
  throw invalid(`map_p = ${p} is too small for map_size = ${size}: none of ${MAX_TRIES} maps can be solved`);
}

/** For each cell of a map so many columns wide, whether a way past the holes leads to it from `start`. */
function reachable(isHole: Uint8Array, columns: number, start: number): Uint8Array {
  const isReached = new Uint8Array(isHole.length);
  const frontier = [start];
  const visit = (cell: number): void => {
    if (isReached[cell] !== 0 || isHole[cell] !== 0) return;
    isReached[cell] = 1;
    frontier.push(cell);
  };
  for (let cell = frontier.pop(); cell !== undefined; cell = frontier.pop()) {
    isReached[cell] = 1;
    if (cell % columns > 0) visit(cell - 1);
    if ((cell + 1) % columns > 0) visit(cell + 1);
    visit(cell - columns); // beyond the map nothing is 0
    visit(cell + columns);
  }
  return isReached;
}
