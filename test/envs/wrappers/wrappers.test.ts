import t from 'tap';
import { cartPole } from '../../../envs/classic/cartpole.js';
import { pendulum } from '../../../envs/classic/pendulum.js';
import type { Env, EnvDefinition } from '../../../envs/env.js';
import { pointMaze } from '../../../envs/goals/point-maze.js';
import { createRng, isGoalEnv, resolveOptions } from '../../../envs/index.js';
import { breakout } from '../../../envs/pixel/breakout.js';
import type { Rng } from '../../../envs/rng/rng.js';
import { blackjack } from '../../../envs/tabular/blackjack.js';
import { taxiEnvs } from '../../../envs/tabular/taxi.js';
import { ActionRepeat } from '../../../envs/wrappers/action-repeat.js';
import { Delay } from '../../../envs/wrappers/delay.js';
import { Flicker } from '../../../envs/wrappers/flicker.js';
import { FrameStack } from '../../../envs/wrappers/frame-stack.js';
import { withWrappers } from '../../../envs/wrappers/index.js';
import { MaskVelocity } from '../../../envs/wrappers/mask-velocity.js';
import { Noise } from '../../../envs/wrappers/noise.js';
import { TimeAware } from '../../../envs/wrappers/time-aware.js';
import { Box, Dict, Discrete } from '../../../protocol/spaces/index.js';

/** Observes how many steps were taken, negated besides; pays 1 a step and ends with step 7. */
class Counter implements Env {
  readonly observationSpace = new Box([0, -50], [50, 0], [2]);
  readonly actionSpace = new Discrete(2);
  reward = 0;
  count = 0;
  get terminated(): boolean {
    return this.count >= 7;
  }
  reset(): void {
    this.count = 0;
    this.reward = 0;
  }
  step(): void {
    this.count++;
    this.reward = 1;
  }
  observe(out: Float32Array): void {
    out[0] = this.count;
    out[1] = -this.count;
  }
  snapshot(): unknown {
    return this.count;
  }
  restore(snapshot: unknown): void {
    this.count = snapshot as number;
  }
}

/** What a wrapped env shows after a reset and after each of some steps. */
function shown(env: Env, steps: number, rng: Rng = createRng('pcg64', 0)): number[][] {
  const out = new Float32Array(env.observationSpace.leaves[0]!.shape.reduce((n, size) => n * size, 1));
  const look = () => {
    env.observe(out);
    return [...out];
  };
  env.reset(rng);
  const all = [look()];
  for (let i = 0; i < steps; i++) {
    env.step(0);
    all.push(look());
    if (String(look()) !== String(all.at(-1))) t.fail('observing twice gives the same');
  }
  return all;
}

t.test('action repeat sums the rewards up to the end of the episode', async (t) => {
  const env = new ActionRepeat(new Counter(), 3, [-1, 2]);
  t.same(env.rewardRange, [-3, 6]);
  env.reset(createRng('pcg64', 0));
  const rewards = [0, 0, 0].map(() => {
    env.step(0);
    return env.reward;
  });
  t.same(rewards, [3, 3, 1]);
  t.ok(env.terminated);
  env.reset(createRng('pcg64', 0));
  t.equal(env.reward, 0);
});

t.test('mask velocity shows 0 in their place', async (t) => {
  t.same(shown(new MaskVelocity(new Counter(), [1]), 2), [
    [0, 0],
    [1, 0],
    [2, 0],
  ]);
});

t.test('delay shows what was some steps ago, and zeros until then', async (t) => {
  t.same(shown(new Delay(new Counter(), 2), 4), [
    [0, 0],
    [0, 0],
    [0, -0],
    [1, -1],
    [2, -2],
  ]);
  const env = new Delay(new Counter(), 2);
  shown(env, 5);
  t.same(shown(env, 3).at(-1), [1, -1], 'an episode does not show the one before');
});

