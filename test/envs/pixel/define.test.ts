import t from 'tap';
import { createRng, resolveOptions } from '../../../envs/index.js';
import { pixelEnvs } from '../../../envs/pixel/index.js';
import { pong } from '../../../envs/pixel/pong.js';
import type { Box } from '../../../protocol/spaces/index.js';

const make = (given: Readonly<Record<string, unknown>> = {}) => pong.create(resolveOptions(pong.spec, given));
const observed = (given: Readonly<Record<string, unknown>>) => {
  const { shape, dtype } = make(given).observationSpace as Box;
  return [dtype, ...shape];
};
/** Frames before the first step, of ten episodes. */
function noops(given: Readonly<Record<string, unknown>>): number[] {
  const env = make(given);
  const rng = createRng('pcg64', 0);
  return Array.from({ length: 10 }, () => {
    env.reset(rng);
    return (env.snapshot() as { frames: number }).frames;
  });
}
const pools = (given: Readonly<Record<string, unknown>>) => {
  const env = make(given);
  env.reset(createRng('pcg64', 0));
  return (env.snapshot() as { before: unknown }).before !== null;
};

t.test('as they come the games are like ALE/...-v5', async (t) => {
  t.same(observed({}), ['uint8', 210, 160, 3]);
  t.same(new Set(noops({})), new Set([0]));
  t.notOk(pools({}));
  t.match(resolveOptions(pong.spec, {}), {
    frame_skip: 4,
    repeat_action_probability: 0.25,
    terminal_on_life_loss: false,
    clip_reward: false,
  });
  t.same(
    pixelEnvs.map(({ spec }) => [spec.id, spec.maxEpisodeSteps]),
    ['Breakout', 'Invaders', 'Pong', 'Rally', 'Tanks'].map((name) => [`Pixel/${name}-v1`, 27_000]),
  );
});

t.test('preprocess makes of them what AtariPreprocessing does', async (t) => {
  t.same(observed({ preprocess: true }), ['uint8', 84, 84]);
  t.ok(pools({ preprocess: true }));
  const counts = noops({ preprocess: true });
  t.ok(counts.every((count) => count >= 1 && count <= 30));
  t.ok(new Set(counts).size > 3);
});

t.test('each setting can be chosen on its own', async (t) => {
  t.same(observed({ obs_type: 'grayscale' }), ['uint8', 210, 160]);
  t.same(observed({ preprocess: true, obs_type: 'rgb' }), ['uint8', 84, 84, 3]);
  t.same(observed({ preprocess: true, screen_size: 64 }), ['uint8', 64, 64]);
  t.same(observed({ screen_size: 100, scale_obs: true }), ['float32', 100, 100, 3]);
  t.same(observed({ preprocess: true, obs_type: 'state' }), ['float32', 12]);
  t.ok(pools({ max_pool: true }));
  t.notOk(pools({ preprocess: true, max_pool: false }));
  t.same(new Set(noops({ preprocess: true, noop_max: 0 })), new Set([0]));
});

t.test('options outside their range are refused', async (t) => {
  for (const given of [
    { frame_skip: 0 },
    { frame_skip: 17 },
    { screen_size: 7 },
    { screen_size: 161 },
    { obs_type: 'ram' },
    { repeat_action_probability: 1.5 },
    { noop_max: -1 },
    { opponent: 'impossible' },
    { lives: 3 },
  ]) {
    t.throws(() => make(given), { code: 'bad_options' }, JSON.stringify(given));
  }
});

t.test('the raw observation is what render shows', async (t) => {
  for (const definition of pixelEnvs) {
    const env = definition.create(resolveOptions(definition.spec, {}));
    env.reset(createRng('pcg64', 0));
    const out = new Uint8Array(210 * 160 * 3);
    env.observe(out);
    t.same(Buffer.compare(out, env.render!().data), 0, definition.spec.id);
  }
});
