import t from 'tap';
import { createRng, type Env, getEnv, resolveOptions, VectorEnv } from '../../envs/index.js';
import { generateMap, parseMap } from '../../envs/tabular/lake-maps.js';
import { loadJSON, replay, unpack } from './recording.js';

/** What `record_tables` in scripts/record-originals.py wrote. */
const recorded = loadJSON('tables') as {
  readonly tables: readonly {
    readonly env: string;
    readonly options: Readonly<Record<string, unknown>>;
    readonly actions: number;
    /** Outcomes of each state and action. */
    readonly counts: string;
    readonly probabilities: string;
    readonly nextStates: string;
    readonly rewards: string;
    readonly terminated: string;
  }[];
  readonly maps: readonly {
    readonly size: number;
    readonly p: number;
    readonly seed: number;
    readonly rows: readonly string[];
  }[];
};

function make(env: string, options: Readonly<Record<string, unknown>> = {}): VectorEnv {
  const definition = getEnv(env);
  return new VectorEnv(definition, {
    numEnvs: 2,
    options: resolveOptions(definition.spec, options),
    autoreset: 'next_step',
  });
}

for (const { env, options, actions, counts, ...columns } of recorded.tables) {
  t.test(`${env} ${JSON.stringify(options)} has the original's transition table`, async (t) => {
    const table = make(env, options).transitions()!;
    t.equal(table.numActions, actions);
    t.equal(table.numStates * actions, table.first.length - 1);
    const ends = unpack(counts, 'int32') as Int32Array;
    for (let i = 1; i < ends.length; i++) ends[i]! += ends[i - 1]!;
    t.same(table.first.subarray(1), ends);
    t.same(table.probabilities, unpack(columns.probabilities, 'float64'));
    t.same(table.nextStates, unpack(columns.nextStates, 'int32'));
    t.same(table.rewards, unpack(columns.rewards, 'float64'));
    t.same(table.terminated, unpack(columns.terminated, 'uint8'));
  });
}

t.test('an env that is no table has none', async (t) => {
  t.equal(make('CartPole-v1').transitions(), undefined);
  t.equal(make('Blackjack-v1').transitions(), undefined, 'nor has it one in Gymnasium');
});

t.test('the copies of a vector env share a table', async (t) => {
  const definition = getEnv('Taxi-v4');
  const options = resolveOptions(definition.spec, {});
  const tables = [1, 2].map(() => definition.create(options).transitions!());
  t.equal(tables[0], tables[1]);
});

t.test('Taxi-v3 takes the trajectories of Taxi-v4 without options', async (t) => {
  t.equal(replay('taxi', {}, 'Taxi-v3').mismatch, undefined);
});

for (const { size, p, seed, rows } of recorded.maps) {
  t.test(`the generated map of size ${size}, p ${p}, seed ${seed} is the original's`, async (t) => {
    t.same(generateMap(size, p, seed), rows);
  });
}

t.test('FrozenLake plays on a map of any shape', async (t) => {
  t.same(parseMap('SF/FG'), ['SF', 'FG']);
  t.equal(make('FrozenLake-v1', { desc: 'SFFFFG' }).observationSpace.toString(), 'Discrete(6)');
  t.equal(
    make('FrozenLake-v1', { map_name: 'generated', map_size: 5 }).observationSpace.toString(),
    'Discrete(25)',
  );
});

