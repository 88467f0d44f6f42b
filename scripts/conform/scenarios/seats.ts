/** Worlds whose seats are driven by a client each. */
import type { Infos, StepResult } from '../../../protocol/results.js';
import { type Handle, type Rows, rowsOf } from '../handle.js';
import type { Peer } from '../peer.js';
import { type Stage, scenario } from '../stage.js';
import { moveOf, turnOf } from './worlds.js';

interface Player {
  readonly peer: Peer<string>;
  readonly env: Handle;
  readonly seat: string;
}

/** A client for each seat, all of which have joined. */
async function seated(stage: Stage, token: string, names: readonly string[]): Promise<Player[]> {
  const players: Player[] = [];
  for (const [i, name] of names.entries()) {
    const peer = await stage.welcomed(`player ${i + 1}`);
    players.push({ peer, ...(await peer.join(token, `It takes the seat ${name}.`, name)) });
  }
  return players;
}

const missedBy = (infos: Infos): number => Number(infos.missed?.[0]?.[0]);

export const seats = scenario({
  name: 'seats-parallel',
  title: 'A client a seat, in a world whose seats move at once.',
  rules: {
    'join/first-free':
      '| `seat` | string, optional | the name of a seat; the first that is free where absent |',
    'join/contract': '| `contract` | map | as of `make`, with `numEnvs` 1 |',
    'join/seat': '| `seat` | string | of a handle that `join` gave: its own |',
    'join/taken':
      'A seat has one client at a time: another one is refused with `seat_taken`, and the world stays as it was.',
    'join/no-such-seat': '| `no_such_seat` | yes | | a seat that the world does not have |',
    'join/no-such-world': '| `no_such_world` | yes | | a token of no world that is open |',
    'seats/driver':
      "after the other, so are `reset`, `step` and `restore` of the creator's handle, which can still `snapshot` and `render`.",
    'seats/session-goes-on':
      'They do not hold up the session: requests of other handles behind them are answered meanwhile.',
    'seats/one-at-a-time':
      'A seat has one unanswered `reset` or `step` at a time; another one is refused with `not_your_turn`.',
    'seats/begin':
      'It begins when every seat that somebody has joined has asked, but not before all seats have been taken at once at least once',
    'seats/creator-chose': '`seeds` and `options` MUST be absent or empty; the creator chose.',
    'seats/one-row': "The reply has the seat's one row",
    'seats/not-supported': "`snapshot` and `restore` of a seat's handle are refused with `not_supported`.",
    'seats/left': 'a request that waits when its seat is left is refused with `no_such_env`.',
    'seats/dead':
      'A seat whose client has left takes the default action at once, counted by `missed`, until somebody joins it again; who does is behind.',
    'seats/behind':
      'A `reset` of a seat that has been told nothing of the game under way and is in it is answered in the same way, and does not ask for another game.',
    'seats/world-ends': "A world ends when the creator's handle is closed and no seat is taken.",
  },
  needs: ['parallel'],
  async play(stage) {
    const host = await stage.welcomed('host');
    const fields = { world: stage.id('parallel'), seed: 4, maxEpisodeSteps: 9 };
    const { world, token } = await host.create(fields, 'A world is created.');
    const [firstName, ...otherNames] = world.contract.world?.seats ?? [];

    const peer = await stage.welcomed('player 1');
    const { env, seat } = await peer.join(token, 'The first seat that is free, please.');
    stage.same('join/first-free', seat, firstName, 'seat');
    stage.same('join/contract', env.numEnvs, 1, 'numEnvs');
    stage.same('join/seat', env.contract.world?.seat, seat, 'contract.world.seat');
    const join = { type: 'join', world: token };
    const refuse = (rule: Parameters<typeof stage.check>[0], request: object, code: string, means: string) =>
      host.refused(rule, { ...request }, code, means);
    await refuse('join/taken', { ...join, seat }, 'seat_taken', 'Another client would have the same seat.');
    await refuse(
      'join/no-such-seat',
      { ...join, seat: 'nowhere' },
      'no_such_seat',
      'A seat that there is not.',
    );
    const unknown = { type: 'join', world: 'no token of a world' };
    await refuse('join/no-such-world', unknown, 'no_such_world', 'A token of no world.');
    const reset = { type: 'reset', env: world.env };
    await refuse(
      'seats/driver',
      reset,
      'seat_taken',
      'The creator would begin a game: it is up to the seats now.',
    );

    const seeded = { type: 'reset', env: env.env, seeds: [1] };
    await peer.refused('seats/creator-chose', seeded, 'bad_message', 'It would choose the seed of the game.');
    const asked = peer.request({ type: 'reset', env: env.env }, 'The first player asks for a game.', env);
    const others = await seated(stage, token, otherNames);
    await peer.ask(
      { type: 'list' },
      'Meanwhile it asks for something else.',
      'It is answered at once.',
      'seats/session-goes-on',
    );
    stage.holds('seats/session-goes-on');
    const resets = others.map((other) =>
      other.peer.request({ type: 'reset', env: other.env.env }, 'So does another.', other.env),
    );
    const begun = [await peer.started('reset', env, asked, 'All have asked: it begins.', 'seats/begin')];
    for (const [i, other] of others.entries())
      begun.push(await other.peer.started('reset', other.env, resets[i]!, 'It begins.', 'seats/begin'));
    stage.check(
      'seats/begin',
      begun.every(({ n }) => n === 1),
      'a seat was told of other rows than its own',
    );

    const waiting = peer.requestStep(env, env.actions(0), 'The first player moves.');
    const second = peer.takeId();
    const again = env.stepFrame(second, env.actions(1));
    await peer.refused(
      'seats/one-at-a-time',
      again,
      'not_your_turn',
      'And moves again, before the others have.',
      { id: second, handle: env },
    );
    const moves = others.map((other) =>
      other.peer.requestStep(other.env, other.env.actions(0), 'Another moves.'),
    );
    const first = await peer.replyStep(env, waiting, 'All have moved.', 'seats/one-row');
    stage.same('seats/one-row', first.n, 1, 'n');
    for (const [i, other] of others.entries())
      await other.peer.replyStep(other.env, moves[i]!, 'All have moved.', 'seats/one-row');
    await peer.refused(
      'seats/not-supported',
      { type: 'snapshot', env: env.env },
      'not_supported',
      'A snapshot of one seat.',
    );
    await host.ask(
      { type: 'snapshot', env: world.env },
      'One of the world, for its creator.',
      'It may have that.',
      'seats/driver',
    );

    const pending = peer.requestStep(env, env.actions(1), 'The first player moves.');
    const leaving = peer.request({ type: 'leave', env: env.env }, 'And leaves before the others have moved.');
    for (let i = 0; i < 2; i++) {
      const {
        id,
        type,
        fields: told,
        frame,
      } = await peer.receive('It has left; its move is refused.', 'seats/left');
      const isLeft = id === leaving && type === 'left';
      const isRefused = id === pending && told.code === 'no_such_env';
      stage.check('seats/left', isLeft || isRefused, `got ${type} for request ${id}`, frame);
    }
    for (const other of others) {
      const move = other.env.actions(1);
      await other.peer.step(other.env, move, 'Another moves.', 'Nobody waits for the one that left.', {
        rule: 'seats/dead',
      });
    }
    const heir = await peer.join(token, 'Somebody takes the seat again.', seat);
    const asking = peer.request({ type: 'reset', env: heir.env.env }, 'How do things stand?', heir.env);
    const stand = await peer.started(
      'reset',
      heir.env,
      asking,
      'The game goes on; `missed` tells of the move that was missed.',
      'seats/behind',
    );
    stage.holds('seats/behind');
    stage.same('seats/dead', missedBy(stand.infos), 1, 'missed');

    await peer.ask({ type: 'leave', env: heir.env.env }, 'The players leave.', 'The seat is free.');
    for (const other of others)
      await other.peer.ask({ type: 'leave', env: other.env.env }, 'The players leave.', 'The seat is free.');
    await host.ask({ type: 'close', env: world.env }, 'And so does the creator.', 'The world ends.');
    await refuse('seats/world-ends', join, 'no_such_world', 'Somebody would join.');
    host.close();
  },
});

