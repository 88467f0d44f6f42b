import t from 'tap';
import { createRng } from '../../../envs/index.js';
import { AtariFrame, type FrameSettings } from '../../../envs/pixel/atari-frame.js';
import type { PixelGame } from '../../../envs/pixel/game.js';
import { palette } from '../../../envs/pixel/palette.js';
import { Screen } from '../../../envs/pixel/screen.js';
import type { Rng } from '../../../envs/rng/rng.js';
import { Box, Discrete } from '../../../protocol/spaces/index.js';

/** Frame n shows n lit pixels, pays n, takes a life with frame 10 and is over with frame 20. */
class Counter implements PixelGame<number> {
  readonly screen = new Screen();
  readonly palette = palette([0, 0, 0], [250, 250, 250]);
  readonly actionSpace = new Discrete(5);
  readonly stateSpace = new Box(0, 1, [1]);
  frame = 0;
  action = 0;
  /** The action held in each frame. */
  readonly held: number[] = [];
  games = 0;

  get lives(): number {
    return this.frame < 10 ? 2 : 1;
  }
  get isOver(): boolean {
    return this.frame >= 20;
  }
  start(_rng: Rng): void {
    this.frame = 0;
    this.action = 0;
    this.held.length = 0;
    this.games++;
  }
  hold(action: number): void {
    this.action = action;
  }
  playFrame(): number {
    this.held.push(this.action);
    return ++this.frame;
  }
  draw(): void {
    this.screen.clear();
    this.screen.drawRect(0, 0, this.frame, 1, 1);
  }
  observe(out: Float32Array): void {
    out[0] = this.frame / 20;
  }
  save(): unknown {
    return this.frame;
  }
  load(saved: unknown): void {
    this.frame = saved as number;
  }
}

const PLAIN: FrameSettings = {
  obsType: 'grayscale',
  screenSize: null,
  maxPool: false,
  frameSkip: 4,
  noopMax: 0,
  repeatActionProbability: 0,
  terminalOnLifeLoss: false,
  clipReward: false,
  scaleObs: false,
};

function make(settings: Partial<FrameSettings> = {}) {
  const game = new Counter();
  const env = new AtariFrame(game, 2, { ...PLAIN, ...settings });
  const observe = () => {
    const out =
      settings.scaleObs || settings.obsType === 'state'
        ? new Float32Array(env.observationSpace.size)
        : new Uint8Array(env.observationSpace.size);
    env.observe(out);
    return out;
  };
  const info = () => {
    const out = { lives: new Int32Array(1), episode_frame_number: new Int32Array(1) };
    env.writeInfo(out);
    return [out.lives[0], out.episode_frame_number[0]];
  };
  /** How many pixels of the first row are lit. */
  const lit = () =>
    observe()
      .subarray(0, 160)
      .filter((x) => x > 0).length;
  return { game, env, observe, info, lit };
}

t.test('a step sums the rewards of its frames, and its picture is of the last', async (t) => {
  const { env, info, lit } = make();
  env.reset(createRng('pcg64', 0));
  t.same([lit(), ...info()], [0, 2, 0]);
  env.step(1);
  t.same([env.reward, env.terminated, lit(), ...info()], [1 + 2 + 3 + 4, false, 4, 2, 4]);
  for (let i = 0; i < 4; i++) env.step(1);
  t.same([env.reward, env.terminated, lit(), ...info()], [17 + 18 + 19 + 20, true, 20, 1, 20]);
});

t.test('the end of a game ends the step', async (t) => {
  const { env, game, lit } = make({ frameSkip: 6 });
  env.reset(createRng('pcg64', 0));
  for (let i = 0; i < 4; i++) env.step(0);
  t.same([env.reward, env.terminated, game.frame, lit()], [19 + 20, true, 20, 20]);
});

t.test('rewards can be clipped to their sign', async (t) => {
  const { env } = make({ clipReward: true });
  t.same(env.rewardRange, [-1, 1]);
  env.reset(createRng('pcg64', 0));
  env.step(0);
  t.equal(env.reward, 1);
  t.equal(make().env.rewardRange, undefined);
});

t.test('a lost life can end the episode, and the reset begins a new game', async (t) => {
  const { env, game, info } = make({ terminalOnLifeLoss: true });
  const rng = createRng('pcg64', 0);
  env.reset(rng);
  env.step(0);
  env.step(0);
  t.equal(env.terminated, false);
  env.step(0);
  t.same([env.reward, env.terminated, ...info()], [9 + 10, true, 1, 10], 'within the step');
  env.reset(rng);
  t.same([env.terminated, game.games, ...info()], [false, 2, 2, 0]);
});

