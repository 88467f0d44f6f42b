import t from 'tap';
import {
  boolean,
  choice,
  completeSettings,
  expectation,
  integer,
  integers,
  number,
  parseAssignment,
  SettingError,
} from '../../agents/settings.js';

const table = {
  gamma: number(0.99, [0, 1], 'Discount.'),
  batchSize: integer(32, [1, Infinity], 'Transitions an update.'),
  hidden: integers([64, 64], [1, 4096], 'Units of each layer.'),
  double: boolean(true, 'Double Q-learning.'),
  noise: choice(['gaussian', 'none'], 'What is added to actions.'),
};

t.test('defaults fill in what is not given', async (t) => {
  const settings = completeSettings(table, { gamma: 0.9, hidden: [8] });
  t.same(settings, { gamma: 0.9, batchSize: 32, hidden: [8], double: true, noise: 'gaussian' });
  const noise: 'gaussian' | 'none' = settings.noise;
  t.equal(noise, 'gaussian');
  const gamma: number = settings.gamma;
  const hidden: readonly number[] = settings.hidden;
  t.same([gamma, hidden], [0.9, [8]]);
});

t.test('assignments are read by type', async (t) => {
  t.same(parseAssignment(table, 'gamma=0.5'), ['gamma', 0.5]);
  t.same(parseAssignment(table, 'gamma=1e-3'), ['gamma', 0.001]);
  t.same(parseAssignment(table, ' batchSize = 64 '), ['batchSize', 64]);
  t.same(parseAssignment(table, 'hidden=128,64'), ['hidden', [128, 64]]);
  t.same(parseAssignment(table, 'double=false'), ['double', false]);
  t.same(parseAssignment(table, 'noise=none'), ['noise', 'none']);
});

t.test('what is wrong is named', async (t) => {
  const message = (text: string): string => {
    try {
      parseAssignment(table, text);
    } catch (error) {
      t.type(error, SettingError);
      return (error as Error).message;
    }
    return t.fail(`${text} was accepted`) as never;
  };
  t.equal(message('gama=1'), 'no setting "gama"; did you mean "gamma"?');
  t.equal(message('batch_size=1'), 'no setting "batch_size"; did you mean "batchSize"?');
  t.equal(message('zzz=1'), 'no setting "zzz"; there are gamma, batchSize, hidden, double, noise');
  t.equal(message('toString=1'), 'no setting "toString"; there are gamma, batchSize, hidden, double, noise');
  t.equal(message('gamma=2'), 'setting gamma: expected a number from 0 to 1, got "2"');
  t.equal(message('gamma='), 'setting gamma: expected a number from 0 to 1, got ""');
  t.equal(message('gamma=NaN'), 'setting gamma: expected a number from 0 to 1, got "NaN"');
  t.equal(message('batchSize=1.5'), 'setting batchSize: expected an integer 1 or more, got "1.5"');
  t.equal(
    message('hidden=8,,8'),
    'setting hidden: expected integers with commas between them, each from 1 to 4096, got "8,,8"',
  );
  t.equal(message('double=yes'), 'setting double: expected true or false, got "yes"');
  t.equal(message('noise=pink'), 'setting noise: expected one of gaussian, none, got "pink"');
  t.equal(message('gamma'), 'expected a setting as name=value, got "gamma"');
});

t.test('values out of a file are checked as well', async (t) => {
  t.throws(() => completeSettings(table, { gamma: '0.9' }), {
    message: 'setting gamma: expected a number from 0 to 1, got "0.9"',
  });
  t.throws(() => completeSettings(table, { hidden: 64 }), SettingError);
  t.throws(() => completeSettings(table, { momentum: 1 }), SettingError);
  t.equal(expectation(table.batchSize), 'an integer 1 or more');
});
