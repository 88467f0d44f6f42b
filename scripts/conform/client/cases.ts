/** What clients are tried with: a task each, and a server that makes it hard in one way. */
import { INTEGER_FORMS } from './packer.js';
import type { ClientRule } from './rules.js';
import { EVERY_DTYPE, LARGE, type Shape } from './scripted-env.js';
import type { Behaviour } from './scripted-session.js';
import type { Task } from './task.js';

export interface ClientCase extends Behaviour {
  readonly name: string;
  /** A sentence. */
  readonly title: string;
  readonly shape?: Shape;
  readonly task?: Partial<Task>;
  /** The rule that the numbers and errors prove which the client prints; broken where it does not get to the end. */
  readonly proves: ClientRule;
  /** Whether the connection is broken off for good, so that the numbers say nothing. */
  readonly isCut?: boolean;
  /** Whether nobody welcomes the client when it comes back. */
  readonly isGone?: boolean;
}

export const TASK: Task = { numEnvs: 3, seed: 7, autoreset: 'next_step', steps: 6, way: 'whole' };

/** Every n-th form of integers: so the widths in front of a slab differ from message to message. */
const everyNth = (n: number) =>
  INTEGER_FORMS.map((_, k) => INTEGER_FORMS[(n * (k + 1)) % INTEGER_FORMS.length]!);

/** Milliseconds in which a client would do what it must not. */
const A_WHILE = 100;

/** Sends a ping before each reply, and holds that back until the pong has come. */
const pinging: Behaviour['handle'] = (session, _request, answer) => {
  const { socket } = session;
  const timer = setTimeout(() => {
    session.check('client/pings', false, 'a ping was not answered within two seconds');
    socket.terminate();
  }, 20 * A_WHILE);
  socket.once('pong', () => {
    clearTimeout(timer);
    answer();
  });
  socket.ping('are you there?');
};

/** Answers two steps in the opposite order, or one alone when no second one comes. */
function reversing(): Behaviour['handle'] {
  let answerFirst: (() => void) | undefined;
  return (session, { type }, answer) => {
    session.hasReordered ??= false;
    if (type !== 'step') answer();
    else if (answerFirst) {
      session.hasReordered = true;
      answer();
      answerFirst();
      answerFirst = undefined;
    } else {
      answerFirst = answer;
      setTimeout(() => {
        if (answerFirst !== answer) return;
        answerFirst = undefined;
        answer();
      }, 5 * A_WHILE);
    }
  };
}

/** Does something to the second step, in place of an answer. */
const atSecondStep =
  (act: (session: Parameters<NonNullable<Behaviour['handle']>>[0]) => void): Behaviour['handle'] =>
  (session, { type, t }, answer) => {
    if (type === 'step' && t === 1) act(session);
    else answer();
  };

/** Loses the connection with two steps under way, or with one where no second one comes. */
function losingTwo(): Behaviour['handle'] {
  let timer: NodeJS.Timeout | undefined;
  return (session, { type, t }, answer) => {
    const lose = (): void => {
      clearTimeout(timer);
      timer = undefined;
      session.lose();
    };
    if (type !== 'step' || t !== 1) answer();
    else if (timer) lose();
    else timer = setTimeout(lose, 5 * A_WHILE);
  };
}

/** How long the sessions of a server are kept that is back before. */
const KEPT = { limits: { graceMs: 10_000 } };

