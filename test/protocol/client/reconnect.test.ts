/** How the client comes back after a lost connection, against a server that says what the test wants. */
import t, { type Test } from 'tap';
import { decodeStep } from '../../../protocol/frames.js';
import { type Client, type ConnectOptions, connect } from '../../../protocol/index.js';
import { ManualTimers } from '../../manual-timers.js';
import {
  CONTRACT,
  type Peer,
  type Script,
  type ScriptedServer,
  startScripted,
  WELCOME,
} from './scripted-server.js';

type Message = Readonly<Record<string, unknown>>;

/** How often the client looks at its time limits. */
const WATCH_MS = 1000;

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
};

/** A client on a clock that the test moves; retries are made after half of the longest delay. */
class Rig {
  readonly timers = new ManualTimers();
  readonly events: string[] = [];
  /** How long the client waited before each attempt, milliseconds. */
  readonly delays: number[] = [];
  client!: Client;
  server!: ScriptedServer;
  peer!: Peer;

  static async start(
    t: Test,
    script: Script,
    greeting: (hello: Message, peer: Peer) => void,
    options: ConnectOptions = {},
  ): Promise<Rig> {
    const rig = new Rig();
    rig.server = await startScripted(t, script, (hello, peer) => {
      rig.peer = peer;
      if (hello.resume === undefined) peer.send({ ...WELCOME, resume: 'token' });
      else greeting(hello, peer);
    });
    rig.client = await connect(rig.server.url, {
      clock: {
        now: rig.timers.now,
        after: (ms, run) => {
          if (ms !== WATCH_MS && ms !== (options.connectTimeoutMs ?? 10_000)) rig.delays.push(ms);
          return rig.timers.after(ms, run);
        },
        random: () => 0.5,
      },
      onConnection: (event) => rig.events.push(event.type === 'lost' ? `lost: ${event.why}` : event.type),
      ...options,
    });
    t.teardown(() => rig.client.close());
    return rig;
  }

  /** The connection breaks, and the client has noticed. */
  async lose(): Promise<void> {
    const before = this.events.length;
    this.peer.socket.terminate();
    await until(() => this.events.length > before);
  }

  /** Lets time pass, and the attempt that is due then reach the server. */
  async attempt(ms: number): Promise<void> {
    const before = this.server.hellos.length;
    this.timers.pass(ms);
    await until(() => this.server.hellos.length > before);
  }
}

const back = (_hello: Message, peer: Peer) => peer.send({ ...WELCOME, resume: 'token' });
const listed = (id: unknown) => ({ type: 'listed', id, envs: [] });

t.test(
  'what is unanswered is sent again, in order and with its ids, and callers notice nothing',
  async (t) => {
    const came: (readonly [id: unknown, ack: unknown])[] = [];
    let answers = 0;
    const rig = await Rig.start(
      t,
      (peer, message, frame) => {
        if (message?.type === 'make') {
          peer.send({ type: 'made', id: message.id, env: 1, contract: CONTRACT });
          return;
        }
        const { id, ack } = message ?? decodeStep(frame);
        came.push([id, ack]);
        if (message && answers-- > 0) peer.send(listed(id));
      },
      back,
    );
    const env = await rig.client.make('Scripted-v0');
    answers = 1;
    const told: string[] = [];
    const ask = (name: string) => rig.client.list().then(() => told.push(name));
    await ask('a');
    const steps = [env.step(Int32Array.of(1, 1, 0)), env.step(Int32Array.of(0, 1, 1))];
    for (const step of steps) step.catch(() => {});
    void ask('b');
    await until(() => came.length === 4);
    await rig.lose();
    void ask('c');
    answers = 9;
    await rig.attempt(50);
    await until(() => told.length === 3);
    t.same(rig.server.hellos[1], { ...rig.server.hellos[0], resume: 'token' });
    t.same(
      came.map(([id]) => id),
      [2, 3, 4, 5, 3, 4, 5, 6],
    );
    t.same(came[1], [3, 2], 'a request says which reply came last');
    t.same(told, ['a', 'b', 'c']);
    t.same(rig.events, ['lost: close code 1006', 'resumed']);
  },
);

t.test('attempts come later each time, and at last there are no more', async (t) => {
  const rig = await Rig.start(
    t,
    () => {},
    (_hello, peer) => peer.socket.terminate(),
    { reconnectMs: 2000 },
  );
  const unanswered = t.rejects(rig.client.list(), {
    code: 'connection_lost',
    message:
      /the connection was lost \(close code 1006\), and .* within 2000 ms succeeded: .*close code 1006/,
    recoverable: false,
  });
  await rig.lose();
  for (const [attempt, delay] of [50, 100, 200, 400, 800].entries()) {
    await until(() => rig.delays.length === attempt + 1);
    t.equal(rig.delays[attempt], delay);
    rig.timers.pass(delay - 1);
    await rig.attempt(1);
  }
  await unanswered;
  await t.rejects(rig.client.list(), { code: 'connection_lost' }, 'nor any more requests');
  t.equal(rig.server.hellos.length, 6);
  t.equal(rig.timers.size, 0);
});