export const turnSeats = scenario({
  name: 'seats-turns',
  title: 'A client a seat, in a world whose seats move in turn.',
  rules: {
    'turn-seats/waits':
      "So in turns a step is answered when the seat's turn comes again or the game is over, and the `reset` of a seat that does not begin, when its first turn comes.",
    'turn-seats/reward':
      'its reward is the **sum since its last reply** (its own move and, in turns, those of the others after it)',
    'turn-seats/over':
      'A seat that has been told that it is done is refused with `episode_over` until it asks for the next game',
  },
  needs: ['turns'],
  async play(stage) {
    const host = await stage.welcomed('host');
    const fields = { world: stage.id('turns'), seed: 21, maxEpisodeSteps: 3 };
    const { world: oracle } = await host.create(
      fields,
      'A world that the host plays itself: what has to happen.',
    );
    const { world, token } = await host.create(fields, 'Its twin, for others to join.');
    const players = await seated(stage, token, world.contract.world?.seats ?? []);
    const begun = await host.reset(oracle, {}, 'A game begins.');

    /** The request that each player waits for, its last infos, and the rewards that it has not been told. */
    const waits: { id: number; type: 'reset' | 'step' }[] = players.map(({ peer, env }) => ({
      id: peer.request({ type: 'reset', env: env.env }, 'The same game, please.', env),
      type: 'reset',
    }));
    const infos: Infos[] = [];
    const owed = players.map(() => 0);
    const tell = async (i: number, expected: Rows | StepResult, answer: string): Promise<void> => {
      const { peer, env } = players[i]!;
      const { id, type } = waits[i]!;
      const got =
        type === 'reset'
          ? await peer.started('reset', env, id, answer, 'turn-seats/waits')
          : await peer.replyStep(env, id, answer, 'turn-seats/waits');
      stage.same('turn-seats/waits', rowsOf(got)[0], rowsOf(expected)[i], 'the state that it is told');
      if ('rewards' in got) {
        stage.same('turn-seats/reward', got.rewards[0], owed[i], 'reward');
      }
      owed[i] = 0;
      infos[i] = got.infos;
    };

    let turn = turnOf(begun.infos);
    let last: StepResult | undefined;
    await tell(turn, begun, 'It is the first to move.');
    while (!last?.ended) {
      const { peer, env } = players[turn]!;
      const move = moveOf(env, infos[turn]!, 0);
      waits[turn] = { id: peer.requestStep(env, move, 'It moves.'), type: 'step' };
      last = await host.step(oracle, move, 'The same move.', 'What has to happen.', { ids: [turn] });
      for (const i of players.keys()) owed[i]! += last.rewards[i]!;
      turn = turnOf(last.infos);
      if (!last.ended) await tell(turn, last, 'It is to move.');
    }
    for (const i of players.keys()) await tell(i, last, 'The game is over.');
    const { peer, env } = players[0]!;
    const id = peer.takeId();
    await peer.refused(
      'turn-seats/over',
      env.stepFrame(id, env.actions(0)),
      'episode_over',
      'One more move.',
      { id, handle: env },
    );
    host.close();
  },
});

