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
 * Not in gymnasium: with `levels`, every episode has a generated map of its own, whose seed is drawn from the levels to
 * train on (0 to 799), from those to test on (800 to 999), or from all. The agent then sees the map: bool
 * [rows, columns, 3], planes of the goal, the holes and itself.
 *
 * Source: gymnasium 1.4.0 (toy_text/frozen_lake.py).
 */
import { FarstepError } from '../../protocol/errors.js';
import { Box, Discrete, type Space, type View } from '../../protocol/spaces/index.js';
import type { Env, EnvDefinition, Image, Options } from '../env.js';
import { LEVEL_RANGES, type LevelRange, levelsOption } from '../levels.js';
import type { Color } from '../raster.js';
import type { Rng } from '../rng/rng.js';
import { invalidSnapshot, stateNumbers } from '../snapshot.js';
import { GridPicture } from './grid-picture.js';
import { ICE, Lake, WAYS } from './lake.js';
import { generateMap, MAPS, MAX_SIDE, parseMap } from './lake-maps.js';
import { buildTable, oncePerOptions, type TransitionTable } from './table.js';
import { PROB_INFO } from './table-env.js';

const ICE_COLOR: Color = [225, 238, 250];
const HOLE_COLOR: Color = [40, 70, 110];

/** The name of the map that is made from the other settings. */
const GENERATED = 'generated';
/** From here on few generated maps are drawn in vain, whatever their size: of 64 by 64, 3 in 100 have a way. */
const MIN_LEVEL_P = 0.6;
/** Planes of the map that is seen: GOAL, HOLE, and the agent. */
const PLANES = 3;
const AGENT = 2;

/** How an action turns out: by how much the way turns (1 and 3 are to the sides), and how probable that is. */
interface Slide {
  readonly turns: readonly number[];
  readonly probabilities: readonly number[];
  readonly cumulative: readonly number[];
}

const DRY: Slide = { turns: [0], probabilities: [1], cumulative: [1] };

function slippery(successRate: number): Slide {
  const failRate = (1 - successRate) / 2;
  return {
    turns: [3, 0, 1],
    probabilities: [failRate, successRate, failRate],
    cumulative: [failRate, failRate + successRate, failRate + successRate + failRate],
  };
}

const refuse = (message: string): FarstepError => new FarstepError('bad_options', `FrozenLake: ${message}`);

function parseSchedule(text: string): readonly number[] {
  const rewards = text.split(',').map(Number);
  if (rewards.length !== 3 || !rewards.every(Number.isFinite)) {
    throw refuse(`reward_schedule must be three numbers with commas between, got "${text}"`);
  }
  return rewards;
}

/** What the copies of an env share. */
class Setting {
  /** The map; with levels the first. */
  readonly lake: Lake;
  readonly levels: LevelRange | undefined;
  readonly slide: Slide;
  /** For reaching GOAL, HOLE and ICE. */
  readonly rewards: readonly number[];
  readonly #options: Options;
  #table: TransitionTable | undefined;

  constructor(options: Options) {
    const { desc, map_name, map_seed, levels, is_slippery, success_rate, reward_schedule } = options;
    this.#options = options;
    this.slide = is_slippery ? slippery(success_rate as number) : DRY;
    this.rewards = parseSchedule(reward_schedule as string);
    if (levels !== null) {
      if (desc !== null || map_name !== GENERATED || (options.map_p as number) < MIN_LEVEL_P) {
        throw refuse(`levels: needs map_name ${GENERATED}, no desc, and a map_p of at least ${MIN_LEVEL_P}`);
      }
      this.levels = LEVEL_RANGES[levels as string]!;
      this.lake = this.level(this.levels[0]);
    } else if (desc !== null) {
      this.lake = new Lake(parseMap(desc as string));
    } else {
      this.lake =
        map_name === GENERATED ? this.level(map_seed as number) : new Lake(MAPS[map_name as string]!);
    }
  }

  /** The map that is generated from a seed. */
  level(seed: number): Lake {
    return new Lake(generateMap(this.#options.map_size as number, this.#options.map_p as number, seed));
  }

  /** What may follow each cell of the map and each action. */
  get table(): TransitionTable {
    const { tiles, next } = this.lake;
    const { turns, probabilities } = this.slide;
    this.#table ??= buildTable(tiles.length, WAYS, (cell, action) => {
      if (tiles[cell] !== ICE) return [[1, cell, 0, true]];
      return turns.map((turn, i) => {
        const to = next[cell * WAYS + ((action + turn) % WAYS)]!;
        return [probabilities[i]!, to, this.rewards[tiles[to]!]!, tiles[to] !== ICE];
      });
    });
    return this.#table;
  }
}