t.test('a server that says when to come back is not asked before', async (t) => {
  const error = { type: 'error', id: null, code: 'too_many_sessions', message: 'full', recoverable: false };
  const refusals: readonly ((peer: Peer) => void)[] = [
    (peer) => {
      peer.send({ ...error, retryAfterMs: 7000 });
      peer.socket.close(1013);
    },
    (peer) => peer.socket.close(1012, '7000'),
  ];
  for (const refuse of refusals) {
    let isAway = true;
    const rig = await Rig.start(
      t,
      (peer, message) => peer.send(listed(message!.id)),
      (hello, peer) => (isAway ? refuse(peer) : back(hello, peer)),
    );
    await rig.lose();
    const list = rig.client.list();
    await rig.attempt(50);
    await until(() => rig.delays.length === 2);
    t.equal(rig.delays[1], 7100);
    isAway = false;
    await rig.attempt(7100);
    t.same(await list, []);
  }
});

t.test('a server that was started anew may have other limits', async (t) => {
  const limits = { ...WELCOME.limits, envs: 7 };
  const rig = await Rig.start(
    t,
    () => {},
    (_hello, peer) => peer.send({ ...WELCOME, resume: 'another', limits }),
  );
  t.equal(rig.client.limits.envs, WELCOME.limits.envs);
  await rig.lose();
  await rig.attempt(50);
  await until(() => rig.events.length === 2);
  t.equal(rig.client.limits.envs, 7);
  await rig.lose();
  await rig.attempt(50);
  t.equal(rig.server.hellos[2]!.resume, 'another', 'the token of the last welcome');
});

t.test('what makes it hopeless', async (t) => {
  const error = { type: 'error', id: null, message: 'it ended', recoverable: false };
  for (const [answer, code, message] of [
    [
      { ...error, code: 'no_such_session' },
      'no_such_session',
      /was lost \(.*\) and cannot be resumed: it ended/,
    ],
    [{ ...error, code: 'unsupported_protocol' }, 'unsupported_protocol', /it ended/],
    [{ ...WELCOME, session: 'another' }, 'bad_reply', /expected to resume session scripted, got another/],
  ] as const) {
    const rig = await Rig.start(
      t,
      () => {},
      (_hello, peer) => peer.send(answer),
    );
    const unanswered = t.rejects(rig.client.list(), { code, message });
    await rig.lose();
    await rig.attempt(50);
    await unanswered;
    t.equal(rig.timers.size, 0);
  }
});

t.test('a session that cannot be resumed, and a client that does not want to', async (t) => {
  const rig = await Rig.start(t, () => {}, back, { reconnectMs: 0 });
  const unanswered = t.rejects(rig.client.list(), { code: 'connection_lost', message: /close code 1006/ });
  rig.peer.socket.terminate();
  await unanswered;
  t.same(rig.events, []);
});

t.test('closing a client that is away', async (t) => {
  const rig = await Rig.start(t, () => {}, back);
  const unanswered = t.rejects(rig.client.list(), { code: 'closed' });
  await rig.lose();
  rig.client.close();
  await unanswered;
  await t.rejects(rig.client.list(), { code: 'closed' });
  t.equal(rig.timers.size, 0, 'it does not try to come back');
});

t.test('closing a client while it comes back ends the session', async (t) => {
  const rig = await Rig.start(
    t,
    () => {},
    (hello, peer) => {
      rig.client.close();
      back(hello, peer);
    },
  );
  await rig.lose();
  const closed = rig.server.closed();
  rig.timers.pass(50);
  t.equal(await closed, 1000);
});

t.test('a server of which nothing is heard is given up for another connection, pings or not', async (t) => {
  let isDead = true;
  const rig = await Rig.start(
    t,
    (peer, message) => {
      if (!isDead) peer.send(listed(message!.id));
    },
    back,
  );
  const tick = async (seconds: number): Promise<void> => {
    for (let i = 0; i < seconds; i++) rig.timers.pass(1000);
  };
  await tick(100);
  t.same(rig.events, [], 'while nothing is unanswered it does not matter');
  const list = rig.client.list();
  rig.timers.stall(100_000);
  t.same(rig.events, [], 'nor while this process was busy and could not read');
  await tick(1);
  await until(() => rig.events.length === 1);
  t.match(rig.events[0], /lost: nothing came for \d+ ms/);
  await rig.attempt(50);
  await until(() => rig.events.length === 2);
  for (let i = 0; i < 3; i++) {
    const pinged = new Promise((resolve) => rig.peer.socket.once('pong', resolve));
    rig.peer.socket.ping();
    await pinged;
    await tick(30);
  }
  t.equal(rig.events.length, 2, 'pings show that it is alive');
  isDead = false;
  await rig.lose();
  await rig.attempt(50);
  t.same(await list, []);
});

t.test('half a connection: hello is not answered', async (t) => {
  let isDead = true;
  const rig = await Rig.start(
    t,
    (peer, message) => peer.send(listed(message!.id)),
    (hello, peer) => {
      if (!isDead) back(hello, peer);
    },
    { connectTimeoutMs: 500 },
  );
  await rig.lose();
  const list = rig.client.list();
  await rig.attempt(50);
  isDead = false;
  const ended = rig.server.closed();
  rig.timers.pass(500);
  t.equal(await ended, 1006, 'without a word, for a close would end the session');
  await until(() => rig.delays.length === 2);
  await rig.attempt(100);
  t.same(await list, []);
});
