/**
 * Physics/Reach-v1: bring the tip of a robot to a point.
 *
 * - `arm`: a `point` gripper that flies over the table (state: effector.ts), or an arm of 2 or 3 joints (arm.ts).
 * - Actions: speed of each axis or joint, from -1 to 1 of full speed, followed with a lag.
 * - Start and goal: uniform over the table, or over the arm's postures and reach.
 * - Success: the tip within 0.1 of the goal. Reward: see goal-env.ts.
 *
 * Lengths are half tables: the table spans -1 to 1 along x (right) and y (down).
 * Source: after FetchReach of Gymnasium-Robotics (Plappert et al. 2018), in the plane.
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
import { Arm, LINKS } from './arm.js';
import { type Effector, PointGripper } from './effector.js';
import { reachExpert } from './experts/reach.js';
import type { Painter } from './painter.js';
import { GOAL, TABLE } from './palette.js';
import { goalPictureOptions, type Motif, renderScene, type Scene, withPictures } from './pictures.js';
import { symmetricBox, TABLE_FRAME } from './table.js';

const TOLERANCE = 0.1;
const TASKS: readonly GoalTask[] = [{ name: 'reach', distances: planeDistances, tolerance: TOLERANCE }];

class Reach extends GoalEnv<Float32Array> implements Scene {
  override readonly actionSpace: Box;
  readonly frame = TABLE_FRAME;
  readonly background = TABLE;
  readonly #effector: Effector;

  constructor(effector: Effector, options: Options) {
    super(symmetricBox(effector.most), new Box(-1, 1, [2]), TASKS, options);
    this.actionSpace = new Box(-1, 1, [effector.commands]);
    this.#effector = effector;
  }

  protected override begin(rng: Rng): void {
    this.#effector.begin(rng);
    this.#effector.drawGoal(rng, this.desired);
  }

  protected override act(action: Float32Array): void {
    this.#effector.act(action);
  }

  protected override writeState(out: Float32Array): void {
    this.#effector.writeState(out);
  }

  protected override writeAchieved(out: Goals): void {
    out[0] = this.#effector.x;
    out[1] = this.#effector.y;
  }

  protected override save(): unknown {
    return this.#effector.save();
  }

  protected override load(state: unknown): void {
    this.#effector.load(state);
  }

  draw(painter: Painter, motif: Motif): void {
    const [x, y] = this.desired as unknown as [number, number];
    if (motif === 'marked') painter.disc(x, y, TOLERANCE + 0.04, GOAL, TOLERANCE);
    if (motif === 'goal') this.#effector.drawAt(painter, x, y);
    else this.#effector.draw(painter);
  }

  render(): Image {
    return renderScene(this);
  }
}

const effectorOf = ({ arm }: Options): Effector =>
  arm === 'point' ? new PointGripper() : new Arm(LINKS[arm as keyof typeof LINKS]);

export const reach: GoalEnvDefinition & ExpertEnvDefinition = {
  spec: {
    id: 'Physics/Reach-v1',
    description: 'Bring the tip of a robot to a point.',
    source: 'farstep, after FetchReach (Plappert et al. 2018)',
    players: 1,
    maxEpisodeSteps: 50,
    rewardRange: [-3, 0],
    renderModes: ['rgb_array'],
    options: {
      ...goalOptions(TASKS),
      arm: {
        type: 'string',
        default: 'point',
        choices: ['point', ...Object.keys(LINKS)],
        description: 'A gripper that flies freely, or an arm of two or three joints.',
      },
      ...goalPictureOptions,
    },
  },
  rng: 'pcg64',
  rewardFunctions: rewardFunctionsOf(TASKS),
  create: (options) => withPictures(new Reach(effectorOf(options), options), options),
  expert: (options) => reachExpert(options),
};
