/**
 * PointMaze-v1: steer a ball through a maze to a goal that may be around many corners.
 *
 * - The maze is a grid of cells of size 1, its middle at (0, 0); x points right and y down. The ball is 0.5 wide.
 * - Observation: position and velocity (cells a step). Goals: positions. Actions: two accelerations.
 * - Motion: velocity = 0.8 velocity + 0.06 action, so that full thrust ends at 0.3 cells a step; walls stop the ball
 *   along the axis on which it hits them, and it slides along the other.
 * - Start and goal: around the middles of two different cells, uniform over those.
 * - Success: within 0.4 of the goal. Reward: see goal-env.ts.
 *
 * Layouts `u`, `medium` and `large` have the shapes of D4RL's; `generated` draws one from `maze_seed`, which stays
 * the same for the life of the env: train on some seeds and test on others.
 */
import { FarstepError } from '../../protocol/errors.js';
import { Box } from '../../protocol/spaces/index.js';
import type { Image, Options } from '../env.js';
import type { ExpertEnvDefinition } from '../expert.js';
import {
  GoalEnv,
  type GoalEnvDefinition,
  type Goals,
  type GoalTask,
  goalOptions,
  planeDistances,
  rewardFunctionsOf,
} from '../goal-env.js';
import { Canvas, type Color } from '../raster.js';
import { createRng } from '../rng/create.js';
import type { Rng } from '../rng/rng.js';
import { stateNumbers } from '../snapshot.js';
import { generateLayout, LAYOUTS, type Layout } from './maze-layout.js';
import { pointMazeExpert } from './point-maze-expert.js';

/** Half the width of the ball, which walls see as a square. A power of two keeps what touches a wall exact. */
const HALF = 0.25;
const KEPT = 0.8;
const THRUST = 0.06;
/** How far start and goal may lie from the middle of their cell, along each axis. */
const JITTER = 0.25;

const TASKS: readonly GoalTask[] = [{ name: 'reach', distances: planeDistances, tolerance: 0.4 }];

const symmetricBox = (most: readonly number[]): Box =>
  new Box(
    most.map((x) => -x),
    most,
    [most.length],
  );

class PointMaze extends GoalEnv<Float32Array> {
  override readonly actionSpace = new Box(-1, 1, [2]);
  readonly #rows: number;
  readonly #columns: number;
  /** 1 for a wall, row by row. */
  readonly #walls: Uint8Array;
  readonly #free: readonly number[];
  /** Position from the top left corner of the maze, and velocity. */
  #x = 0;
  #y = 0;
  #vx = 0;
  #vy = 0;

  constructor(layout: Layout, options: Options) {
    const rows = layout.length;
    const columns = layout[0]!.length;
    const size = [columns / 2, rows / 2];
    const fastest = THRUST / (1 - KEPT);
    super(symmetricBox([...size, fastest, fastest]), symmetricBox(size), TASKS, options);
    this.#rows = rows;
    this.#columns = columns;
    this.#walls = Uint8Array.from(layout.join(''), (cell) => Number(cell === '#'));
    this.#free = [...this.#walls.keys()].filter((cell) => this.#walls[cell] === 0);
  }

