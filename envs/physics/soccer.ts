/**
 * Physics/Soccer-v1: pass a ball to a team mate, or shoot it into the goal, on a field seen from above.
 *
 * - Two tasks of one env: `pass` wants the ball within 0.15 of the mate, `shoot` wants all of it behind the goal
 *   line.
 * - Observation: position and velocity of the player, the same of the ball, position of the ball from the player,
 *   position of the mate. Goals: positions of the ball, for `pass` where the mate is, for `shoot` the middle of the
 *   net.
 * - Actions: velocity of the player along x and y, from -1 to 1 of full speed, and a kick: above 0, a ball in reach
 *   (0.06 from the player) is sent away from the player's middle, the harder the greater the number.
 * - The ball rolls far and bounces a little. The mate traps a ball that comes towards it within 0.15; the net holds
 *   what flies into it.
 * - Start: player and ball around the middle and apart, the mate on one of the wings ahead.
 * - Reward: see goal-env.ts; the distance of `shoot` is what the ball lacks to be in the net.
 *
 * Lengths: the field spans -1.2 to 1.2 along x (right, where the goal is) and -0.9 to 0.9 along y (down). Velocities
 * are a second; a step is 0.05 s.
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
  type RewardFunction,
  rewardFunctionsOf,
} from '../goal-env.js';
import type { Rng } from '../rng/rng.js';
import { stateNumbers } from '../snapshot.js';
import { disc, place, positionX, positionY, setVelocity, velocityX, velocityY } from './body.js';
import { soccerExpert } from './experts/soccer.js';
import type { Painter } from './painter.js';
import { FIELD, FRAME, GOAL, HAND, LINE, MATE, OBJECT } from './palette.js';
import { goalPictureOptions, type Motif, renderScene, type Scene, withPictures } from './pictures.js';
import {
  BALL_RADIUS,
  FIELD_FRAME,
  KICK_SPEED,
  LENGTH,
  MOUTH,
  makeWalls,
  NET,
  REACH,
  ROLLING,
  TRAP,
  TRAPPED,
  WIDTH,
} from './soccer-field.js';
import { driveHand, HAND_RADIUS, makeHand, openBox, SUBSTEPS, writeBody } from './table.js';
import { World } from './world.js';

/** How much each ball lacks to be within the net around its goal. */
const distancesToNet: RewardFunction = (achieved, desired, n, out) => {
  for (let at = 0; at < 2 * n; at += 2) {
    const short = Math.max(desired[at]! - NET / 2 + BALL_RADIUS - achieved[at]!, 0);
    const wide = Math.max(Math.abs(achieved[at + 1]! - desired[at + 1]!) - MOUTH, 0);
    out[at / 2] = Math.sqrt(short * short + wide * wide);
  }
};

const TASKS: readonly GoalTask[] = [
  { name: 'pass', distances: planeDistances, tolerance: TRAP },
  { name: 'shoot', distances: distancesToNet, tolerance: 0 },
];
const PASS = 0;

