/** Worlds whose seats are all driven by one client. */

import { bytesOf, type TypedArray } from '../../../protocol/dtypes.js';
import type { Infos } from '../../../protocol/results.js';
import { type Handle, rowsOf } from '../handle.js';
import { packed } from '../peer.js';
import { scenario } from '../stage.js';

/** The seat that moves next, in turns. */
export const turnOf = (infos: Infos): number => Number(infos.turn?.[0]?.[0]);

/** A move that is allowed, of a seat whose row of the infos is `row`. */
export function moveOf(handle: Handle, infos: Infos, row: number): TypedArray[] {
  const mask = infos.action_mask?.[0];
  if (!mask) return handle.actions(0, [row]);
  const size = mask.length / (infos.live![0]!.length || 1);
  const isAllowed = mask.subarray(row * size, (row + 1) * size);
  const source = { random: () => 0, integers: () => 0 };
  const slabs = handle.actions(0, [row]);
  handle.actionSpace.write(handle.actionSpace.sample(source, isAllowed as Int8Array), slabs, 0);
  return slabs;
}

export const turns = scenario({
  name: 'world-turns',
  title: 'A world whose seats move in turn, all of them driven by its creator.',
  rules: {
    'world/contract': 'as of `make`, with `numEnvs` the number of seats',
    'world/seats': 'the names of the seats, in the order of the rows',
    'world/autoreset': 'There is no autoreset; the mode in the contract is `"disabled"`.',
    'world/infos': 'Among the infos of every world are',
    'world/seed': 'each of its `seeds` is the seed of the world.',
    'world/rows':
      '`stepped` always has **a row a seat, in the order of `contract.world.seats`**, whatever `ids` was:',
    'turns/not-your-turn': 'in turns one that names any but the seat on turn with `not_your_turn`',
    'world/not-reset': '| `not_reset` | yes | | a step before the first reset |',
    'world/driver': 'After the one, `join` is refused with `seat_taken`',
    'world/over': 'after the end of the game with `episode_over`. Nothing has moved then.',
    'world/ended':
      '`ended` has a row for each seat whose episode ended in this step: `rows` are seats, `lengths` steps of the world.',
    'world/snapshot':
      '**snapshot** and **restore** are of the world: without `ids`, with one element in `snapshots`.',
    'world/leave':
      '**leave** (`type`, `id`, `env`: a handle of a world) → **left** (`type`, `id`). `close` does the same.',
    'world/unknown': '| `unknown_world` | yes | | an id of a world that the server does not host |',
    'world/no-such-world': '`join` with the token of a world that has ended is refused with `no_such_world`.',
    'world/leave-env':
      '| `not_supported` | yes | | the handle is of a kind that has no such thing to ask for |',
  },
  needs: ['turns', 'env'],
  async play(stage) {
    const peer = await stage.welcomed();
    const id = stage.id('turns');
    const { world, token } = await peer.create(
      { world: id, seed: 21, maxEpisodeSteps: 3 },
      'A world, for three moves.',
    );
    const { contract } = world;
    const { seats = [], turns: isTurns } = contract.world ?? {};
    const n = seats.length;
    stage.check(
      'world/contract',
      contract.numEnvs === n && n > 1 && isTurns === true,
      `${contract.numEnvs} rows for the seats ${seats.join(', ')}`,
    );
    stage.same('world/autoreset', contract.autoreset, 'disabled', 'autoreset');
    const infos = contract.infos.map(({ name }) => name);
    stage.check(
      'world/infos',
      ['live', 'missed', 'turn'].every((name) => infos.includes(name)),
      `the infos are ${infos.join(', ')}`,
    );
    const early = peer.takeId();
    await peer.refused(
      'world/not-reset',
      world.stepFrame(early, world.actions(0, [0]), [0]),
      'not_reset',
      'No game has begun.',
      { id: early, handle: world },
    );

    const begun = await peer.reset(
      world,
      {},
      'A game begins.',
      'A row a seat; the info `turn` tells who moves.',
    );
    stage.same('world/seats', begun.n, n, 'n');
    stage.same('world/seed', begun.seeds, Array<number>(n).fill(21), 'seeds');
    await peer.refused(
      'world/driver',
      { type: 'join', world: token },
      'seat_taken',
      'Somebody would join: too late, the creator drives.',
    );

    const turn = turnOf(begun.infos);
    const other = (turn + 1) % n;
    const wrong = peer.takeId();
    const frame = world.stepFrame(wrong, world.actions(0, [other]), [other]);
    await peer.refused('turns/not-your-turn', frame, 'not_your_turn', 'The other seat would move.', {
      id: wrong,
      handle: world,
    });
    const first = await peer.step(
      world,
      moveOf(world, begun.infos, turn),
      'The seat on turn moves.',
      'A row a seat.',
      { ids: [turn] },
    );
    stage.same('world/rows', first.n, n, 'n');
    const { snapshots } = await peer.ask(
      { type: 'snapshot', env: world.env },
      'A snapshot.',
      'One, of the whole world.',
    );
    stage.same('world/snapshot', snapshots.length, 1, 'snapshots');

    let last = first;
    for (let t = 1; t < 3 && !last.ended; t++) {
      const mover = turnOf(last.infos);
      last = await peer.step(world, moveOf(world, last.infos, mover), 'A move.', 'A row a seat.', {
        ids: [mover],
      });
    }
    const rows = [...(last.ended?.rows ?? [])];
    const lengths = [...(last.ended?.lengths ?? [])];
    const isTold = rows.length === n && lengths.every((length) => length === lengths[0]);
    stage.check(
      'world/ended',
      isTold,
      `ended are the seats ${rows.join(', ')}, after ${lengths.join(', ')} steps`,
    );
    const late = peer.takeId();
    const more = world.stepFrame(late, moveOf(world, last.infos, 0), [0]);
    await peer.refused('world/over', more, 'episode_over', 'A move in a game that is over.', {
      id: late,
      handle: world,
    });

    const restore = peer.request(
      { type: 'restore', env: world.env, snapshots },
      'Back to the first move.',
      world,
    );
    const back = await peer.started('restore', world, restore, 'As it was.', 'world/snapshot');
    stage.same('world/snapshot', rowsOf(back), rowsOf(first), 'observations');

    await peer.ask(
      { type: 'leave', env: world.env },
      'The creator leaves.',
      'The world ends.',
      'world/leave',
    );
    await peer.refused(
      'world/leave',
      { type: 'reset', env: world.env },
      'no_such_env',
      'The handle is gone.',
    );
    await peer.refused(
      'world/no-such-world',
      { type: 'join', world: token },
      'no_such_world',
      'And so is the world.',
    );
    await peer.refused(
      'world/unknown',
      { type: 'create', world: `${id}-of-nowhere` },
      'unknown_world',
      'A world that there is not.',
    );
    const env = await peer.make({ env: stage.id('env') }, 'An env, which is no world.');
    await peer.refused(
      'world/leave-env',
      { type: 'leave', env: env.env },
      'not_supported',
      'It can be closed, not left.',
    );
    peer.close();
  },
});

