/** Playing in the terminal, with keys that a test presses and a screen that it reads. */
import t, { type Test } from 'tap';
import { Random } from '../../agents/random.js';
import { Box, connect, Dict, Discrete } from '../../protocol/index.js';
import { Controls } from '../../scripts/play/controls.js';
import { openGame } from '../../scripts/play/game.js';
import { type PlayOptions, play } from '../../scripts/play/play.js';
import { terminalPicture } from '../../scripts/play/terminal-picture.js';
import { startServer } from '../server/rig.js';

t.test('keys choose among actions', async (t) => {
  const controls = new Controls(new Discrete(12, 5), 1);
  t.equal(controls.action(0), 5);
  for (const [key, action] of [
    ['3', 8],
    ['b', 16],
    ['space', 5],
  ] as const) {
    controls.press(key);
    t.equal(controls.action(0), action, key);
  }
  controls.chosen = false;
  for (const key of ['c', 'z', 'left', 'f1', 'space']) controls.press(key);
  t.equal(controls.action(0), 5, 'other keys are no actions');
  t.notOk(controls.chosen);
  t.match(controls.help, /^0-b: action, space: rest, p: pause/);
});

t.test('keys push the elements of a Box a notch down or up', async (t) => {
  const controls = new Controls(new Box([-1, -2, 1], [1, 2, 3], [3]), 1);
  const after = (...keys: string[]) => {
    for (const key of keys) controls.press(key);
    return [...(controls.action(0) as Float32Array)];
  };
  t.same(after(), [0, 0, 1], 'at rest, or as near as may be');
  t.same(after('left', 'left', 'down'), [-1, 2, 1]);
  t.same(after('2'), [0, 2, 1], 'the other way leads to rest first');
  t.same(after('2', 'up', 'up', '6'), [1, -2, 3]);
  t.same(after('7', 'space'), [0, 0, 1]);
  t.match(controls.help, /^arrows, 1-6: steer/);
});

t.test('each seat has its own action; tab goes to the next', async (t) => {
  const controls = new Controls(new Discrete(4), 2);
  for (const key of ['1', 'tab', '2']) controls.press(key);
  t.same([controls.action(0), controls.action(1)], [1, 2]);
  controls.press('tab');
  t.equal(controls.seat, 0);
  t.match(controls.help, /tab: next seat/);
});

t.test('what keys cannot play, and who only looks on', async (t) => {
  const spaces = [new Discrete(20), new Box(-1, 1, [5]), new Discrete(21), new Box(-1, 1, [6]), new Dict({})];
  t.same(
    spaces.map((space) => Controls.canPlay(space)),
    [true, true, false, false, false],
  );
  const controls = new Controls(new Dict({}), 0);
  for (const key of ['1', 'tab', 'space', 'p', 'n', 'r', 'q']) controls.press(key);
  t.match(controls, { paused: true, single: true, reset: true, quit: true, chosen: false });
  t.match(controls.help, /^moves at random, p: pause/);
});

t.test('who waits for a key hears of one that came before', async (t) => {
  const controls = new Controls(new Discrete(2), 1);
  const { presses } = controls;
  controls.press('1');
  await controls.pressed(presses);
  let heard = false;
  const later = controls.pressed(controls.presses).then(() => {
    heard = true;
  });
  await Promise.resolve();
  t.notOk(heard);
  controls.press('1');
  await later;
});

/** Plays with keys that `press` chooses after each picture, from what is said of it. Gives all that was said. */
async function session(
  t: Test,
  id: string,
  own: (seats: readonly string[]) => readonly string[],
  press: (text: string, controls: Controls) => void,
  more: Partial<PlayOptions> = {},
): Promise<string[]> {
  const client = await connect((await startServer(t)).url);
  t.teardown(() => client.close());
  const game = await openGame(client, id, { options: {}, seed: 3 });
  const seats = own(game.seats);
  const controls = new Controls(game.actionSpace, seats.length);
  const said: string[] = [];
  await play(game, {
    controls,
    own: seats,
    waits: game.turns,
    fps: 10,
    steps: Infinity,
    random: new Random(1),
    draw({ width, height, data }, text) {
      if (data.length !== 3 * width * height) t.fail('no picture');
      said.push(text);
      press(text, controls);
    },
    sleep: async () => {},
    ...more,
  });
  return said;
}