class Soccer extends GoalEnv<Float32Array> implements Scene {
  override readonly actionSpace = new Box(-1, 1, [3]);
  readonly frame = FIELD_FRAME;
  readonly background = FRAME;
  readonly #world = new World();
  readonly #player = makeHand();
  readonly #ball = disc(BALL_RADIUS, {
    friction: 0,
    frictionAir: ROLLING,
    restitution: 0.3,
    density: 0.0005,
  });
  readonly #bodies = [...makeWalls(), this.#player, this.#ball];
  #mateX = 0;
  #mateY = 0;

  constructor(options: Options) {
    super(openBox(12), openBox(2), TASKS, options);
  }

  protected override begin(rng: Rng): void {
    place(this.#player, rng.uniform(-0.9, -0.4), rng.uniform(-0.5, 0.5));
    place(this.#ball, rng.uniform(-0.2, 0.2), rng.uniform(-0.4, 0.4));
    this.#mateX = rng.uniform(0.1, 0.9);
    this.#mateY = rng.uniform(0.5, 0.75) * (rng.integers(0, 2) === 0 ? 1 : -1);
    this.desired[0] = this.task === PASS ? this.#mateX : LENGTH + NET / 2;
    this.desired[1] = this.task === PASS ? this.#mateY : 0;
    this.#world.reset(this.#bodies);
  }

  protected override act(action: Float32Array): void {
    if (action[2]! > 0) this.#kick(action[2]!);
    for (let i = 0; i < SUBSTEPS; i++) {
      driveHand(this.#player, action);
      this.#ball.frictionAir = this.#isTrapped() ? TRAPPED : ROLLING;
      this.#world.step();
    }
  }

  #kick(strength: number): void {
    const dx = positionX(this.#ball) - positionX(this.#player);
    const dy = positionY(this.#ball) - positionY(this.#player);
    const distance = Math.sqrt(dx * dx + dy * dy);
    if (distance === 0 || distance > HAND_RADIUS + BALL_RADIUS + REACH) return;
    const speed = (KICK_SPEED * strength) / distance;
    setVelocity(this.#ball, velocityX(this.#ball) + dx * speed, velocityY(this.#ball) + dy * speed);
  }

  /**
   * Whether all of the ball is in the net, or it comes towards the mate in its reach. A ball that leaves the mate is
   * free.
   */
  #isTrapped(): boolean {
    const x = positionX(this.#ball);
    if (x > LENGTH + BALL_RADIUS) return true;
    const dx = this.#mateX - x;
    const dy = this.#mateY - positionY(this.#ball);
    const approach = dx * velocityX(this.#ball) + dy * velocityY(this.#ball);
    return approach > 0 && dx * dx + dy * dy < TRAP * TRAP;
  }

  protected override writeState(out: Float32Array): void {
    writeBody(this.#player, out, 0);
    writeBody(this.#ball, out, 4);
    out[8] = positionX(this.#ball) - positionX(this.#player);
    out[9] = positionY(this.#ball) - positionY(this.#player);
    out[10] = this.#mateX;
    out[11] = this.#mateY;
  }

  protected override writeAchieved(out: Goals): void {
    out[0] = positionX(this.#ball);
    out[1] = positionY(this.#ball);
  }

  protected override save(): unknown {
    return { mate: [this.#mateX, this.#mateY], world: this.#world.save() };
  }

  protected override load(state: unknown): void {
    const { mate, world } = (state ?? {}) as Readonly<Record<string, unknown>>;
    const [x, y] = stateNumbers(mate, 2) as [number, number];
    this.#world.load(world);
    this.#mateX = x;
    this.#mateY = y;
  }

  draw(painter: Painter, motif: Motif): void {
    painter.rectangle(0, 0, 2 * LENGTH, 2 * WIDTH, FIELD);
    painter.disc(0, 0, 0.3, LINE, 0.27);
    painter.rectangle(0, 0, 0.03, 2 * WIDTH, LINE);
    painter.rectangle(LENGTH + NET / 2, 0, NET, 2 * MOUTH, LINE);
    painter.disc(this.#mateX, this.#mateY, HAND_RADIUS, MATE);
    if (motif === 'marked') this.#drawMark(painter);
    const [x, y] = this.desired as unknown as [number, number];
    if (motif === 'goal') {
      painter.disc(x, y, BALL_RADIUS, OBJECT);
      return;
    }
    painter.disc(positionX(this.#player), positionY(this.#player), HAND_RADIUS, HAND);
    painter.disc(positionX(this.#ball), positionY(this.#ball), BALL_RADIUS, OBJECT);
  }

  /** A ring around the mate, or the net in another colour. */
  #drawMark(painter: Painter): void {
    const [x, y] = this.desired as unknown as [number, number];
    if (this.task === PASS) painter.disc(x, y, TRAP, GOAL, TRAP - 0.04);
    else painter.rectangle(x, y, NET, 2 * MOUTH, GOAL);
  }

  render(): Image {
    return renderScene(this);
  }
}

export const soccer: GoalEnvDefinition & ExpertEnvDefinition = {
  spec: {
    id: 'Physics/Soccer-v1',
    description: 'Pass a ball to a team mate, or shoot it into the goal.',
    source: 'farstep',
    players: 1,
    maxEpisodeSteps: 80,
    rewardRange: [-3, 0],
    renderModes: ['rgb_array'],
    options: { ...goalOptions(TASKS), ...goalPictureOptions },
  },
  rng: 'pcg64',
  rewardFunctions: rewardFunctionsOf(TASKS),
  create: (options) => withPictures(new Soccer(options), options),
  expert: soccerExpert,
};
