import t from 'tap';
import { farstep } from './command.js';

// Each command is a process of its own.
t.setTimeout(900_000);

t.test('every command explains itself', async (t) => {
  const dir = t.testdir();
  for (const command of [
    'serve',
    'key',
    'top',
    'envs',
    'agents',
    'train',
    'eval',
    'plot',
    'play',
    'regress',
    'expert',
    'bench',
    'conform',
    'fuzz',
    'soak',
    'demo',
  ]) {
    const { code, stdout } = await farstep(dir, command, '--help');
    t.equal(code, 0);
    t.match(stdout, new RegExp(`Usage: farstep ${command}`));
  }
});

t.test('a wrong word names the nearest right one', async (t) => {
  const dir = t.testdir();
  const cases: [string[], RegExp][] = [
    [['trian'], /Did you mean train\?/],
    [['train', 'dqn', '--env', 'CartPole-v1', '--stpes', '5'], /Did you mean --steps\?/],
    [['train', 'dqm', '--env', 'CartPole-v1'], /no agent "dqm"; did you mean "dqn"\?/],
    [
      ['train', 'dqn', '--env', 'CartPole-v1', '--set', 'gama=0.9'],
      /no setting "gama"; did you mean "gamma"\?/,
    ],
    [['train', 'dqn', '--env', 'CartPole-v2'], /no env "CartPole-v2".*CartPole-v1/],
    [['serve', '--limit', 'session=3'], /no limit session; there are pendingConnections, sessions/],
    [['envs', 'nowhere'], /no env has nowhere in its id/],
  ];
  for (const [args, message] of cases) {
    const { code, stderr } = await farstep(dir, ...args);
    t.not(code, 0, args.join(' '));
    t.match(stderr, message);
    t.notMatch(stderr, /\n\s+at /, 'no stack trace');
  }
});

t.test('a wrong value names what was expected', async (t) => {
  const dir = t.testdir();
  const cases: [string[], RegExp][] = [
    [['train', 'dqn', '--env', 'CartPole-v1', '--steps', 'many'], /Expected an integer of at least 1/],
    [
      ['train', 'dqn', '--env', 'CartPole-v1', '--set', 'gamma=2'],
      /setting gamma: expected a number from 0 to 1, got "2"/,
    ],
    [
      ['train', 'dqn', '--env', 'CartPole-v1', '--backend', 'abacus'],
      /choices are auto, wasm, native, gpu, cpu/,
    ],
    [['train', 'dqn'], /which env\? Add --env/],
    [['train'], /which agent\? There are .*\bdqn\b/],
    [['train', 'dqn', '--resume', 'x'], /leave out dqn/],
    [['serve', '--port', '70000'], /Expected an integer from 0 to 65535/],
    [
      ['train', 'dqn', '--env', 'CartPole-v1', '--option', 'sutton_barto_reward=7'],
      /sutton_barto_reward must be a boolean, got 7/,
    ],
  ];
  for (const [args, message] of cases) {
    const { code, stderr } = await farstep(dir, ...args);
    t.not(code, 0, args.join(' '));
    t.match(stderr, message);
  }
});

t.test('lists as JSON', async (t) => {
  const dir = t.testdir();
  const envs = JSON.parse((await farstep(dir, 'envs', 'cartpole', '--json')).stdout);
  t.equal(envs.length, 1);
  t.equal(envs[0].id, 'CartPole-v1');
  t.equal(envs[0].rewardThreshold, 475);
  const [dqn] = JSON.parse((await farstep(dir, 'agents', 'dqn', '--json')).stdout);
  t.equal(dqn.settings.gamma.default, 0.99);
  t.ok(dqn.presets['MinAtar/Breakout-v1'], 'with presets');
});