/** Milliseconds that a move may take. */
const MOVE_MS = 300;

export const deadline = scenario({
  name: 'seats-deadline',
  title:
    'A seat that does not move in time takes the default action, and what it sends then is not carried out.',
  rules: {
    'deadline/told': '| `moveMs` | integer or nil | the deadline in force |',
    'deadline/default':
      'When it has run out, each seat that has not moved takes the default action, which `missed` counts, and the world goes on.',
    'deadline/behind':
      'it is answered with how things stand as soon as the seat is to move or done, with the rewards since its last reply.',
  },
  needs: ['parallel'],
  async play(stage) {
    const host = await stage.welcomed('host');
    const fields = { world: stage.id('parallel'), seed: 6, moveMs: MOVE_MS };
    const { world, token } = await host.create(
      fields,
      `A world whose moves may take ${MOVE_MS} milliseconds.`,
    );
    const { seats: names = [], moveMs } = world.contract.world ?? {};
    stage.same('deadline/told', moveMs, MOVE_MS, 'moveMs');
    const players = await seated(stage, token, names);
    const resets = players.map(({ peer, env }) =>
      peer.request({ type: 'reset', env: env.env }, 'A game, please.', env),
    );
    for (const [i, { peer, env }] of players.entries())
      await peer.started('reset', env, resets[i]!, 'It begins.');

    const [quick, ...slow] = players as [Player, ...Player[]];
    const id = quick.peer.requestStep(quick.env, quick.env.actions(0), 'The first moves; the others do not.');
    await quick.peer.ask({ type: 'list' }, 'Something else meanwhile.', 'Answered at once.');
    stage.pass(MOVE_MS);
    const on = await quick.peer.replyStep(
      quick.env,
      id,
      'The time is over: the world goes on.',
      'deadline/default',
    );
    stage.same('deadline/default', missedBy(on.infos), 0, 'missed, of who was in time');
    const { peer, env } = slow[0]!;
    const late = await peer.step(
      env,
      env.actions(0),
      'Another moves, too late.',
      'How things stand; `missed` is 1.',
      { rule: 'deadline/behind' },
    );
    const missed = missedBy(late.infos);
    stage.check('deadline/behind', late.n === 1 && missed >= 1, `expected a missed move, got ${missed}`);
    stage.check('deadline/default', missed >= 1, `expected a missed move, got ${missed}`);
    host.close();
  },
});
