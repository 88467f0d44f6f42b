/**
 * CliffWalking-v1: walk from one end of a cliff to the other without stepping over its edge.
 *
 * - Observation: the cell of 4 rows by 12 columns, row * 12 + column.
 * - Actions: 0 up, 1 right, 2 down, 3 left. With `is_slippery` the way taken is the one asked for or one of the two at
 *   right angles to it, each with probability 1/3.
 * - Start: the bottom left cell.
 * - Reward: -1 a step; -100 for a step over the edge, which leads back to the start.
 * - Terminated: in the bottom right cell. No time limit.
 *
 * CliffWalkingSlippery-v1 is the same with `is_slippery` on.
 *
 * Source: Sutton and Barto, Reinforcement Learning (2018), example 6.6, as gymnasium 1.4.0
 * (toy_text/cliffwalking.py) has it.
 */
import type { EnvDefinition, Image } from '../env.js';
import type { Color } from '../raster.js';
import { GridPicture } from './grid-picture.js';
import { buildTable, type Outcome, oncePerOptions, TableModel } from './table.js';
import { TableEnv } from './table-env.js';

const ROWS = 4;
const COLUMNS = 12;
const CELLS = ROWS * COLUMNS;
const START = CELLS - COLUMNS;
const GOAL = CELLS - 1;

const GRASS: Color = [200, 225, 170];
const ABYSS: Color = [70, 60, 60];

const isCliff = (cell: number): boolean => cell > START && cell < GOAL;

function outcomes(ways: readonly number[], cell: number): Outcome[] {
  const y = Math.floor(cell / COLUMNS);
  const x = cell % COLUMNS;
  return ways.map((way) => {
    const newY = Math.min(Math.max(y + [-1, 0, 1, 0][way]!, 0), ROWS - 1);
    const newX = Math.min(Math.max(x + [0, 1, 0, -1][way]!, 0), COLUMNS - 1);
    const next = newY * COLUMNS + newX;
    return isCliff(next) ? [1 / ways.length, START, -100, false] : [1 / ways.length, next, -1, next === GOAL];
  });
}

const modelOf = oncePerOptions((options) => {
  const table = buildTable(CELLS, 4, (cell, action) =>
    outcomes(options.is_slippery ? [(action + 3) % 4, action, (action + 1) % 4] : [action], cell),
  );
  return new TableModel(table, [START]);
});

class CliffWalking extends TableEnv {
  render(): Image {
    const picture = new GridPicture(ROWS, COLUMNS, (cell) => (isCliff(cell) ? ABYSS : GRASS));
    picture.letter(START, 'S');
    picture.letter(GOAL, 'G');
    picture.flag(GOAL);
    picture.player(this.state);
    return picture.canvas;
  }
}

const define = (id: string, isSlippery: boolean): EnvDefinition => ({
  spec: {
    id,
    description:
      'Walk along a cliff to the goal; stepping over the edge costs 100 and leads back to the start.',
    source: 'gymnasium 1.4.0; Sutton and Barto 2018, example 6.6',
    players: 1,
    rewardRange: [-100, -1],
    renderModes: ['rgb_array'],
    options: {
      is_slippery: {
        type: 'boolean',
        default: isSlippery,
        description: 'Whether two steps of three go off to a side.',
      },
    },
  },
  rng: 'pcg64',
  create: (options) => new CliffWalking(modelOf(options)),
});

export const cliffWalkingEnvs: readonly EnvDefinition[] = [
  define('CliffWalking-v1', false),
  define('CliffWalkingSlippery-v1', true),
];