t.test('what FrozenLake cannot be made of is refused', async (t) => {
  const refused = (options: Readonly<Record<string, unknown>>, message: RegExp) =>
    t.throws(() => make('FrozenLake-v1', options), { code: 'bad_options', message });
  refused({ desc: '' }, /row 0 must be of the letters S, F, H and G, got ""/);
  refused({ desc: 'SFX/FFG' }, /row 0 must be of the letters .* got "SFX"/);
  refused({ desc: 'SF/FFG' }, /row 1 has 3 columns, the first has 2/);
  refused({ desc: 'FF/FG' }, /no start \(S\)/);
  refused({ desc: 'SF/FF' }, /no way leads from a start/);
  refused({ desc: 'SHG' }, /no way leads from a start/);
  refused({ desc: 'SFG/HHH/SHH' }, /no way leads from a start/);
  refused({ desc: 'S'.repeat(65) }, /at most 64 rows and columns/);
  refused({ map_name: 'generated', map_p: 0.05 }, /none of 1000 maps can be solved/);
  refused({ map_name: '5x5' }, /map_name must be one of 4x4, 8x8, generated/);
  for (const options of [{}, { map_name: 'generated', map_p: 0.5 }, { map_name: 'generated', desc: 'SFG' }]) {
    refused(
      { levels: 'train', ...options },
      /levels: needs map_name generated, no desc, and a map_p of at least 0.6/,
    );
  }
  refused({ reward_schedule: '1,2' }, /three numbers with commas between, got "1,2"/);
  refused({ reward_schedule: '1,2,x' }, /three numbers/);
});

const LEVELS = { map_name: 'generated', map_size: 6, map_p: 0.7 };
const makeLake = (options: Readonly<Record<string, unknown>>): Env<number> => {
  const definition = getEnv('FrozenLake-v1');
  return definition.create(resolveOptions(definition.spec, options)) as Env<number>;
};

t.test('FrozenLake draws levels to train on and others to test on', async (t) => {
  const drawn = (levels: string) => {
    const env = makeLake({ ...LEVELS, levels });
    const rng = createRng('pcg64', 0);
    return Array.from({ length: 100 }, () => {
      env.reset(rng);
      return (env.snapshot() as number[])[0]!;
    });
  };
  const [train, test, all] = ['train', 'test', 'all'].map(drawn) as [number[], number[], number[]];
  t.ok(train.every((level) => level < 800) && new Set(train).size > 50);
  t.ok(test.every((level) => level >= 800 && level < 1000) && new Set(test).size > 50);
  t.ok(all.some((level) => level < 800) && all.some((level) => level >= 800));
});

t.test('an episode on a level is one on the map of that seed, which is seen', async (t) => {
  const env = makeLake({ ...LEVELS, levels: 'test' });
  const rng = createRng('pcg64', 3);
  const twin = createRng('pcg64', 3);
  const seen = new Uint8Array(6 * 6 * 3);
  for (let episode = 0; episode < 20; episode++) {
    env.reset(rng);
    const level = twin.integers(800, 1000);
    const alone = makeLake({ ...LEVELS, map_seed: level });
    alone.reset(twin);
    for (let action = episode; !env.terminated && action < episode + 100; action++) {
      env.step(action % 4);
      alone.step(action % 4);
      t.same([env.reward, env.terminated], [alone.reward, alone.terminated]);
    }
    const cell = new Int32Array(1);
    alone.observe(cell);
    env.observe(seen);
    const letters = generateMap(6, 0.7, level).join('');
    const planes = [...letters].map((letter, i) =>
      [letter === 'G', letter === 'H', i === cell[0]].map(Number),
    );
    t.same([...seen], planes.flat());
  }
  t.equal(env.transitions?.(), undefined, 'there is no one table');
});

t.test('a snapshot takes its level along', async (t) => {
  const env = makeLake({ ...LEVELS, levels: 'all' });
  const look = () => {
    const out = new Uint8Array(6 * 6 * 3);
    env.observe(out);
    return out;
  };
  const rng = createRng('pcg64', 0);
  env.reset(rng);
  const [snapshot, here] = [env.snapshot(), look()];
  env.reset(rng);
  t.notSame(look(), here);
  for (const bad of [
    [1000, 0, 1],
    [0.5, 0, 1],
    [0, 36, 1],
    [0, -1, 1],
    [0, 0],
  ]) {
    t.throws(() => env.restore(bad), { code: 'bad_snapshot' });
  }
  env.restore(snapshot);
  t.same(look(), here);
});

t.test('the reward range is that of the reward schedule', async (t) => {
  t.same(make('FrozenLake-v1', { reward_schedule: '5,-2,-0.5' }).spec.rewardRange, [-2, 5]);
  t.same(make('FrozenLake-v1').spec.rewardRange, [0, 1]);
});
