/**
 * Rally: a car on a winding road seen from above, to be kept in the right lane and driven as far as a minute allows.
 *
 * - Actions: 0 NOOP, 1 UP (accelerate), 2 RIGHT, 3 LEFT, 4 DOWN (brake), 5 UPRIGHT, 6 UPLEFT, 7 DOWNRIGHT, 8 DOWNLEFT.
 *   With `continuous`, two numbers from -1 to 1 instead: steering (right is positive), then throttle (negative brakes).
 * - The wheel turns by a quarter of its way a frame and returns by itself. The car turns on a circle of 40 pixels'
 *   radius at least, and to at most 67 degrees off straight ahead. Its speed is 0.5 to 3 pixels a frame: it gains 1/32 a
 *   frame at full throttle, loses 3/32 under the brake and 3/256 by itself. It never stops.
 * - The road has two lanes of 24 pixels. Beyond its edge the car can drive 12 pixels more, where it slows to 1 pixel a
 *   frame; beyond that it crashes.
 * - Reward: 1 for every 100 pixels along the road in the right lane, half of that in the left one, nothing beside the
 *   road, where every frame costs 0.02; a crash costs 5.
 * - Terminated: the car crashes, or 3600 frames are over.
 * - With the `camera` on the car the picture moves and turns with it, as a driver sees the road.
 * - Every episode has the road of a level: `levels` says whether it is drawn from the 800 to train on, from 200 others to
 *   test on, or from all. A level always has the same road and landscape.
 * - State, 16 numbers: distance from the middle of the right lane (over 48 pixels, right is positive); how far the road
 *   and how far the car move to the right on a pixel ahead (over 1 and 3); speed (over 3); wheel; sine of the heading;
 *   whether the car is beside the road; time left; then how far the middle of the right lane is to the right of the car
 *   16, 32, ... 128 pixels ahead (over 80).
 *
 * Source: own game.
 */
import { Box, Discrete } from '../../../protocol/spaces/index.js';
import { LEVEL_RANGES, LEVELS, type LevelRange, levelsOption } from '../../levels.js';
import type { Rng } from '../../rng/rng.js';
import { MAX_FRAME_SKIP, pixelEnv } from '../define.js';
import type { PixelGame } from '../game.js';
import { axis, DOWN, joysticks, LEFT, RIGHT, UP } from '../joystick.js';
import { clamp, pixel, UNIT } from '../motion.js';
import { type Limits, readNumbers } from '../saved.js';
import { Screen } from '../screen.js';
import { WIDTH } from '../size.js';
import { Bar } from './bar.js';
import { DriverView } from './driver-view.js';
import { AHEAD, BEHIND, CAR_Y, Landscape, PANEL_HEIGHT } from './landscape.js';
import { HALF_WIDTH, LANE, OBJECT_SPACING, Road, SHOULDER } from './road.js';
import { CARS, CLOCK, COLORS, GAUGE, HEADINGS, landOf, PANEL } from './scenery.js';

const ACTIONS = joysticks(
  'NOOP',
  'UP',
  'RIGHT',
  'LEFT',
  'DOWN',
  'UPRIGHT',
  'UPLEFT',
  'DOWNRIGHT',
  'DOWNLEFT',
);

const FRAMES = 3600;
/** How far from the start of the road the car begins. */
const START = BEHIND + 1;

const FULL = 256;
const WHEEL_SPEED = 64;
const MIN_SPEED = 0.5 * UNIT;
const MAX_SPEED = 3 * UNIT;
const OFF_ROAD_SPEED = UNIT;
const THROTTLE = 8;
const BRAKE = 21;
const DRAG = 3;
const OFF_ROAD_DRAG = 24;
/** A whole turn, in units of the heading. */
const TURN = 65536;
const MAX_HEADING = (TURN / 64) * HEADINGS;
/** At full lock the car turns by speed / RADIUS radians a frame. */
const RADIUS = 40;
const YAW = Math.round((FULL * UNIT * RADIUS * 2 * Math.PI) / TURN);

const LANE_REWARD = 1 / 100;
const OFF_ROAD_COST = 0.02;
const CRASH_COST = 5;