  protected override begin(rng: Rng): void {
    const start = rng.integers(0, this.#free.length);
    const other = rng.integers(0, this.#free.length - 1);
    const goal = other < start ? other : other + 1;
    this.#x = (this.#free[start]! % this.#columns) + 0.5 + rng.uniform(-JITTER, JITTER);
    this.#y = Math.floor(this.#free[start]! / this.#columns) + 0.5 + rng.uniform(-JITTER, JITTER);
    const goalX = (this.#free[goal]! % this.#columns) + 0.5 + rng.uniform(-JITTER, JITTER);
    const goalY = Math.floor(this.#free[goal]! / this.#columns) + 0.5 + rng.uniform(-JITTER, JITTER);
    this.#vx = 0;
    this.#vy = 0;
    this.desired[0] = goalX - this.#columns / 2;
    this.desired[1] = goalY - this.#rows / 2;
  }

  protected override act(action: Float32Array): void {
    this.#vx = KEPT * this.#vx + THRUST * action[0]!;
    this.#vy = KEPT * this.#vy + THRUST * action[1]!;
    // One axis after the other. A step is shorter than a cell, so what is hit is the side of the next cell.
    const x = this.#x + this.#vx;
    if (this.#isFree(x, this.#y)) {
      this.#x = x;
    } else {
      this.#x = this.#vx > 0 ? Math.floor(x + HALF) - HALF : Math.ceil(x - HALF) + HALF;
      this.#vx = 0;
    }
    const y = this.#y + this.#vy;
    if (this.#isFree(this.#x, y)) {
      this.#y = y;
    } else {
      this.#y = this.#vy > 0 ? Math.floor(y + HALF) - HALF : Math.ceil(y - HALF) + HALF;
      this.#vy = 0;
    }
  }

  /** Whether the ball at (x, y) is clear of all walls. A ball may touch a wall: its box is open. */
  #isFree(x: number, y: number): boolean {
    const left = Math.floor(x - HALF);
    const right = Math.ceil(x + HALF) - 1;
    const top = Math.floor(y - HALF) * this.#columns;
    const bottom = (Math.ceil(y + HALF) - 1) * this.#columns;
    const walls = this.#walls;
    return walls[top + left]! + walls[top + right]! + walls[bottom + left]! + walls[bottom + right]! === 0;
  }

  protected override writeState(out: Float32Array): void {
    out[0] = this.#x - this.#columns / 2;
    out[1] = this.#y - this.#rows / 2;
    out[2] = this.#vx;
    out[3] = this.#vy;
  }

  protected override writeAchieved(out: Goals): void {
    out[0] = this.#x - this.#columns / 2;
    out[1] = this.#y - this.#rows / 2;
  }

  protected override save(): number[] {
    return [this.#x, this.#y, this.#vx, this.#vy];
  }

  protected override load(state: unknown): void {
    const [x, y, vx, vy] = stateNumbers(state, 4) as [number, number, number, number];
    if (!this.#isFree(x, y)) throw new FarstepError('bad_snapshot', 'snapshot: the ball is in a wall');
    [this.#x, this.#y, this.#vx, this.#vy] = [x, y, vx, vy];
  }

  render(): Image {
    const cell = 40;
    const canvas = new Canvas(this.#columns * cell, this.#rows * cell, FLOOR);
    for (const [i, wall] of this.#walls.entries()) {
      const x = (i % this.#columns) * cell;
      if (wall) canvas.rect(x, Math.floor(i / this.#columns) * cell, cell, cell, WALL);
    }
    const goalX = (this.desired[0]! + this.#columns / 2) * cell;
    const goalY = (this.desired[1]! + this.#rows / 2) * cell;
    canvas.circle(goalX, goalY, TASKS[0]!.tolerance * cell, GOAL);
    canvas.circle(goalX, goalY, TASKS[0]!.tolerance * cell - 3, FLOOR);
    canvas.circle(this.#x * cell, this.#y * cell, HALF * cell, BALL);
    return canvas;
  }
}

const FLOOR: Color = [236, 240, 241];
const WALL: Color = [52, 73, 94];
const GOAL: Color = [39, 174, 96];
const BALL: Color = [230, 126, 34];

/** Rooms along a side of a generated maze, and its seed, where none are given. */
const DEFAULT_SIZE = 4;
const DEFAULT_SEED = 0;

function layoutOf({ layout, maze_size: size, maze_seed: seed }: Options): Layout {
  if (layout === 'generated') {
    return generateLayout(
      (size ?? DEFAULT_SIZE) as number,
      createRng('pcg64', (seed ?? DEFAULT_SEED) as number),
    );
  }
  if (size !== null || seed !== null) {
    throw new FarstepError(
      'bad_options',
      `PointMaze-v1: maze_size and maze_seed are for layout generated, got layout ${layout}`,
    );
  }
  return LAYOUTS[layout as keyof typeof LAYOUTS];
}

export const pointMaze: GoalEnvDefinition & ExpertEnvDefinition = {
  spec: {
    id: 'PointMaze-v1',
    description: 'Steer a ball through a maze to a goal.',
    source: "farstep; layouts of D4RL's Maze2D (Fu et al. 2020)",
    players: 1,
    maxEpisodeSteps: 300,
    rewardRange: [-20, 0],
    renderModes: ['rgb_array'],
    options: {
      ...goalOptions(TASKS),
      layout: {
        type: 'string',
        default: 'u',
        choices: [...Object.keys(LAYOUTS), 'generated'],
        description: 'The maze.',
      },
      maze_size: {
        type: 'integer',
        default: null,
        min: 2,
        max: 6,
        description: `Rooms along a side of a generated maze; ${DEFAULT_SIZE} unless told.`,
      },
      maze_seed: {
        type: 'integer',
        default: null,
        min: 0,
        max: 2 ** 32 - 1,
        description: `Which generated maze; ${DEFAULT_SEED} unless told.`,
      },
    },
  },
  rng: 'pcg64',
  rewardFunctions: rewardFunctionsOf(TASKS),
  create: (options) => new PointMaze(layoutOf(options), options),
  expert: (options) => pointMazeExpert(layoutOf(options)),
};
