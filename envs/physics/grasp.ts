/**
 * Physics/Grasp-v1: pick any object out of a bin with a two-finger gripper, seen from the side.
 *
 * - Actions, each from -1 to 1: motion of the gripper along x and y, turn, grip (above 0 closes), and terminate:
 *   above 0.5 the episode ends after this step.
 * - Reward: 1 if the episode is terminated with an object lifted, its centre of mass 0.6 above the floor; otherwise
 *   0. When time runs out there is no reward; the info `is_success` tells whether an object is lifted now.
 * - Observation: the gripper's grip point (x, y), its velocity, sine and cosine of its angle, its opening, and
 *   whether it holds something between its fingers; then for each object: centre of mass (x, y), the same from the
 *   grip point, cosine and sine of twice the angle of its narrowest direction, its width in that direction and its
 *   length.
 * - Pictures (`obs_type`) take the place of QT-Opt's camera over the shoulder: bin, gripper and objects from the side.
 * - Objects: `num_objects` different convex polygons that stand apart on the floor. `objects` chooses from which set
 *   they are drawn: `train`, `test` (never seen in training) or `all`.
 *
 * Lengths are half bins: the bin spans -1 to 1 along x (right) and y (down); its floor is at 1 and it has a lid.
 * Velocities are a second; a step is a fifteenth of a second.
 * Source: the task of Kalashnikov et al., QT-Opt: Scalable Deep Reinforcement Learning for Vision-Based Robotic
 * Manipulation (2018), in the plane.
 */
import { FarstepError } from '../../protocol/errors.js';
import { Box, type Space, type View } from '../../protocol/spaces/index.js';
import type { Env, Image } from '../env.js';
import type { ExpertEnvDefinition } from '../expert.js';
import type { Color } from '../raster.js';
import type { Rng } from '../rng/rng.js';
import { stateIntegers, stateNumbers } from '../snapshot.js';
import { type Body, place, polygon, positionX, positionY } from './body.js';
import { graspExpert } from './experts/grasp.js';
import { OBJECT_SETS, SHAPES } from './grasp-shapes.js';
import { GRIPPER_VIEW, Gripper } from './gripper.js';
import type { Painter } from './painter.js';
import { FRAME, TABLE } from './palette.js';
import { pictureOptions, renderScene, type Scene, withPictures } from './pictures.js';
import { makeRim, openBox, TABLE_FRAME } from './table.js';
import { World } from './world.js';

const GRAVITY = 3;
const FLOOR = 1;
/** An object is lifted when its centre of mass is above this height. */
const LIFTED_Y = FLOOR - 0.6;
const TERMINATE = 0.5;
/** Engine steps in a step. */
const SUBSTEPS = 4;
/** Where the gripper starts. */
const START_X = 0.6;
const START_Y = -0.2;

/** Numbers in the observation for each object. */
const OBJECT_VIEW = 8;

/** Smooth walls and a lid over a rough floor. */
function makeBin(): Body[] {
  const walls = makeRim(2, 2);
  walls[1].friction = 1;
  return walls;
}

class Grasp implements Env<Float32Array>, Scene {
  readonly observationSpace: Box;
  readonly actionSpace = new Box(-1, 1, [5]);
  readonly infoSpaces: Readonly<Record<string, Space>> = { is_success: new Box(0, 1, [], 'bool') };
  readonly frame = TABLE_FRAME;
  readonly background = FRAME;
  reward = 0;
  terminated = false;

  readonly #world = new World(GRAVITY);
  readonly #gripper = new Gripper(this.#world);
  readonly #fixtures = [...makeBin(), this.#gripper.body];
  /** The body of each shape that was in the bin so far. */
  readonly #bodies = new Map<number, Body>();
  readonly #objectSet: readonly [number, number];
  /** What is in the bin: indices of shapes, and their bodies. */
  readonly #shapes: number[];
  #objects: readonly Body[] = [];

  constructor(objectSet: readonly [number, number], count: number) {
    this.#objectSet = objectSet;
    this.#shapes = new Array<number>(count).fill(0);
    this.observationSpace = openBox(GRIPPER_VIEW + count * OBJECT_VIEW);
  }