t.test('a game of turns with all seats in one hand waits for each move', async (t) => {
  const keys = [...'0101010', 'q'];
  const said = await session(
    t,
    'ConnectFour-v3',
    (seats) => seats,
    (text, controls) => {
      if (text.endsWith('your move') || text.includes('over')) controls.press(keys.shift()!);
    },
  );
  t.equal(said[0], 'ConnectFour-v3  step 0  player_0 0  player_1 0');
  const asked = said.filter((text) => text.endsWith('your move')).map((text) => text.split('  ').at(-1));
  t.same(
    asked,
    [0, 1, 0, 1, 0, 1, 0].map((seat) => `player_${seat}: your move`),
  );
  t.equal(said.at(-1), 'ConnectFour-v3  step 7  player_0 1  player_1 -1  the game is over');
});

t.test('the other seat moves by itself; a move that the rules forbid is asked for again', async (t) => {
  let asked = 0;
  const said = await session(
    t,
    'ConnectFour-v3',
    () => ['player_1'],
    (text, controls) => {
      if (text.includes('not allowed')) controls.press('q');
      else if (text.includes('over')) controls.press('r');
      else if (text.endsWith('player_1: your move')) controls.press(asked++ < 40 ? '6' : 'q');
    },
  );
  t.ok(said.some((text) => text.endsWith('that is not allowed now')));
  t.notOk(said.some((text) => text.includes('player_0: your move')));
});

t.test('a real-time game goes on by itself, holds the action, and begins anew', async (t) => {
  const said = await session(
    t,
    'CartPole-v1',
    (seats) => seats,
    (_, controls) => controls.press('1'),
    { steps: 30 },
  );
  const ends = said.filter((text) => text.endsWith('the game is over'));
  t.ok(ends.length >= 2, 'pushed one way, the pole falls soon');
  t.equal(said[0], 'CartPole-v1  step 0  return 0');
  t.match(said.at(-1), /step 30/);
});

t.test('a game can be stepped and looked at, whatever its actions are', async (t) => {
  const keys = ['p', 'n', 'n', 'p'];
  const said = await session(
    t,
    'Physics/SumoDuel-v1',
    () => [],
    (_, controls) => controls.press(keys.shift() ?? 'q'),
  );
  t.same(
    said.map((text) => text.replace(/Physics.SumoDuel-v1 {2}(step \d).* {2}wrestler_1 \d/, '$1')),
    ['step 0', 'step 0  paused', 'step 1', 'step 2', 'step 3'],
  );
});

t.test(
  'a picture as text: two pixels a character, shrunk to fit or enlarged by a whole factor',
  async (t) => {
    const rows = [
      [10, 30],
      [50, 70],
      [90, 110],
    ];
    const picture = { width: 2, height: 3, data: Uint8Array.from(rows.flat().flatMap((x) => [x, x, x])) };
    /** The brightness of each pixel; `-` where there is none. */
    const shown = (columns: number, lines: number): string[] =>
      terminalPicture(picture, columns, lines)
        .split('\n')
        .map((line) =>
          [...line.matchAll(/38;2;(\d+);\d+;\d+m.\[48;2;(\d+)|38;2;(\d+)/g)]
            .map(([, above, below, alone]) => (alone === undefined ? `${above}/${below}` : `${alone}/-`))
            .join(' '),
        );
    t.same(shown(2, 2), ['10/50 30/70', '90/- 110/-']);
    t.same(shown(5, 9), [
      '10/10 10/10 30/30 30/30',
      '50/50 50/50 70/70 70/70',
      '90/90 90/90 110/110 110/110',
    ]);
    t.same(shown(1, 9), ['40/100'], 'means of what there is');
  },
);
