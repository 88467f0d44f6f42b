import type { Rng } from '../rng/rng.js';

/** A maze on a grid of square cells: one string a row, `#` a wall and `.` free. Its border is all walls. */
export type Layout = readonly string[];

/** The shapes of D4RL's mazes (Fu et al., D4RL: Datasets for Deep Data-Driven Reinforcement Learning, 2020). */
export const LAYOUTS = {
  u: ['#####', '#...#', '###.#', '#...#', '#####'],
  medium: ['########', '#..##..#', '#..#...#', '##...###', '#..#...#', '#.#..#.#', '#...#..#', '########'],
  large: [
    '############',
    '#....#.....#',
    '#.##.#.#.#.#',
    '#......#...#',
    '#.####.###.#',
    '#..#.#.....#',
    '##.#.#.#.###',
    '#..#...#...#',
    '############',
  ],
} as const satisfies Record<string, Layout>;

/**
 * A maze of `size` by `size` rooms that are all connected: a random spanning tree found by depth-first search, with
 * one in eight of the remaining walls opened, so that there is more than one way.
 */
export function generateLayout(size: number, rng: Rng): Layout {
  const side = 2 * size + 1;
  const grid = Array.from({ length: side }, () => new Array<string>(side).fill('#'));
  const path: [row: number, column: number][] = [[1, 1]];
  grid[1]![1] = '.';
  while (path.length > 0) {
    const [row, column] = path.at(-1)!;
    const ways = DIRECTIONS.filter(([down, right]) => grid[row + 2 * down]?.[column + 2 * right] === '#');
    if (ways.length === 0) {
      path.pop();
      continue;
    }
    const [down, right] = ways[rng.integers(0, ways.length)]!;
    grid[row + down]![column + right] = '.';
    grid[row + 2 * down]![column + 2 * right] = '.';
    path.push([row + 2 * down, column + 2 * right]);
  }
  for (let row = 1; row < side - 1; row++) {
    // Walls between two rooms lie where exactly one of row and column is even.
    for (let column = 2 - (row % 2 === 0 ? 1 : 0); column < side - 1; column += 2) {
      if (grid[row]![column] === '#' && rng.integers(0, 8) === 0) grid[row]![column] = '.';
    }
  }
  return grid.map((cells) => cells.join(''));
}

/** The four neighbours of a cell: rows down, columns to the right. */
export const DIRECTIONS = [
  [0, 1],
  [1, 0],
  [0, -1],
  [-1, 0],
] as const;

/**
 * For each cell, row by row, how many steps it is away from the cell `from`; -1 for walls and what cannot be reached.
 */
export function distancesFrom(layout: Layout, from: number): Int32Array {
  const columns = layout[0]!.length;
  const distances = new Int32Array(layout.length * columns).fill(-1);
  const queue = [from];
  distances[from] = 0;
  for (const cell of queue) {
    for (const [down, right] of DIRECTIONS) {
      const next = cell + down * columns + right;
      if (layout[Math.floor(next / columns)]?.[next % columns] !== '.' || distances[next] !== -1) continue;
      distances[next] = distances[cell]! + 1;
      queue.push(next);
    }
  }
  return distances;
}