t.test('frame stack shows the last ones, the oldest first, the first repeated', async (t) => {
  const env = new FrameStack(new Counter(), 3);
  t.same(env.observationSpace.toJSON(), {
    type: 'Box',
    dtype: 'float32',
    shape: [3, 2],
    low: [0, -50], // and again for each frame
    high: [50, 0],
  });
  t.same(shown(env, 3), [
    [0, -0, 0, -0, 0, -0],
    [0, -0, 0, -0, 1, -1],
    [0, -0, 1, -1, 2, -2],
    [1, -1, 2, -2, 3, -3],
  ]);
  t.same(shown(env, 0), [[0, -0, 0, -0, 0, -0]]);
});

t.test('remembered readings are bytes in a snapshot', async (t) => {
  for (const make of [
    () => new FrameStack(new Counter(), 3),
    () => new Delay(new Counter(), 2),
    () => new Noise(new Counter(), 0.5),
  ]) {
    const env = make();
    shown(env, 5);
    const { own, env: inner } = env.snapshot() as { own: Uint8Array; env: unknown };
    t.type(own, Uint8Array);
    const other = make();
    shown(other, 1);
    other.restore({ own: Buffer.from(own), env: inner });
    t.same(other.snapshot(), { own, env: inner });
    for (const bad of [own.subarray(1), [...own], undefined])
      t.throws(() => other.restore({ own: bad, env: inner }), {
        code: 'bad_snapshot',
        message: new RegExp(`expected ${own.length} bytes of readings`),
      });
  }
});

t.test('flicker shows zeros when the coin says so', async (t) => {
  const coins = createRng('pcg64', 4);
  const expected = Array.from({ length: 31 }, (_, i) => (coins.random() < 0.5 ? 0 : i));
  const got = shown(new Flicker(new Counter(), 0.5), 30, createRng('pcg64', 4));
  t.same(
    got.map(([count]) => count),
    expected,
  );
});

t.test('noise has the deviation asked for, and stays in the space', async (t) => {
  const still = new Counter();
  still.step = () => {};
  still.count = 0;
  const env = new Noise(still, 0.5);
  const readings = shown(env, 4000).map(([first]) => first!);
  // Half of a normal distribution is cut off at 0, the space's bound.
  const mean = readings.reduce((sum, x) => sum + x, 0) / readings.length;
  t.ok(Math.abs(mean - 0.5 / Math.sqrt(2 * Math.PI)) < 0.02, `mean ${mean}`);
  t.ok(readings.every((x) => x >= 0));
  const squares = readings.reduce((sum, x) => sum + x * x, 0) / readings.length;
  t.ok(Math.abs(squares - 0.125) < 0.02, `mean square ${squares}`);
});

t.test('noise in pictures is whole numbers', async (t) => {
  const definition = withWrappers(breakout);
  const given = { preprocess: true, observation_noise: 20 };
  const env = definition.create(resolveOptions(definition.spec, given));
  env.reset(createRng('pcg64', 0));
  const out = new Uint8Array(84 * 84);
  env.observe(out);
  t.ok(new Set(out).size > 30);
});

t.test('time: a last element of vectors, an entry of anything else', async (t) => {
  t.same(shown(new TimeAware(new Counter(), 4), 5), [
    [0, -0, 0],
    [1, -1, 0.25],
    [2, -2, 0.5],
    [3, -3, 0.75],
    [4, -4, 1],
    [5, -5, 1],
  ]);
  t.ok(create(pointMaze, { time_aware: true }).observationSpace instanceof Dict);
  const space = create(taxiEnvs[0]!, { time_aware: true }).observationSpace as Dict;
  t.same(Object.keys(space.spaces), ['obs', 'time']);
});

const create = (definition: EnvDefinition, given: Readonly<Record<string, unknown>>): Env => {
  const wrapped = withWrappers(definition);
  return wrapped.create(resolveOptions(wrapped.spec, given));
};