  reset(rng: Rng): void {
    const [first, end] = this.#objectSet;
    for (let i = 0; i < this.#shapes.length; i++) {
      do this.#shapes[i] = rng.integers(first, end);
      while (this.#shapes.indexOf(this.#shapes[i]!) < i);
    }
    this.#putIn(this.#shapes);
    this.#standApart(rng);
    this.#gripper.begin(rng.uniform(-START_X, START_X), START_Y);
    this.reward = 0;
    this.terminated = false;
  }

  /** Has these shapes in the bin from now on. */
  #putIn(shapes: readonly number[]): void {
    this.#objects = shapes.map((shape) => {
      const body = this.#bodies.get(shape) ?? polygon(SHAPES[shape]!.points, OBJECT);
      this.#bodies.set(shape, body);
      return body;
    });
    this.#world.reset([...this.#fixtures, ...this.#objects]);
  }

  /** Stands the objects side by side on the floor, the free room between them and the walls divided at random. */
  #standApart(rng: Rng): void {
    const stances = this.#shapes.map((shape) => {
      const all = SHAPES[shape]!.stances;
      return all[rng.integers(0, all.length)]!;
    });
    const free = 2 - stances.reduce((sum, { left, right }) => sum + left + right, 0);
    const cuts = stances.map(() => rng.uniform(0, free)).sort((a, b) => a - b);
    let taken = -1;
    for (const [i, { angle, left, right, down }] of stances.entries()) {
      place(this.#objects[i]!, taken + cuts[i]! + left, FLOOR - down, angle);
      taken += left + right;
    }
  }

  step(action: Float32Array): void {
    for (let i = 0; i < SUBSTEPS; i++) {
      this.#gripper.control(action, this.#objects);
      this.#world.step();
    }
    this.terminated = action[4]! > TERMINATE;
    this.reward = this.terminated && this.#isLifted() ? 1 : 0;
  }

  #isLifted(): boolean {
    for (const object of this.#objects) if (positionY(object) < LIFTED_Y) return true;
    return false;
  }

  observe(view: View): void {
    const out = view as Float32Array;
    const gripper = this.#gripper;
    gripper.write(out, this.#objects);
    for (let i = 0; i < this.#objects.length; i++) {
      const object = this.#objects[i]!;
      const shape = SHAPES[this.#shapes[i]!]!;
      const at = GRIPPER_VIEW + i * OBJECT_VIEW;
      const narrow = 2 * (object.angle + shape.narrow);
      out[at] = positionX(object);
      out[at + 1] = positionY(object);
      out[at + 2] = positionX(object) - gripper.x;
      out[at + 3] = positionY(object) - gripper.y;
      out[at + 4] = Math.cos(narrow);
      out[at + 5] = Math.sin(narrow);
      out[at + 6] = shape.width;
      out[at + 7] = shape.length;
    }
  }

  writeInfo(out: Readonly<Record<string, View>>): void {
    (out.is_success as Uint8Array)[0] = this.#isLifted() ? 1 : 0;
  }

  snapshot(): GraspState {
    return { shapes: [...this.#shapes], opening: this.#gripper.opening, world: this.#world.save() };
  }

  restore(snapshot: unknown): void {
    const { shapes, opening, world } = (snapshot ?? {}) as Partial<GraspState>;
    const indices = stateIntegers(shapes, this.#shapes.length, 0, SHAPES.length - 1);
    const [distance] = stateNumbers([opening], 1) as [number];
    if (new Set(indices).size < indices.length) {
      throw new FarstepError('bad_snapshot', 'snapshot: expected different shapes');
    }
    const before = this.snapshot();
    this.#putIn(indices);
    try {
      this.#world.load(world);
    } catch (error) {
      this.#putIn(before.shapes);
      this.#world.load(before.world);
      throw error;
    }
    for (const [i, index] of indices.entries()) this.#shapes[i] = index;
    this.#gripper.opening = distance;
    this.reward = 0;
    this.terminated = false;
  }

  draw(painter: Painter): void {
    painter.rectangle(0, 0, 2, 2, TABLE);
    this.#gripper.draw(painter);
    for (let i = 0; i < this.#objects.length; i++) painter.body(this.#objects[i]!, COLORS[i]!);
  }

  render(): Image {
    return renderScene(this);
  }
}

interface GraspState {
  readonly shapes: readonly number[];
  readonly opening: number;
  readonly world: unknown;
}

const OBJECT = { friction: 0.9, frictionStatic: 1 };
const MOST_OBJECTS = 5;
const COLORS: readonly Color[] = [
  [230, 126, 34],
  [39, 174, 96],
  [41, 128, 185],
  [142, 68, 173],
  [241, 196, 15],
];

export const grasp: ExpertEnvDefinition = {
  spec: {
    id: 'Physics/Grasp-v1',
    description: 'Pick any object out of a bin with a two-finger gripper.',
    source: 'farstep, after the task of QT-Opt (Kalashnikov et al. 2018)',
    players: 1,
    maxEpisodeSteps: 40,
    rewardRange: [0, 1],
    rewardThreshold: 0.85,
    renderModes: ['rgb_array'],
    options: {
      objects: {
        type: 'string',
        default: 'train',
        choices: Object.keys(OBJECT_SETS),
        description: 'The set of objects: for training, held out for testing, or both.',
      },
      num_objects: {
        type: 'integer',
        default: 3,
        min: 1,
        max: MOST_OBJECTS,
        description: 'How many objects are in the bin.',
      },
      ...pictureOptions,
    },
  },
  rng: 'pcg64',
  create: (options) =>
    withPictures(
      new Grasp(OBJECT_SETS[options.objects as keyof typeof OBJECT_SETS], options.num_objects as number),
      options,
    ),
  expert: graspExpert,
};
