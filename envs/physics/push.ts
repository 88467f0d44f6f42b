/**
 * Physics/Push-v1: push a puck to a point, on a table seen from above.
 *
 * - Observation: position and velocity of the hand, the same of the puck, position of the puck from the hand.
 *   Goals: positions of the puck. Actions: velocity of the hand along x and y, from -1 to 1 of full speed.
 * - The puck slides with friction and stops soon after it is let go. A rim keeps puck and hand on the table.
 * - Start: hand and puck apart, the goal at least 0.3 away from the puck.
 * - Success: the puck within 0.1 of the goal. Reward: see goal-env.ts.
 *
 * Lengths are half tables: the table spans -1 to 1 along x (right) and y (down). Velocities are a second; a step is
 * 0.05 s.
 * Source: after FetchPush of Gymnasium-Robotics (Plappert et al. 2018), in the plane.
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
  planeDistances,
  rewardFunctionsOf,
} from '../goal-env.js';
import type { Rng } from '../rng/rng.js';
import { disc, place, positionX, positionY } from './body.js';
import { pushExpert } from './experts/push.js';
import type { Painter } from './painter.js';
import { FRAME, GOAL, HAND, OBJECT, TABLE } from './palette.js';
import { goalPictureOptions, type Motif, renderScene, type Scene, withPictures } from './pictures.js';
import {
  driveHand,
  HAND_RADIUS,
  makeHand,
  makeRim,
  openBox,
  PUCK_RADIUS,
  SUBSTEPS,
  TABLE_FRAME,
  writeBody,
} from './table.js';
import { World } from './world.js';

const TOLERANCE = 0.1;
const TASKS: readonly GoalTask[] = [{ name: 'push', distances: planeDistances, tolerance: TOLERANCE }];

/** How far from the middle things start, along each axis; and how far apart at least. */
const SPREAD = { hand: 0.85, puck: 0.6, goal: 0.7 } as const;
const APART = 0.3;

class Push extends GoalEnv<Float32Array> implements Scene {
  override readonly actionSpace = new Box(-1, 1, [2]);
  readonly frame = TABLE_FRAME;
  readonly background = FRAME;
  readonly #world = new World();
  readonly #hand = makeHand();
  readonly #puck = disc(PUCK_RADIUS, { friction: 0, frictionAir: 0.15 });
  readonly #bodies = [...makeRim(2, 2), this.#hand, this.#puck];

  constructor(options: Options) {
    super(openBox(10), openBox(2), TASKS, options);
  }

  protected override begin(rng: Rng): void {
    const x = rng.uniform(-SPREAD.puck, SPREAD.puck);
    const y = rng.uniform(-SPREAD.puck, SPREAD.puck);
    place(this.#puck, x, y);
    const [handX, handY] = awayFrom(x, y, SPREAD.hand, rng);
    place(this.#hand, handX, handY);
    this.desired.set(awayFrom(x, y, SPREAD.goal, rng));
    this.#world.reset(this.#bodies);
  }

  protected override act(action: Float32Array): void {
    for (let i = 0; i < SUBSTEPS; i++) {
      driveHand(this.#hand, action);
      this.#world.step();
    }
  }

  protected override writeState(out: Float32Array): void {
    writeBody(this.#hand, out, 0);
    writeBody(this.#puck, out, 4);
    out[8] = positionX(this.#puck) - positionX(this.#hand);
    out[9] = positionY(this.#puck) - positionY(this.#hand);
  }

  protected override writeAchieved(out: Goals): void {
    out[0] = positionX(this.#puck);
    out[1] = positionY(this.#puck);
  }

  protected override save(): unknown {
    return this.#world.save();
  }

  protected override load(state: unknown): void {
    this.#world.load(state);
  }

  draw(painter: Painter, motif: Motif): void {
    const [x, y] = this.desired as unknown as [number, number];
    painter.rectangle(0, 0, 2, 2, TABLE);
    if (motif === 'marked') painter.disc(x, y, TOLERANCE + 0.04, GOAL, TOLERANCE);
    if (motif === 'goal') {
      painter.disc(x, y, PUCK_RADIUS, OBJECT);
      return;
    }
    painter.disc(positionX(this.#puck), positionY(this.#puck), PUCK_RADIUS, OBJECT);
    painter.disc(positionX(this.#hand), positionY(this.#hand), HAND_RADIUS, HAND);
  }

  render(): Image {
    return renderScene(this);
  }
}

/** A place up to `spread` from the middle along each axis, and not near (x, y). */
function awayFrom(x: number, y: number, spread: number, rng: Rng): [number, number] {
  for (;;) {
    const otherX = rng.uniform(-spread, spread);
    const otherY = rng.uniform(-spread, spread);
    if ((otherX - x) ** 2 + (otherY - y) ** 2 >= APART ** 2) return [otherX, otherY];
  }
}

export const push: GoalEnvDefinition & ExpertEnvDefinition = {
  spec: {
    id: 'Physics/Push-v1',
    description: 'Push a puck to a point on a table.',
    source: 'farstep, after FetchPush (Plappert et al. 2018)',
    players: 1,
    maxEpisodeSteps: 50,
    rewardRange: [-3, 0],
    renderModes: ['rgb_array'],
    options: { ...goalOptions(TASKS), ...goalPictureOptions },
  },
  rng: 'pcg64',
  rewardFunctions: rewardFunctionsOf(TASKS),
  create: (options) => withPictures(new Push(options), options),
  expert: pushExpert,
};