t.test('options are there where they make sense', async (t) => {
  const names = (definition: EnvDefinition) => Object.keys(withWrappers(definition).spec.options);
  t.ok(names(cartPole).includes('mask_velocity'));
  t.notOk(names(pointMaze).includes('mask_velocity'));
  t.ok(names(pendulum).includes('time_aware'));
  t.notOk(names(blackjack).includes('time_aware'));
  const taken = {
    ...cartPole,
    spec: { ...cartPole.spec, options: { flicker: cartPole.spec.options.sutton_barto_reward! } },
  };
  t.throws(() => withWrappers(taken), /has an option flicker of its own/);
  t.ok(isGoalEnv(withWrappers(pointMaze)), 'what else a definition offers stays');
});

t.test('without options the env is what it was', async (t) => {
  const env = create(cartPole, {});
  t.equal(env.constructor, create(cartPole, {}).constructor);
  t.equal(env.constructor.name, 'CartPole');
});

t.test('wrappers are put in the order of the options', async (t) => {
  const all = { mask_velocity: true, frame_stack: 2, observation_delay: 1, time_aware: true };
  const env = create(cartPole, all);
  t.same(
    Object.keys((env.observationSpace as Dict).spaces),
    ['obs', 'time'],
    'time last: a stack is no vector',
  );
  t.same((env.observationSpace as Dict).spaces.obs!.leaves[0]!.shape, [2, 4]);
  env.reset(createRng('pcg64', 0));
  const out = { obs: new Float32Array(8), time: new Float32Array(1) };
  env.observe(out);
  t.same([...out.obs], new Array(8).fill(0), 'nothing has come yet');
  env.step(1);
  env.observe(out);
  t.same([...out.obs.subarray(0, 4)], [0, 0, 0, 0]);
  t.not(out.obs[4], 0);
  t.same([out.obs[5], out.obs[7]], [0, 0], 'velocities are masked');
  t.equal(out.time[0], Math.fround(1 / 500));
});

t.test('of a Dict the observation alone is changed, not the goals', async (t) => {
  const plain = create(pointMaze, {});
  const env = create(pointMaze, { frame_stack: 3, flicker: 1 });
  const { observation, achieved_goal, desired_goal } = (plain.observationSpace as Dict).spaces;
  t.same((env.observationSpace as Dict).spaces.observation!.leaves[0]!.shape, [
    3,
    ...observation!.leaves[0]!.shape,
  ]);
  const out = {
    observation: new Float32Array(3 * observation!.leaves[0]!.shape[0]!),
    achieved_goal: new Float32Array(achieved_goal!.leaves[0]!.shape[0]!),
    desired_goal: new Float32Array(desired_goal!.leaves[0]!.shape[0]!),
  };
  env.reset(createRng('pcg64', 0));
  env.observe(out);
  t.ok(out.observation.every((x) => x === 0));
  t.ok(out.desired_goal.some((x) => x !== 0));
});

t.test('what a wrapper cannot read is refused', async (t) => {
  for (const option of ['observation_noise', 'flicker', 'observation_delay', 'frame_stack']) {
    const given = { [option]: option === 'flicker' ? 0.5 : 2 };
    t.throws(() => create(taxiEnvs[0]!, given), { code: 'bad_options', message: new RegExp(option) });
  }
});

t.test('infos, pictures and tables come through', async (t) => {
  const env = create(breakout, { preprocess: true, frame_stack: 4 });
  t.ok(env.infoSpaces?.lives);
  env.reset(createRng('pcg64', 0));
  const info = { lives: new Int32Array(1), episode_frame_number: new Int32Array(1) };
  env.writeInfo!(info);
  t.equal(info.lives[0], 5);
  t.equal(env.render!().width, 160);
  t.ok(create(taxiEnvs[0]!, { action_repeat: 2 }).transitions!());
  t.equal(typeof create(cartPole, { action_repeat: 2 }).writeInfo, 'undefined');
});
