import t from 'tap';
import type { EnvDefinition } from '../../envs/env.js';
import { getEnv, listEnvs, registerEnv, resolveOptions } from '../../envs/index.js';
import { resolveResetOptions } from '../../envs/options.js';
import { nearest } from '../../protocol/nearest.js';

t.test('envs are found by their id', async (t) => {
  t.equal(getEnv('CartPole-v1').spec.id, 'CartPole-v1');
  const ids = listEnvs().map(({ spec }) => spec.id);
  t.same(ids, [...ids].sort(), 'listed in order');
  t.ok(ids.includes('MinAtar/Breakout-v1'));
});

t.test('an unknown id names the nearest ones', async (t) => {
  t.throws(() => getEnv('cartpole'), {
    code: 'unknown_env',
    message: /no env "cartpole"; the nearest are CartPole-v1/,
  });
  t.throws(() => getEnv('MinAtar/Brakeout-v1'), {
    message: /nearest are MinAtar\/Breakout-v1, MinAtar\/Breakout-v0/,
  });
});

t.test('an id is taken once', async (t) => {
  t.throws(() => registerEnv(getEnv('CartPole-v1')), /CartPole-v1 is registered already/);
});

t.test('nearest counts changed characters, whatever their case', async (t) => {
  t.same(nearest('sittin', ['kitten', 'Sitting', 'mitten'], 2), ['Sitting', 'kitten']);
  t.same(nearest('', ['ab', 'a'], 5), ['a', 'ab']);
  t.same(nearest('a'.repeat(1e6), ['b'], 1), ['b'], 'an endless name takes no time');
});

const definition: EnvDefinition = {
  ...getEnv('CartPole-v1'),
  spec: {
    ...getEnv('CartPole-v1').spec,
    id: 'Test-v0',
    options: {
      size: { type: 'integer', default: 4, min: 2, max: 10, description: 'Rows.' },
      slip: { type: 'number', default: 0.5, min: 0, description: 'Chance.' },
      map: { type: 'string', default: null, choices: ['4x4', '8x8'], description: 'Map.' },
      hard: { type: 'boolean', default: false, description: 'Harder.' },
    },
  },
};

t.test('options not given take their defaults', async (t) => {
  t.same(resolveOptions(definition.spec, undefined), { size: 4, slip: 0.5, map: null, hard: false });
  t.same(resolveOptions(definition.spec, { map: '8x8', slip: 0 }), {
    size: 4,
    slip: 0,
    map: '8x8',
    hard: false,
  });
  t.same(resolveOptions(definition.spec, { map: null }).map, null);
});

t.test('a wrong option is named, with what is allowed', async (t) => {
  const refused = (options: Readonly<Record<string, unknown>>, message: RegExp) =>
    t.throws(() => resolveOptions(definition.spec, options), { code: 'bad_options', message });
  refused({ sise: 5 }, /^Test-v0: no option "sise"; did you mean size\? It has size, slip, map, hard$/);
  refused({ constructor: 5 }, /no option "constructor"/);
  refused({ size: 11 }, /option size must be an integer from 2 to 10, got 11/);
  refused({ size: 2.5 }, /option size must be an integer/);
  refused({ size: null }, /option size must be an integer from 2 to 10, got null/);
  refused({ slip: -1 }, /option slip must be a number of at least 0, got -1/);
  refused({ slip: Number.NaN }, /option slip must be a number/);
  refused({ map: '5x5' }, /option map must be one of 4x4, 8x8 or null, got "5x5"/);
  refused({ hard: 1 }, /option hard must be a boolean, got 1/);
});

t.test('reset options are checked likewise', async (t) => {
  t.equal(resolveResetOptions(definition, undefined), undefined);
  t.same(resolveResetOptions(definition, { low: -1 }), { low: -1 });
  t.throws(() => resolveResetOptions(definition, { lo: 1 }), {
    code: 'bad_options',
    message: /reset of Test-v0/,
  });
  t.throws(() => resolveResetOptions(getEnv('MinAtar/Breakout-v1'), { low: 1 }), { message: /it has none/ });
});