const settingOf = oncePerOptions((options) => new Setting(options));

class FrozenLake implements Env<number> {
  readonly observationSpace: Space;
  readonly actionSpace = new Discrete(WAYS);
  readonly infoSpaces = PROB_INFO;
  readonly rewardRange: readonly [number, number];
  readonly transitions?: () => TransitionTable;
  reward = 0;
  terminated = false;

  readonly #setting: Setting;
  #lake: Lake;
  /** The level that the lake is; 0 without levels. */
  #level = 0;
  #cell = 0;
  #probability = 1;
  #rng: Rng | undefined;

  constructor(setting: Setting) {
    const { lake, levels, rewards } = setting;
    this.#setting = setting;
    this.#lake = lake;
    this.rewardRange = [Math.min(...rewards), Math.max(...rewards)];
    if (levels) {
      this.#level = levels[0];
      this.observationSpace = new Box(0, 1, [lake.rows.length, lake.columns, PLANES], 'bool');
    } else {
      this.observationSpace = new Discrete(lake.tiles.length);
      this.transitions = () => setting.table;
    }
  }

  reset(rng: Rng): void {
    const { levels } = this.#setting;
    this.#rng = rng;
    if (levels) this.#goTo(rng.integers(...levels));
    this.#cell = this.#lake.starts.draw(rng);
    this.#probability = 1;
    this.reward = 0;
    this.terminated = false;
  }

  #goTo(level: number): void {
    if (level !== this.#level) this.#lake = this.#setting.level(level);
    this.#level = level;
  }

  step(action: number): void {
    const { slide, rewards } = this.#setting;
    const { next, tiles } = this.#lake;
    const draw = this.#rng!.random();
    let i = 0;
    while (i < slide.turns.length - 1 && slide.cumulative[i]! <= draw) i++;
    this.#cell = next[this.#cell * WAYS + ((action + slide.turns[i]!) % WAYS)]!;
    const tile = tiles[this.#cell]!;
    this.reward = rewards[tile]!;
    this.terminated = tile !== ICE;
    this.#probability = slide.probabilities[i]!;
  }

  observe(view: View): void {
    const out = view as Int32Array | Uint8Array;
    if (!this.#setting.levels) {
      out[0] = this.#cell;
      return;
    }
    const { tiles } = this.#lake;
    out.fill(0);
    for (let cell = 0; cell < tiles.length; cell++)
      if (tiles[cell] !== ICE) out[cell * PLANES + tiles[cell]!] = 1;
    out[this.#cell * PLANES + AGENT] = 1;
  }

  writeInfo(out: Readonly<Record<string, View>>): void {
    (out.prob as Float64Array)[0] = this.#probability;
  }

  snapshot(): unknown {
    return [this.#level, this.#cell, this.#probability];
  }

  restore(snapshot: unknown): void {
    const [level, cell, probability] = stateNumbers(snapshot, 3) as [number, number, number];
    const [first, end] = this.#setting.levels ?? [0, 1];
    const isIndex = (x: number, low: number, high: number) => Number.isInteger(x) && x >= low && x < high;
    if (!isIndex(level, first, end) || !isIndex(cell, 0, this.#lake.tiles.length)) {
      throw invalidSnapshot('state: no cell of a map of this FrozenLake');
    }
    this.#goTo(level);
    this.#cell = cell;
    this.#probability = probability;
  }

  render(): Image {
    const { rows, columns } = this.#lake;
    const picture = new GridPicture(rows.length, columns, () => ICE_COLOR);
    for (const [cell, letter] of [...rows.join('')].entries()) {
      if (letter === 'H') picture.hole(cell, HOLE_COLOR);
      if (letter === 'G') picture.flag(cell);
      if (letter === 'S' || letter === 'G') picture.letter(cell, letter);
    }
    picture.player(this.#cell);
    return picture.canvas;
  }
}

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
        description: 'Seed of a generated map, where levels is null.',
      },
      levels: levelsOption('the seeds of generated maps', null),
    },
  },
  rng: 'pcg64',
  create: (options) => new FrozenLake(settingOf(options)),
});

export const frozenLakeEnvs: readonly EnvDefinition[] = [
  define('FrozenLake-v1', '4x4', 100, 0.7),
  define('FrozenLake8x8-v1', '8x8', 200, 0.85),
];