t.test('an episode begins with 1 to noop_max frames at rest', async (t) => {
  const { env, game, info } = make({ noopMax: 3 });
  const rng = createRng('pcg64', 0);
  const counts = new Set<number>();
  for (let i = 0; i < 50; i++) {
    env.reset(rng);
    counts.add(game.frame);
    t.ok(game.held.every((action) => action === 0));
    t.same(info(), [2, game.frame]);
    t.equal(env.reward, 0);
  }
  t.same(counts, new Set([1, 2, 3]));
  const twin = createRng('pcg64', 5);
  env.reset(createRng('pcg64', 5));
  t.equal(game.frame, twin.integers(1, 4), 'the number comes from the generator');
});

t.test('a game that is over before the agent begins is begun anew', async (t) => {
  const { env, game, info } = make({ noopMax: 600 });
  const rng = createRng('pcg64', 0);
  for (let i = 0; i < 20; i++) {
    env.reset(rng);
    t.ok(game.frame < 20 && env.terminated === false);
    t.equal(info()[1], game.frame);
  }
});

t.test('sticky actions: a coin a frame, and the joystick stays where it was', async (t) => {
  const { env, game } = make({ repeatActionProbability: 0.25 });
  env.reset(createRng('pcg64', 3));
  const coins = createRng('pcg64', 3);
  const expected: number[] = [];
  let held = 0;
  for (const action of [1, 2, 3, 4, 1]) {
    env.step(action);
    for (let frame = 0; frame < 4; frame++) {
      if (coins.random() >= 0.25) held = action;
      expected.push(held);
    }
  }
  t.same(game.held, expected);
  const stuck = make({ repeatActionProbability: 1 });
  stuck.env.reset(createRng('pcg64', 3));
  stuck.env.step(4);
  t.same(stuck.game.held, [0, 0, 0, 0], 'at rest at first');
});

t.test('pooling takes the last two frames of a step, and no others', async (t) => {
  const { env, game, observe } = make({ maxPool: true });
  // Frame n lights pixel n alone, so that pooling shows two.
  game.draw = () => {
    game.screen.clear();
    game.screen.drawRect(game.frame, 0, 1, 1, 1);
  };
  const lit = () => [...observe().subarray(0, 160).keys()].filter((x) => observe()[x]! > 0);
  env.reset(createRng('pcg64', 0));
  t.same(lit(), [0]);
  env.step(0);
  t.same(lit(), [3, 4]);
  env.step(0);
  t.same(lit(), [7, 8]);

  const other = make({ maxPool: true });
  other.game.draw = () => {
    other.game.screen.clear();
    other.game.screen.drawRect(other.game.frame, 0, 1, 1, 1);
  };
  other.env.reset(createRng('pcg64', 9));
  other.env.restore(structuredClone(env.snapshot()));
  t.same(other.observe(), observe(), 'a snapshot holds the frame before');
  env.step(0);
  other.env.step(0);
  t.same(lit(), [11, 12]);
  t.same(other.observe(), observe(), 'and goes on with what follows');
});

t.test('one frame a step has nothing to pool', async (t) => {
  const { env, lit } = make({ maxPool: true, frameSkip: 1 });
  env.reset(createRng('pcg64', 0));
  env.step(0);
  t.equal(lit(), 1);
  t.match(env.snapshot(), { before: null });
});

t.test('observations: scaled, coloured, shrunk, or a few numbers', async (t) => {
  const scaled = make({ scaleObs: true });
  scaled.env.reset(createRng('pcg64', 0));
  scaled.env.step(0);
  t.same(scaled.env.observationSpace.toJSON(), {
    type: 'Box',
    dtype: 'float32',
    shape: [210, 160],
    low: 0,
    high: 1,
  });
  t.equal(scaled.observe()[0], Math.fround(250 / 255));
  t.same(make({ obsType: 'rgb' }).env.observationSpace.shape, [210, 160, 3]);
  t.same(make({ screenSize: 84 }).env.observationSpace.shape, [84, 84]);
  t.same(make({ obsType: 'rgb', screenSize: 84 }).env.observationSpace.shape, [84, 84, 3]);
  const state = make({ obsType: 'state' });
  state.env.reset(createRng('pcg64', 0));
  state.env.step(0);
  t.same([...state.observe()], [Math.fround(0.2)]);
});

t.test('what is no snapshot is refused', async (t) => {
  const { env } = make({ maxPool: true });
  env.reset(createRng('pcg64', 0));
  const good = env.snapshot() as Record<string, unknown>;
  for (const bad of [
    null,
    {},
    { ...good, frames: -1 },
    { ...good, before: [0, 5] },
    { ...good, before: 'x' },
  ]) {
    t.throws(() => env.restore(bad), { code: 'bad_snapshot' });
  }
});
