/**
 * Physics/Drawer-v1: pull a drawer open by its handle, or push it shut, seen from above.
 *
 * - Two tasks of one env: `open` wants the drawer out at least as far as the goal says, `close` at most.
 * - Observation: position and velocity of the hand; position of the handle; how far the drawer is out and how fast it
 *   moves outwards; position of the handle from the hand. Goals: how far the drawer is out, from 0 to 0.5.
 *   Actions: velocity of the hand along x and y, from -1 to 1 of full speed.
 * - The drawer comes out of a cabinet on the right along x. Its handle is a T: a stem with a bar across, and the hand
 *   fits between bar and drawer on both sides of the stem. Friction stops the drawer soon after it is let go.
 * - Start: the drawer almost shut (`open`) or far out (`close`), the cabinet at some y, the hand free of both.
 * - Success: at most 0.03 short of the goal. Reward: see goal-env.ts; the distance is what is missing.
 *
 * Lengths are half tables: the table spans -1 to 1 along x (right) and y (down). Velocities are a second; a step is
 * 0.05 s.
 */
import { Box } from '../../protocol/spaces/index.js';
import type { Image, Options } from '../env.js';
import type { ExpertEnvDefinition } from '../expert.js';
import {
  GoalEnv,
  type GoalEnvDefinition,
  type Goals,
  type GoalTask,
  goalOptions,
  rewardFunctionsOf,
} from '../goal-env.js';
import type { Rng } from '../rng/rng.js';
import { stateNumbers } from '../snapshot.js';
import { compound, corners, place, positionX, positionY, rectangle, slide, velocityX } from './body.js';
import { drawerExpert } from './experts/drawer.js';
import type { Painter } from './painter.js';
import { FRAME, GOAL, HAND, METAL, OBJECT, TABLE } from './palette.js';
import { goalPictureOptions, type Motif, renderScene, type Scene, withPictures } from './pictures.js';
import {
  driveHand,
  HAND_RADIUS,
  makeHand,
  makeRim,
  openBox,
  SUBSTEPS,
  TABLE_FRAME,
  writeBody,
} from './table.js';
import { World } from './world.js';

/** How far the drawer comes out. */
const TRAVEL = 0.5;
/** Where the cabinet's front is. */
const FRONT = 0.5;
/** Widths and heights of the drawer's box, of the stem in front of it, and of the bar across the stem. */
const BOX = [0.48, 0.7] as const;
const STEM = [0.2, 0.06] as const;
const BAR = [0.06, 0.44] as const;

const TOLERANCE = 0.03;
const TASKS: readonly GoalTask[] = [
  {
    name: 'open',
    distances: (achieved, desired, n, out) => {
      for (let i = 0; i < n; i++) out[i] = Math.max(desired[i]! - achieved[i]!, 0);
    },
    tolerance: TOLERANCE,
  },
  {
    name: 'close',
    distances: (achieved, desired, n, out) => {
      for (let i = 0; i < n; i++) out[i] = Math.max(achieved[i]! - desired[i]!, 0);
    },
    tolerance: TOLERANCE,
  },
];
const OPEN = 0;

/** Ranges from which an open and a shut drawer are drawn. */
const OUT: readonly [number, number] = [0.3, 0.45];
const IN: readonly [number, number] = [0, 0.1];

/** Where their middles are, from the front of the box. */
const BOX_X = BOX[0] / 2;
const STEM_X = -STEM[0] / 2;
const BAR_X = -STEM[0] - BAR[0] / 2;

/** The drawer passes into the cabinet; both stop the hand, which has category 1. */
const DRAWER_FILTER = { category: 2, mask: 1, group: 0 };
const CABINET_FILTER = { category: 4, mask: 1, group: 0 };

