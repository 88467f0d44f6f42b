import t from 'tap';
import type { Policy } from '../../../agents/agent.js';
import { mean } from '../../../agents/mean.js';
import { Random } from '../../../agents/random.js';
import { randomPolicy } from '../../../agents/random-policy.js';
import { evaluate } from '../../../agents/run/evaluate.js';
import { record } from '../../../agents/run/record.js';
import { Corridor } from './corridor.js';

/** Env i always goes right where `right(i)`, else left. */
const directions = (numEnvs: number, right: (i: number) => boolean): Policy => ({
  act: () => [Int32Array.from({ length: numEnvs }, (_, i) => (right(i) ? 1 : 0))],
});

t.test('each env contributes its share, however short its episodes are', async (t) => {
  // A policy that alternates in env 0 is cut off after 9 steps; in env 1 an episode takes 2.
  const env = new Corridor({ numEnvs: 2, cells: 5, limit: 9 });
  let time = 0;
  const policy: Policy = { act: () => [Int32Array.of(time++ % 2, 1)] };
  const { returns, lengths, unfinished } = await evaluate(env, policy, {
    episodes: 5,
    seed: 0,
    maxSteps: 1000,
  });
  t.strictSame(lengths.sort(), Uint32Array.of(2, 2, 9, 9, 9), 'three of env 0, two of env 1');
  t.equal(mean(returns), 2 / 5);
  t.equal(unfinished, 0);
});

t.test('fewer episodes than envs', async (t) => {
  const env = new Corridor({ numEnvs: 4, cells: 5, limit: 9 });
  const { returns } = await evaluate(
    env,
    directions(4, (i) => i < 2),
    { episodes: 3, seed: 0, maxSteps: 100 },
  );
  t.same([...returns], [1, 1, 0]);
});

t.test('episodes that do not end in time count with what they earned, and are counted', async (t) => {
  const env = new Corridor({ numEnvs: 2, cells: 5, limit: 1000 });
  let time = 0;
  const policy: Policy = { act: () => [Int32Array.of(time++ % 2, 1)] };
  const { returns, lengths, unfinished } = await evaluate(env, policy, { episodes: 2, seed: 0, maxSteps: 7 });
  t.same([...returns], [1, 0]);
  t.same([...lengths], [2, 7]);
  t.equal(unfinished, 1);
});

t.test('the seed decides everything', async (t) => {
  const env = new Corridor({ numEnvs: 3, cells: 9, limit: 100, slip: 0.2 });
  const play = async (seed: number) =>
    (await evaluate(env, randomPolicy(env), { episodes: 20, seed, maxSteps: 10_000 })).lengths;
  t.same(await play(1), await play(1));
  t.notSame(await play(1), await play(2));
});

t.test('stops when asked', async (t) => {
  const env = new Corridor({ numEnvs: 1, cells: 5, limit: 9 });
  const signal = AbortSignal.abort(new Error('enough'));
  await t.rejects(evaluate(env, randomPolicy(env), { episodes: 1, seed: 0, maxSteps: 10, signal }), {
    message: 'enough',
  });
});

t.test('other autoreset modes are refused', async (t) => {
  class NextStep extends Corridor {
    override readonly autoreset = 'next_step';
  }
  const env = new NextStep({ numEnvs: 1, cells: 5, limit: 9 });
  await t.rejects(evaluate(env, randomPolicy(env), { episodes: 1, seed: 0, maxSteps: 10 }), {
    message: "agents need an env made with autoreset 'same_step', got 'next_step'",
  });
});

t.test('a recording is one episode, from its first state on', async (t) => {
  const env = new Corridor({ numEnvs: 1, cells: 7, limit: 9 });
  const policy = directions(1, () => true);
  const whole = await record(env, policy, { seed: 0, maxFrames: 100 });
  t.same(
    whole.frames.map(({ data }) => data[0]),
    [3, 4, 5],
  );
  t.equal(whole.return, 1);
  const part = await record(env, policy, { seed: 0, maxFrames: 2 });
  t.equal(part.frames.length, 2);
  t.equal(part.return, 0);
});

t.test('random actions fit the space', async (t) => {
  const env = new Corridor({ numEnvs: 50, cells: 5, limit: 9 });
  const [actions] = randomPolicy(env).act([], { explore: false, random: new Random(0) });
  t.type(actions, Int32Array);
  t.equal(actions!.length, 50);
  t.same(new Set(actions as Int32Array), new Set([0, 1]));
});
