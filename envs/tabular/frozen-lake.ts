/**
 * FrozenLake-v1: walk over a frozen lake from the start to the goal without falling into a hole.
 *
 * - Observation: the cell, row * columns + column.
 * - Actions: 0 left, 1 down, 2 right, 3 up. On slippery ice the way taken is the one asked for with probability
 *   `success_rate`, else one of the two at right angles to it; at the edge of the lake one stays.
 * - Reward: of `reward_schedule`, for reaching the goal, a hole, and anything else; 1, 0 and 0.
 * - Terminated: in a hole or at the goal.
 * - Maps: `map_name`, or `desc` in its place. The map `generated` comes from `map_size`, `map_p` and `map_seed`, as from
 *   gymnasium's `generate_random_map`.
 *
 * FrozenLake8x8-v1 is the same on the greater map.
 *
 * Source: gymnasium 1.4.0 (toy_text/frozen_lake.py).
 */
import { FarstepError } from '../../protocol/errors.js';
import type { EnvDefinition, Image, Options } from '../env.js';
import type { Color } from '../raster.js';
import { GridPicture } from './grid-picture.js';
import { generateMap, MAPS, MAX_SIDE, parseMap } from './lake-maps.js';
import { buildTable, type Outcome, oncePerOptions, TableModel } from './table.js';
import { TableEnv } from './table-env.js';

const ICE: Color = [225, 238, 250];
const HOLE: Color = [40, 70, 110];

/** The name of the map that is made from the other settings. */
const GENERATED = 'generated';

/** Rewards for reaching the goal, a hole, and ice. */
type RewardSchedule = readonly [goal: number, hole: number, ice: number];

/** A map and what may happen on it. */
interface Lake {
  readonly rows: readonly string[];
  readonly model: TableModel;
  readonly rewardRange: readonly [number, number];
}

class FrozenLake extends TableEnv {
  readonly rewardRange: readonly [number, number];
  readonly #rows: readonly string[];

  constructor({ rows, model, rewardRange }: Lake) {
    super(model);
    this.rewardRange = rewardRange;
    this.#rows = rows;
  }

  render(): Image {
    const tiles = this.#rows.join('');
    const picture = new GridPicture(this.#rows.length, this.#rows[0]!.length, () => ICE);
    for (const [cell, tile] of [...tiles].entries()) {
      if (tile === 'H') picture.hole(cell, HOLE);
      if (tile === 'G') picture.flag(cell);
      if (tile === 'S' || tile === 'G') picture.letter(cell, tile);
    }
    picture.player(this.state);
    return picture.canvas;
  }
}

/** How an action turns out: which turns (0 none, 1 and 3 to the sides) with which probability. */
type Slide = readonly (readonly [turn: number, probability: number])[];

const slippery = (successRate: number): Slide => {
  const failRate = (1 - successRate) / 2;
  return [
    [3, failRate],
    [0, successRate],
    [1, failRate],
  ];
};

function outcomes(
  rows: readonly string[],
  slide: Slide,
  [goal, hole, ice]: RewardSchedule,
  cell: number,
  action: number,
): Outcome[] {
  const columns = rows[0]!.length;
  const y = Math.floor(cell / columns);
  const x = cell % columns;
  const isEnd = (tile: string) => tile === 'G' || tile === 'H';
  if (isEnd(rows[y]![x]!)) return [[1, cell, 0, true]];
  return slide.map(([turn, probability]) => {
    const way = (action + turn) % 4;
    const newX = Math.min(Math.max(x + [-1, 0, 1, 0][way]!, 0), columns - 1);
    const newY = Math.min(Math.max(y + [0, 1, 0, -1][way]!, 0), rows.length - 1);
    const tile = rows[newY]![newX]!;
    const reward = tile === 'G' ? goal : tile === 'H' ? hole : ice;
    return [probability, newY * columns + newX, reward, isEnd(tile)];
  });
}

function parseSchedule(text: string): RewardSchedule {
  const rewards = text.split(',').map(Number);
  if (rewards.length !== 3 || !rewards.every(Number.isFinite)) {
    throw new FarstepError(
      'bad_options',
      `FrozenLake: reward_schedule must be three numbers with commas between, got "${text}"`,
    );
  }
  return rewards as [number, number, number];
}

function mapOf({ desc, map_name, map_size, map_p, map_seed }: Options): readonly string[] {
  if (desc !== null) return parseMap(desc as string);
  if (map_name === GENERATED) return generateMap(map_size as number, map_p as number, map_seed as number);
  return MAPS[map_name as string]!;
}

const lakeOf = oncePerOptions((options): Lake => {
  const rows = mapOf(options);
  const tiles = rows.join('');
  const slide: Slide = options.is_slippery ? slippery(options.success_rate as number) : [[0, 1]];
  const schedule = parseSchedule(options.reward_schedule as string);
  const table = buildTable(tiles.length, 4, (cell, action) => outcomes(rows, slide, schedule, cell, action));
  const starts = [...tiles].flatMap((tile, cell) => (tile === 'S' ? [cell] : []));
  return {
    rows,
    model: new TableModel(table, starts),
    rewardRange: [Math.min(...schedule), Math.max(...schedule)],
  };
});

const define = (
  id: string,
  map: string,
  maxEpisodeSteps: number,
  rewardThreshold: number,
): EnvDefinition => ({
  spec: {
    id,
    description: 'Cross a frozen lake to the goal without falling into a hole; the ice is slippery.',
    source: 'gymnasium 1.4.0',
    players: 1,
    maxEpisodeSteps,
    rewardThreshold,
    rewardRange: [0, 1],
    renderModes: ['rgb_array'],
    options: {
      desc: {
        type: 'string',
        default: null,
        description: 'A map of the letters S, F, H and G, rows separated by "/"; in place of map_name.',
      },
      map_name: {
        type: 'string',
        default: map,
        choices: [...Object.keys(MAPS), GENERATED],
        description: 'Which map, where desc is null.',
      },
      is_slippery: {
        type: 'boolean',
        default: true,
        description: 'Whether one may slide off to the side.',
      },
      success_rate: {
        type: 'number',
        default: 1 / 3,
        min: 0,
        max: 1,
        description: 'On slippery ice, the probability of going where one wants to.',
      },
      reward_schedule: {
        type: 'string',
        default: '1,0,0',
        description: 'Rewards for reaching the goal, a hole, and ice.',
      },
      map_size: {
        type: 'integer',
        default: 8,
        min: 2,
        max: MAX_SIDE,
        description: 'Rows and columns of a generated map.',
      },
      map_p: {
        type: 'number',
        default: 0.8,
        min: 0,
        max: 1,
        description: 'Probability that a cell of a generated map is frozen.',
      },
      map_seed: {
        type: 'integer',
        default: 0,
        min: 0,
        description: 'Seed of a generated map.',
      },
    },
  },
  rng: 'pcg64',
  create: (options) => new FrozenLake(lakeOf(options)),
});

export const frozenLakeEnvs: readonly EnvDefinition[] = [
  define('FrozenLake-v1', '4x4', 100, 0.7),
  define('FrozenLake8x8-v1', '8x8', 200, 0.85),
];