export const parallel = scenario({
  name: 'world-parallel',
  title: 'A world whose seats move at once, all of them driven by its creator.',
  rules: {
    'parallel/contract': '| `turns` | boolean | which kind it is |',
    'parallel/ids': 'in a parallel world all seats that are in the game, in any order',
    'parallel/absent': '`ids` may be absent where all seats move.',
    'parallel/bad-ids':
      'A step that names a seat that is gone, names one twice, or leaves one out is refused with `bad_ids`',
    'parallel/reset-ids': '`ids` and `mask` MUST be absent; `seeds` holds one seed, that of the world.',
    'parallel/action': '| `bad_action` | yes | | an action outside its space, or slabs of the wrong size |',
  },
  needs: ['parallel'],
  async play(stage) {
    const peer = await stage.welcomed();
    const fields = { world: stage.id('parallel'), maxEpisodeSteps: 3 };
    const { world } = await peer.create(fields, 'A world.');
    stage.check('parallel/contract', world.contract.world?.turns === false, 'it is told to be one of turns');
    const { world: twin } = await peer.create(fields, 'Its twin, whose seats are named in another order.');
    const seed = { seeds: [33] };
    const [a, b] = [
      await peer.reset(world, seed, 'A game begins, from one seed.'),
      await peer.reset(twin, seed, 'The same game.'),
    ];
    stage.same('parallel/reset-ids', rowsOf(b), rowsOf(a), 'the game of one seed');
    await peer.refused(
      'parallel/reset-ids',
      { type: 'reset', env: world.env, ids: [0] },
      'bad_ids',
      'A reset of one seat alone.',
    );

    const backwards = [...world.all].reverse();
    for (let t = 0; t < 2; t++) {
      const whole = await peer.step(world, world.actions(t), 'All move.', 'A row a seat.', {
        rule: 'parallel/absent',
      });
      stage.same('parallel/absent', whole.n, world.numEnvs, 'n');
      const named = await peer.step(
        twin,
        twin.actions(t, backwards),
        'All move, the last one first.',
        'The rows in the order of the seats.',
        { ids: backwards, rule: 'parallel/ids' },
      );
      stage.same(
        'parallel/ids',
        [...rowsOf(named), ...named.rewards],
        [...rowsOf(whole), ...whole.rewards],
        'rows',
      );
    }
    const refuse = async (
      rule: Parameters<typeof stage.check>[0],
      code: string,
      actions: readonly TypedArray[],
      ids: readonly number[],
      means: string,
    ) => {
      const id = peer.takeId();
      const slabs = actions.map((slab) => Buffer.from(bytesOf(slab)));
      const frame = packed([1, id, world.env, slabs, Buffer.from(bytesOf(Uint32Array.from(ids)))]);
      await peer.refused(rule, frame, code, means, { id, handle: world });
    };
    await refuse('parallel/bad-ids', 'bad_ids', world.actions(2, [0]), [0], 'One seat is left out.');
    const twice = [...world.all.slice(1), 1];
    await refuse('parallel/bad-ids', 'bad_ids', world.actions(2, twice), twice, 'One seat is named twice.');
    const outside = world.outside(2);
    if (outside)
      await refuse(
        'parallel/action',
        'bad_action',
        outside,
        world.all,
        'The move of one seat is outside its space.',
      );
    peer.close();
  },
});