/** Sine of headings, 1024 to a turn, times 2^14. */
const SINE = Int32Array.from({ length: 1024 }, (_, i) =>
  Math.round(Math.sin((i / 1024) * 2 * Math.PI) * 2 ** 14),
);
const sine = (heading: number): number => SINE[(heading >> 6) & 1023]!;
const cosine = (heading: number): number => sine(heading + TURN / 4);

const LOOKAHEADS = 8;
const LOOKAHEAD = 16;

/** How far the road is laid out before the car: as far as one sees, with what stands there. */
const LAID_OUT = AHEAD + OBJECT_SPACING;
const ROAD_LENGTH = START + 3 * FRAMES + LAID_OUT + 1;

const LIMITS = {
  steering: [-FULL, FULL],
  throttle: [-FULL, FULL],
  level: [0, LEVELS - 1],
  framesLeft: [0, FRAMES],
  crashed: [0, 1],
  x: [0, WIDTH * UNIT],
  distance: [START * UNIT, (START + 3 * FRAMES) * UNIT],
  heading: [-MAX_HEADING, MAX_HEADING],
  speed: [MIN_SPEED, MAX_SPEED],
  wheel: [-FULL, FULL],
} as const satisfies Limits<string>;

class Rally implements PixelGame<number | Float32Array> {
  readonly screen = new Screen();
  readonly palette = COLORS;
  readonly actionSpace: Discrete | Box;
  readonly stateSpace = new Box(-1, 1, [8 + LOOKAHEADS]);
  readonly lives = 0;