export const CASES: readonly ClientCase[] = [
  {
    name: 'plain',
    title: 'Nothing out of the ordinary: steps with autoreset in the next step.',
    proves: 'client/next-step',
    greet: (_session, welcome) => void setTimeout(welcome, A_WHILE),
  },
  {
    name: 'same-step',
    title: 'Autoreset in the same step, with final observations.',
    task: { autoreset: 'same_step' },
    proves: 'client/same-step',
  },
  {
    name: 'disabled',
    title: 'No autoreset: the client resets the envs that ended.',
    task: { autoreset: 'disabled' },
    proves: 'client/disabled',
  },
  {
    name: 'dtypes',
    title: 'Leaves of every dtype, in the order of the contract.',
    shape: EVERY_DTYPE,
    proves: 'client/arrays',
  },
  {
    name: 'integers',
    title: 'Integers in every form that msgpack has for them.',
    style: (n) => ({ integers: [INTEGER_FORMS[n % INTEGER_FORMS.length]!], lengths: 0 }),
    task: { steps: INTEGER_FORMS.length },
    proves: 'client/integers',
  },
  {
    name: 'alignment',
    title: 'Slabs that begin at every byte, behind headers of every width.',
    shape: EVERY_DTYPE,
    style: (n) => ({ integers: everyNth(n), lengths: ([0, 2, 4] as const)[n % 3]! }),
    task: { steps: 3 * INTEGER_FORMS.length, autoreset: 'same_step' },
    proves: 'client/alignment',
  },
  {
    name: 'unknown-fields',
    title: 'Fields and capabilities of a later edition, in every map.',
    hasUnknownFields: true,
    proves: 'client/unknown-fields',
  },
  { name: 'pings', title: 'A ping before every reply.', handle: pinging, proves: 'client/pings' },
  {
    name: 'fragments',
    title: 'Messages in fragments, with pings between them.',
    isFragmented: true,
    proves: 'client/fragments',
  },
  {
    name: 'large',
    title: 'Replies of megabytes, far above limits.frameBytes.',
    shape: LARGE,
    limits: { frameBytes: 4096 },
    task: { numEnvs: 2, steps: 2 },
    proves: 'client/large',
  },
  {
    name: 'reordered',
    title: 'Two steps under way at once, answered in the opposite order.',
    task: { way: 'halves', autoreset: 'same_step' },
    handle: reversing(),
    proves: 'client/matches-ids',
  },
  {
    name: 'one-in-flight',
    title: 'No more than one request under way: the second step waits for the reply to the first.',
    limits: { requestsInFlight: 1 },
    task: { way: 'halves' },
    handle: (_session, _request, answer) => void setTimeout(answer, A_WHILE / 4),
    proves: 'client/in-flight',
  },
  {
    name: 'errors',
    title: 'Steps that are refused, once with a code of a later edition: the session goes on.',
    handle(session, { id, type, t }, answer) {
      if (type !== 'step' || t < 1 || t > 2) answer();
      else session.refuse(id, t === 1 ? 'bad_action' : 'code_of_a_later_edition', true);
    },
    proves: 'client/goes-on',
  },
  {
    name: 'refused',
    title: 'A server that refuses the hello.',
    greet: (session) => session.end('unsupported_protocol', 4002),
    isCut: true,
    proves: 'client/refused',
  },
  {
    name: 'fatal',
    title: 'A server that stops, and says so.',
    handle: atSecondStep((session) => session.end('shutting_down', 1001)),
    isCut: true,
    proves: 'client/fatal',
  },
  {
    name: 'lost',
    title: 'A connection that breaks off with a step unanswered.',
    handle: atSecondStep((session) => session.socket.terminate()),
    isCut: true,
    proves: 'client/lost',
  },
  {
    name: 'resumed',
    title: 'A connection that breaks off with a request unanswered, three times; the session is kept.',
    ...KEPT,
    handle(session, { type, t }, answer) {
      if (type === 'reset' || (type === 'step' && t % 3 === 1)) session.lose();
      else answer();
    },
    proves: 'client/resumes',
  },
  {
    name: 'resumed-two',
    title: 'A connection that breaks off with two steps unanswered; the session is kept.',
    ...KEPT,
    task: { way: 'halves', autoreset: 'same_step' },
    handle: losingTwo(),
    proves: 'client/resumes',
  },
  {
    name: 'restarted',
    title: 'A server that is started anew, and says when to come back.',
    ...KEPT,
    handle: atSecondStep((session) => session.lose(3 * A_WHILE)),
    proves: 'client/restarts',
  },
  {
    name: 'hopeless',
    title: 'A connection that breaks off, and a session that is not there any more.',
    ...KEPT,
    greet: (session, welcome) => (session.wasLost ? session.end('no_such_session', 4004) : welcome()),
    handle: atSecondStep((session) => session.lose()),
    isCut: true,
    proves: 'client/hopeless',
  },
  {
    name: 'gone',
    title:
      'A connection that breaks off, and a server that welcomes nobody for as long as the session is kept.',
    limits: { graceMs: 10 * A_WHILE },
    greet: (session, welcome) => (session.wasLost ? session.socket.terminate() : welcome()),
    handle: atSecondStep((session) => session.lose()),
    isCut: true,
    isGone: true,
    proves: 'client/gives-up',
  },
];