class Drawer extends GoalEnv<Float32Array> implements Scene {
  override readonly actionSpace = new Box(-1, 1, [2]);
  readonly frame = TABLE_FRAME;
  readonly background = FRAME;
  readonly #world = new World();
  readonly #hand = makeHand();
  readonly #drawer = compound([corners(BOX, BOX_X), corners(STEM, STEM_X), corners(BAR, BAR_X)], {
    friction: 0,
    frictionAir: 0.25,
    upright: true,
    collisionFilter: DRAWER_FILTER,
  });
  /** The drawer's centre of mass from the front of its box. */
  readonly #centre = positionX(this.#drawer);
  readonly #cabinet = rectangle(1 - FRONT, 2, { isStatic: true, collisionFilter: CABINET_FILTER });
  readonly #bodies = [...makeRim(2, 2), this.#cabinet, this.#hand, this.#drawer];
  /** The drawer slides along this y. */
  #rail = 0;

  constructor(options: Options) {
    super(openBox(10), new Box(0, TRAVEL, [1]), TASKS, options);
    place(this.#cabinet, (1 + FRONT) / 2, 0);
  }

  /** How far the drawer is out. */
  get #extension(): number {
    const extension = FRONT + this.#centre - positionX(this.#drawer);
    return Math.min(Math.max(extension, 0), TRAVEL);
  }

  protected override begin(rng: Rng): void {
    const isOpen = this.task === OPEN;
    this.desired[0] = rng.uniform(...(isOpen ? OUT : IN));
    this.#rail = rng.uniform(-0.4, 0.4);
    place(this.#drawer, FRONT + this.#centre - rng.uniform(...(isOpen ? IN : OUT)), this.#rail);
    place(this.#hand, rng.uniform(-0.85, -0.45), rng.uniform(-0.85, 0.85));
    this.#world.reset(this.#bodies);
  }

  protected override act(action: Float32Array): void {
    for (let i = 0; i < SUBSTEPS; i++) {
      driveHand(this.#hand, action);
      this.#world.step();
      slide(this.#drawer, this.#rail, FRONT + this.#centre - TRAVEL, FRONT + this.#centre);
    }
  }

  protected override writeState(out: Float32Array): void {
    const handleX = FRONT - this.#extension + BAR_X;
    writeBody(this.#hand, out, 0);
    out[4] = handleX;
    out[5] = this.#rail;
    out[6] = this.#extension;
    out[7] = -velocityX(this.#drawer);
    out[8] = handleX - positionX(this.#hand);
    out[9] = this.#rail - positionY(this.#hand);
  }

  protected override writeAchieved(out: Goals): void {
    out[0] = this.#extension;
  }

  protected override save(): unknown {
    return { rail: this.#rail, world: this.#world.save() };
  }

  protected override load(state: unknown): void {
    const { rail, world } = (state ?? {}) as Readonly<Record<string, unknown>>;
    const [y] = stateNumbers([rail], 1) as [number];
    this.#world.load(world);
    this.#rail = y;
  }

  draw(painter: Painter, motif: Motif): void {
    const wanted = FRONT - this.desired[0]!;
    painter.rectangle(0, 0, 2, 2, TABLE);
    this.#drawDrawer(painter, motif === 'goal' ? wanted : FRONT - this.#extension);
    painter.rectangle((1 + FRONT) / 2, 0, 1 - FRONT, 2, FRAME);
    // The mark lies where the front of the box is to be.
    if (motif === 'marked') painter.rectangle(wanted, this.#rail, 0.03, BOX[1] + 0.2, GOAL);
    if (motif !== 'goal') painter.disc(positionX(this.#hand), positionY(this.#hand), HAND_RADIUS, HAND);
  }

  #drawDrawer(painter: Painter, x: number): void {
    painter.rectangle(x + BOX_X, this.#rail, BOX[0], BOX[1], OBJECT);
    painter.rectangle(x + STEM_X, this.#rail, STEM[0], STEM[1], METAL);
    painter.rectangle(x + BAR_X, this.#rail, BAR[0], BAR[1], METAL);
  }

  render(): Image {
    return renderScene(this);
  }
}

export const drawer: GoalEnvDefinition & ExpertEnvDefinition = {
  spec: {
    id: 'Physics/Drawer-v1',
    description: 'Pull a drawer open by its handle, or push it shut.',
    source: 'farstep; the tasks of drawer-open and drawer-close in Meta-World (Yu et al. 2019)',
    players: 1,
    maxEpisodeSteps: 60,
    rewardRange: [-1, 0],
    renderModes: ['rgb_array'],
    options: { ...goalOptions(TASKS), ...goalPictureOptions },
  },
  rng: 'pcg64',
  rewardFunctions: rewardFunctionsOf(TASKS),
  create: (options) => withPictures(new Drawer(options), options),
  expert: drawerExpert,
};
