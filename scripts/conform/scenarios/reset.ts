/** Beginnings: seeds, subsets, and what a reset in the midst of an episode does. */
import { type Rows, rowsOf } from '../handle.js';
import { scenario } from '../stage.js';

export const reset = scenario({
  name: 'reset',
  title: 'Episodes begin: all, some, with seeds and without, and in the midst of others.',
  rules: {
    'reset/make-seed':
      'env i begins with `seed + i`: for the first reset of each env that brings no seed of its own',
    'reset/seed': 'A seed starts the random stream of its env anew',
    'reset/seeds': "| `seeds` | array of integers | the seed of each env's random stream |",
    'reset/nil': 'nil, or no `seeds`, goes on with the stream that the env has.',
    'reset/ids': 'which envs, each at most once, in any order; all where absent',
    'reset/rows': 'envs that were reset: the rows of everything below, in the order of `ids`',
    'reset/mask': '| `mask` | array of N booleans, optional | the same in another form; not both |',
    'reset/midst':
      'An env may be reset at any time, in the midst of an episode too; the episode is then forgotten.',
    'reset/bad-ids': '| `bad_ids` | yes | | ids out of range or repeated |',
    'reset/seed-count':
      '| `seeds` | array of integers or nil, optional | one for each env that is reset, in the order of `ids` |',
    'reset/no-such-env': '| `no_such_env` | yes | | an env handle that was never made or is closed |',
  },
  needs: ['env'],
  async play(stage) {
    const peer = await stage.welcomed();
    const fields = { env: stage.id('env'), numEnvs: 3, seed: 100, maxEpisodeSteps: 4 };
    const env = await peer.make(fields, 'Three envs, whose seeds are 100, 101 and 102.');
    const hasSeeds = (
      rule: Parameters<typeof stage.check>[0],
      { seeds }: Rows,
      ...expected: readonly number[]
    ) => stage.same(rule, seeds, expected, 'seeds');

    const first = await peer.reset(
      env,
      { ids: [2, 0] },
      'Two envs, the last one first.',
      'Their rows in that order.',
    );
    stage.same('reset/rows', first.n, 2, 'n');
    hasSeeds('reset/make-seed', first, 102, 100);
    const seeds = [100, 101, 102];
    const all = await peer.reset(env, { seeds }, 'All envs, with the very seeds of make.', 'Three rows.');
    hasSeeds('reset/seeds', all, ...seeds);
    const [row0, row1, row2] = rowsOf(all);
    const [was2, was0] = rowsOf(first);
    stage.same('reset/rows', [was2, was0], [row2, row0], 'the rows in the order of ids');
    stage.same('reset/seed', [was2, was0], [row2, row0], 'episodes of the same seeds');

    const own = { seeds: [null, 7, null], ids: [0, 2, 1] };
    const mixed = await peer.reset(env, own, 'One env gets a seed, two go on with their streams.');
    hasSeeds('reset/nil', mixed, 100, 7, 101);
    hasSeeds('reset/seeds', mixed, 100, 7, 101);

    const again = await peer.reset(env, { seeds }, 'The first seeds once more.', 'The first rows once more.');
    stage.same('reset/seed', rowsOf(again), [row0, row1, row2], 'episodes of the same seeds');
    const onward = await peer.reset(
      env,
      {},
      'All go on with their streams.',
      'What the second episodes begin with.',
    );
    const twin = await peer.make(fields, 'A twin of the same seeds.');
    await peer.reset(twin, {}, 'Its first episodes begin.');
    const masked = { mask: [false, true, true] };
    const second = await peer.reset(
      twin,
      masked,
      'Two of its second ones, by a mask.',
      'Two rows.',
      'reset/mask',
    );
    stage.same('reset/mask', rowsOf(second), rowsOf(onward).slice(1), 'the rows of the mask');
    const third = await peer.reset(
      twin,
      { ids: [0] },
      'And the third, by its index.',
      'One row.',
      'reset/ids',
    );
    stage.same('reset/ids', rowsOf(third), rowsOf(onward).slice(0, 1), 'the row of env 0');
    stage.same('reset/nil', rowsOf(third), rowsOf(onward).slice(0, 1), 'what equal streams go on with');

    for (let t = 0; t < 2; t++) await peer.step(env, env.actions(t), 'A step.', 'The episodes go on.');
    await peer.reset(
      env,
      { ids: [1] },
      'Env 1 begins anew after two steps.',
      'Its new episode.',
      'reset/midst',
    );
    let length: number | undefined;
    let steps = 0;
    while (length === undefined && steps < 4) {
      const { ended } = await peer.step(env, env.actions(10 + steps++), 'A step.', 'Until env 1 is over.');
      if (ended?.rows.includes(1)) length = ended.lengths[ended.rows.indexOf(1)];
    }
    stage.same('reset/midst', length, steps, 'length of the episode');

    const request = { type: 'reset', env: env.env };
    const refuse = (rule: Parameters<typeof hasSeeds>[0], bad: object, code: string, means: string) =>
      peer.refused(rule, { ...request, ...bad }, code, means);
    await refuse('reset/bad-ids', { ids: [3] }, 'bad_ids', 'There are three envs.');
    await refuse('reset/bad-ids', { ids: [1, 1] }, 'bad_ids', 'An env named twice.');
    await refuse('reset/bad-ids', { ids: [] }, 'bad_ids', 'No env at all.');
    await refuse('reset/mask', { ids: [0], mask: [true, true, true] }, 'bad_message', 'Both ids and a mask.');
    await refuse('reset/mask', { mask: [true] }, 'bad_message', 'A mask of one env for three.');
    await refuse('reset/seed-count', { ids: [0], seeds: [1, 2] }, 'bad_message', 'Two seeds for one env.');
    await refuse('reset/no-such-env', { env: 1_000_000 }, 'no_such_env', 'A handle that was never given.');
    peer.close();
  },
});