  /** Position of the car's middle and its speed in 1/256 of a pixel (a frame); distance along the road. */
  readonly #now = {
    steering: 0,
    throttle: 0,
    level: 0,
    framesLeft: 0,
    crashed: 0,
    x: 0,
    distance: START * UNIT,
    heading: 0,
    speed: MIN_SPEED,
    wheel: 0,
  };
  readonly #road = new Road(ROAD_LENGTH);
  readonly #levels: LevelRange;
  readonly #driverView: DriverView | undefined;
  readonly #landscape = new Landscape(this.#road);
  readonly #gauge = new Bar(8, GAUGE);
  readonly #clock = new Bar(88, CLOCK);

  constructor(levels: LevelRange, continuous: boolean, camera: string) {
    this.#levels = levels;
    this.#driverView = camera === 'car' ? new DriverView() : undefined;
    this.screen.paintRect(0, 0, WIDTH, PANEL_HEIGHT, PANEL);
    this.actionSpace = continuous ? new Box(-1, 1, [2]) : new Discrete(ACTIONS.length);
  }

  get isOver(): boolean {
    return this.#now.crashed === 1 || this.#now.framesLeft === 0;
  }

  start(rng: Rng): void {
    const now = this.#now;
    now.steering = now.throttle = 0;
    now.level = rng.integers(...this.#levels);
    this.#road.begin(now.level);
    now.framesLeft = FRAMES;
    now.crashed = 0;
    now.distance = START * UNIT;
    this.#reach();
    now.x = Math.round(this.#middle(0)) + LANE * UNIT;
    now.heading = 0;
    now.speed = UNIT;
    now.wheel = 0;
  }

  hold(action: number | Float32Array): void {
    const now = this.#now;
    if (typeof action === 'number') {
      now.steering = axis(ACTIONS[action]!, RIGHT, LEFT) * FULL;
      now.throttle = axis(ACTIONS[action]!, UP, DOWN) * FULL;
    } else {
      now.steering = Math.round(action[0]! * FULL);
      now.throttle = Math.round(action[1]! * FULL);
    }
  }

  playFrame(): number {
    const now = this.#now;
    const before = now.distance;
    const isOffRoad = Math.abs(this.#fromMiddle) > HALF_WIDTH * UNIT;
    this.#drive(isOffRoad);
    this.#reach();
    now.framesLeft--;
    const fromMiddle = this.#fromMiddle;
    if (Math.abs(fromMiddle) > (HALF_WIDTH + SHOULDER) * UNIT) {
      now.crashed = 1;
      return -CRASH_COST;
    }
    if (Math.abs(fromMiddle) > HALF_WIDTH * UNIT) return -OFF_ROAD_COST;
    const reward = ((now.distance - before) / UNIT) * LANE_REWARD;
    return fromMiddle >= 0 ? reward : reward / 2;
  }

  observe(out: Float32Array): void {
    const now = this.#now;
    const lane = this.#middle(0) + LANE * UNIT;
    out[0] = clamp((now.x - lane) / (48 * UNIT), -1, 1);
    out[1] = (this.#middle(1) - this.#middle(0)) / UNIT;
    out[2] = sine(now.heading) / cosine(now.heading) / 3;
    out[3] = now.speed / MAX_SPEED;
    out[4] = now.wheel / FULL;
    out[5] = sine(now.heading) / 2 ** 14;
    out[6] = Math.abs(this.#fromMiddle) > HALF_WIDTH * UNIT ? 1 : 0;
    out[7] = now.framesLeft / FRAMES;
    for (let i = 0; i < LOOKAHEADS; i++) {
      const ahead = this.#middle((i + 1) * LOOKAHEAD) + LANE * UNIT - now.x;
      out[8 + i] = clamp(ahead / (80 * UNIT), -1, 1);
    }
  }

  draw(): void {
    const { screen } = this;
    const now = this.#now;
    screen.clear();
    this.#landscape.show(screen, pixel(now.distance));
    let x = pixel(now.x);
    let { heading } = now;
    if (this.#driverView) {
      this.#driverView.turn(screen, x, sine(heading), cosine(heading), landOf(this.#road.theme));
      x = WIDTH / 2;
      heading = 0;
    }
    const car = CARS[Math.round((heading * 64) / TURN) + HEADINGS]!;
    screen.drawSprite(car, x - (car.width >> 1), CAR_Y - (car.height >> 1));
    this.#gauge.show(screen, Math.round((now.speed * 64) / MAX_SPEED));
    this.#clock.show(screen, Math.round((now.framesLeft * 64) / FRAMES));
  }

  save(): unknown {
    return { ...this.#now };
  }

  load(saved: unknown): void {
    Object.assign(this.#now, readNumbers(saved, LIMITS));
    this.#road.begin(this.#now.level);
    this.#reach();
  }

  /** The middle of the road so many pixels ahead of the car, in 1/256 of a pixel. */
  #middle(ahead: number): number {
    return this.#road.middle[pixel(this.#now.distance) + ahead]!;
  }

  /** How far the car is to the right of the middle, in 1/256 of a pixel. */
  get #fromMiddle(): number {
    return this.#now.x - this.#middle(0);
  }

  /** Lays out the road before the car. */
  #reach(): void {
    this.#road.reach(pixel(this.#now.distance) + LAID_OUT);
  }

  #drive(isOffRoad: boolean): void {
    const now = this.#now;
    now.wheel += clamp(now.steering - now.wheel, -WHEEL_SPEED, WHEEL_SPEED);
    now.heading += Math.trunc((now.wheel * now.speed) / YAW);
    now.heading = clamp(now.heading, -MAX_HEADING, MAX_HEADING);
    const push = Math.trunc((now.throttle * (now.throttle > 0 ? THROTTLE : BRAKE)) / FULL);
    const drag = push > 0 ? 0 : DRAG;
    const top = isOffRoad ? Math.max(now.speed - OFF_ROAD_DRAG, OFF_ROAD_SPEED) : MAX_SPEED;
    now.speed = clamp(now.speed + push - drag, MIN_SPEED, top);
    now.x += (now.speed * sine(now.heading)) >> 14;
    now.distance += (now.speed * cosine(now.heading)) >> 14;
  }
}

export const rally = pixelEnv({
  name: 'Rally',
  description: 'Keep a car in its lane on a winding road, and get as far as a minute allows.',
  source: 'own game',
  rewardRange: [-CRASH_COST - OFF_ROAD_COST * MAX_FRAME_SKIP, 3 * LANE_REWARD * MAX_FRAME_SKIP],
  rewardThreshold: 70,
  lives: 0,
  options: {
    levels: levelsOption('the roads', 'all'),
    continuous: {
      type: 'boolean',
      default: false,
      description: 'Whether an action is steering and throttle, in place of a joystick.',
    },
    camera: {
      type: 'string',
      default: 'road',
      choices: ['road', 'car'],
      description:
        'What the picture goes with: the road, or the car, which then always looks straight ahead.',
    },
  },
  create: ({ levels, continuous, camera }) =>
    new Rally(LEVEL_RANGES[levels as string]!, continuous as boolean, camera as string),
});
