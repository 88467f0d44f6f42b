/** The rules, played by hand. Columns count from 0 at the left, rows from 0 at the top. */
import { isDeepStrictEqual } from 'node:util';
import t from 'tap';
import { getWorld, HostedWorld } from '../../../envs/index.js';
import { loadJSON, unpack } from '../recording.js';

const make = (maxEpisodeSteps?: number): HostedWorld => {
  const world = new HostedWorld(getWorld('ConnectFour-v3'), { options: {}, maxEpisodeSteps });
  world.reset(0);
  return world;
};

/** Drops tokens into columns in turn; gives the last step. */
function play(world: HostedWorld, columns: readonly number[]) {
  for (const column of columns) {
    world.actions[0]![world.turn] = column;
    world.step();
  }
  const { rewards, terminated, truncated } = world.batch;
  return { rewards: [...rewards], terminated: [...terminated], truncated: [...truncated] };
}

const over = (first: number, second: number) => ({
  rewards: [first, second],
  terminated: [1, 1],
  truncated: [0, 0],
});
const GOES_ON = { rewards: [0, 0], terminated: [0, 0], truncated: [0, 0] };

/** Who wins, with which moves: before the last one nobody has. */
const WINS: Readonly<Record<string, { readonly moves: readonly number[]; readonly winner: 0 | 1 }>> = {
  'a row at the left edge': { moves: [0, 0, 1, 1, 2, 2, 3], winner: 0 },
  'a row at the right edge, closed in its midst': { moves: [3, 3, 4, 4, 6, 6, 5], winner: 0 },
  'a column': { moves: [6, 0, 6, 0, 6, 0, 6], winner: 0 },
  'a column of the second player': { moves: [0, 3, 1, 3, 0, 3, 1, 3], winner: 1 },
  'a column up to the top': { moves: [6, 0, 5, 0, 0, 5, 0, 6, 0, 5, 0], winner: 0 },
  'a diagonal that rises to the right': { moves: [0, 1, 1, 2, 2, 3, 2, 3, 3, 6, 3], winner: 0 },
  'a diagonal that falls to the right': { moves: [6, 5, 5, 4, 4, 3, 4, 3, 3, 0, 3], winner: 0 },
};

for (const [name, { moves, winner }] of Object.entries(WINS)) {
  t.test(`${name} wins`, async (t) => {
    const world = make();
    t.same(play(world, moves.slice(0, -1)), GOES_ON);
    t.equal(world.turn, winner);
    t.same(play(world, moves.slice(-1)), winner === 0 ? over(1, -1) : over(-1, 1));
    const { n, rows, returns, lengths, seeds } = world.batch.ended!;
    t.equal(n, 2);
    t.same([...rows], [0, 1]);
    t.same([...returns], winner === 0 ? [1, -1] : [-1, 1]);
    t.same([...lengths], [moves.length, moves.length]);
    t.same([...seeds], [0, 0]);
  });
}

t.test('what ends at the right edge does not go on at the left one', async (t) => {
  t.same(play(make(), [0, 4, 4, 5, 5, 6, 6]), GOES_ON);
});

/** Every cell is filled and nobody has four. */
const DRAW = [
  5, 4, 5, 0, 6, 2, 4, 5, 5, 0, 4, 1, 1, 0, 4, 5, 6, 5, 3, 1, 1, 2, 2, 6, 2, 6, 6, 3, 6, 2, 0, 3, 0, 3, 3, 4,
  3, 1, 4, 2, 1, 0,
];

t.test('a full board is a draw', async (t) => {
  const world = make();
  t.same(play(world, DRAW.slice(0, -1)), GOES_ON);
  t.same(play(world, DRAW.slice(-1)), over(0, 0));
});

t.test('a token in a full column loses, and leaves the board as it was', async (t) => {
  const world = make();
  play(world, [2, 2, 2, 2, 2, 2]);
  const before = [...world.batch.observations[0]!];
  t.same(play(world, [2]), over(-1, 0));
  t.same([...world.batch.observations[0]!], before);
});

t.test('each seat sees its own tokens in plane 0; the mask is that of the seat on turn', async (t) => {
  const world = make();
  play(world, [3, 3, 3, 3, 3, 3, 0]);
  const [slab] = world.batch.observations;
  const cell = (seat: number, row: number, column: number) => [
    ...slab!.subarray(seat * 84 + (row * 7 + column) * 2, seat * 84 + (row * 7 + column) * 2 + 2),
  ];
  t.same(cell(0, 5, 3), [1, 0]);
  t.same(cell(1, 5, 3), [0, 1]);
  t.same(cell(0, 4, 3), [0, 1]);
  t.same(cell(1, 4, 3), [1, 0]);
  t.same(cell(0, 0, 0), [0, 0]);
  const { action_mask: mask, turn, missed } = world.batch.infos;
  t.same([...mask![0]!], [0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 1, 1, 1]);
  t.same([...turn![0]!], [1, 1]);
  t.same([...missed![0]!], [0, 0]);
  play(world, [1, 0, 1, 0, 1, 0]);
  t.same([...mask![0]!], new Array(14).fill(0), 'nobody moves when the game is over');
});

t.test('the default action is the leftmost column that has room', async (t) => {
  const world = make();
  play(world, [0, 0, 0, 0, 0]);
  world.useDefault(1);
  world.step();
  world.useDefault(0);
  world.step();
  t.same([...world.batch.infos.missed![0]!], [1, 1]);
  t.equal(world.batch.observations[0]![(5 * 7 + 1) * 2], 1, 'column 0 was full');
});

t.test('it can be drawn', async (t) => {
  const world = make();
  const empty = world.render();
  play(world, [0]);
  t.same([empty.width, empty.height], [336, 288]);
  t.notSame(world.render().data, empty.data);
});

t.test('a snapshot that is no board of Connect Four is refused, and the world is as it was', async (t) => {
  const world = make();
  play(world, [3, 2]);
  const snapshot = world.snapshot();
  const state = snapshot.state as number[];
  const withCell = (index: number, value: number) => state.map((x, i) => (i === index ? value : x));
  for (const [name, bad] of Object.entries({
    'too short': state.slice(1),
    'a token of nobody': withCell(43, -1),
    'a token in the air': withCell(2, 1),
    'a third seat on turn': withCell(1, 2),
    'half a forfeit': withCell(0, 2),
    'no list': 'board',
  })) {
    t.throws(() => world.restore({ ...snapshot, state: bad }), { code: 'bad_snapshot' }, name);
    t.same(world.snapshot(), snapshot);
  }
});

/** What `record_connect_four` in scripts/record-originals.py wrote: games of each seed's player, -1 for a new game. */
const recorded = loadJSON('connect-four') as Readonly<
  Record<'actions' | 'observations' | 'masks' | 'rewards' | 'terminated' | 'turns', string>
> & { readonly seeds: readonly number[]; readonly steps: number };

t.test("games of PettingZoo's, move by move", async (t) => {
  const { seeds, steps } = recorded;
  t.ok(seeds.length >= 20);
  /** What was recorded in one array, as a function of what came before: resets and steps. */
  const rows = (packed: string, dtype: 'bool' | 'int8' | 'uint8' | 'float64', size: number) => {
    const all = unpack(packed, dtype);
    return (i: number) => [...all.subarray(i * size, (i + 1) * size)].map(Number);
  };
  const actions = rows(recorded.actions, 'int8', 1);
  const observations = rows(recorded.observations, 'bool', 2 * 84);
  const masks = rows(recorded.masks, 'bool', 2 * 7);
  const rewards = rows(recorded.rewards, 'float64', 2);
  const terminated = rows(recorded.terminated, 'uint8', 2);
  const turns = rows(recorded.turns, 'uint8', 1);
  const endings = new Set<string>();
  for (const [i, seed] of seeds.entries()) {
    const world = make();
    for (let step = 0; step <= steps; step++) {
      const { batch } = world;
      const at = i * (steps + 1) + step;
      const isOver = batch.terminated[0] === 1;
      const slabs = [batch.observations[0]!, batch.infos.action_mask![0]!, batch.rewards, batch.terminated];
      const got = [
        ...slabs.map((slab) => Array.from<number | bigint, number>(slab, Number)),
        isOver || world.turn,
      ];
      const wanted = [observations(at), masks(at), rewards(at), terminated(at), isOver || turns(at)[0]];
      if (!isDeepStrictEqual(got, wanted)) t.same(got, wanted, `seed ${seed}, move ${step}`);
      if (isOver) endings.add([...batch.rewards].join());
      if (step === steps) break;
      const [action] = actions(i * steps + step);
      if (action === -1) world.reset();
      else play(world, [action!]);
    }
  }
  // Either wins, either forfeits, and boards are filled.
  t.same([...endings].sort(), ['-1,0', '-1,1', '0,-1', '0,0', '1,-1']);
});
