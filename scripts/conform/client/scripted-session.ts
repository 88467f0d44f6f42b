import type { IncomingMessage } from 'node:http';
import { isDeepStrictEqual } from 'node:util';
import type { RawData, WebSocket } from 'ws';
import { FarstepError } from '../../../protocol/errors.js';
import { decodeStep, isHotFrame, type StepFrame } from '../../../protocol/frames.js';
import { type Request, type SessionLimits, unpackMessage } from '../../../protocol/messages.js';
import { parseHello, parseRequest } from '../../../protocol/requests.js';
import type { Verdicts } from '../verdicts.js';
import { RequestChecker } from './check-requests.js';
import { pack, SHORT, type Style } from './packer.js';
import type { ClientRule } from './rules.js';
import { HANDLE, type ScriptedEnvs, type ScriptedStep } from './scripted-env.js';
import type { Task } from './task.js';

const LIMITS: SessionLimits = {
  frameBytes: 2 ** 20,
  requestsInFlight: 16,
  vectorEnvs: 4,
  envs: 64,
  idleMs: 60_000,
  graceMs: 0,
  keptReplyBytes: 0,
  subscriptions: 0,
  streamBytes: 0,
  pingMs: 30_000,
};

/** What a client comes back with. */
const TOKEN = 'scripted.secret';
/** How much too early timers may go off, milliseconds. */
const EARLY_MS = 5;

/** How a scripted server behaves, where not as the simplest one would. */
export interface Behaviour {
  readonly limits?: Partial<SessionLimits>;
  /** How message number n is written. */
  readonly style?: (n: number) => Style;
  /** Puts fields into every map that no client knows. */
  readonly hasUnknownFields?: boolean;
  /** Sends each message in fragments. */
  readonly isFragmented?: boolean;
  /** Does something else than to welcome the client at once, also when it comes back. `welcome` does that. */
  readonly greet?: (session: ScriptedSession, welcome: () => void) => void;
  /** Does something else than to answer a request at once. `answer` does that. */
  readonly handle?: (session: ScriptedSession, request: ScriptedRequest, answer: () => void) => void;
}

export interface ScriptedRequest {
  readonly id: number;
  readonly type: Request['type'] | 'step';
  /** Of a step: how often its envs were asked to step before. */
  readonly t: number;
}

/** A request that has come. */
interface Unanswered {
  readonly id: number;
  readonly frame: Buffer;
  readonly answer: () => void;
}

/** When the connection was lost, and after how many milliseconds the server wants to be asked, if it says. */
interface Loss {
  readonly at: number;
  readonly backAfterMs: number | undefined;
}

/** The session of the client under trial, answered by a script and judged by what it sends. */
export class ScriptedSession {
  /** The codes that the client was refused with. */
  readonly errors: string[] = [];
  /** Of a script that answers requests in another order: whether two were under way for that. */
  hasReordered: boolean | undefined;
  /** Whether the client has sent what nobody could answer. */
  isGivenUp = false;
  /** Of a connection that was lost: after how many milliseconds the client said hello again, each time. */
  readonly attempts: number[] = [];
  readonly limits: SessionLimits;
  socket!: WebSocket;
  readonly #requests: RequestChecker;
  /** By id, in the order they came. */
  readonly #unanswered = new Map<number, Unanswered>();
  /** What is to be sent again before anything else. */
  #repeats: readonly Unanswered[] = [];
  /** The ids of the replies that were sent, in their order. */
  readonly #replied: number[] = [];
  #firstHello: Message | undefined;
  #lost: Loss | undefined;
  #countsUp = true;
  #saidHello = false;
  #closeCode: number | undefined;
  #isWelcomed = false;
  #lastId = -1;
  /** Where among the replies the last `ack` was. */
  #lastAck = 0;
  #sent = 0;
  /** The frame under judgement. */
  #frame: Buffer = Buffer.alloc(0);

  constructor(
    private readonly envs: ScriptedEnvs,
    task: Task,
    private readonly behaviour: Behaviour,
    private readonly verdicts: Verdicts,
  ) {
    this.limits = { ...LIMITS, ...behaviour.limits };
    this.#requests = new RequestChecker(envs, task, (rule, isSo, detail) => this.check(rule, isSo, detail));
  }

  /** Whether the connection was lost, in a session that a client may come back to. */
  get wasLost(): boolean {
    return this.#lost !== undefined;
  }

  /** Takes a connection of the client: its first one, or another one behind that which was lost. */
  connect(socket: WebSocket, request: IncomingMessage): void {
    this.socket = socket;
    this.#saidHello = this.#isWelcomed = false;
    this.#closeCode = undefined;
    const { 'sec-websocket-protocol': subprotocol, 'sec-websocket-extensions': extensions } = request.headers;
    this.check('client/subprotocol', subprotocol === undefined, `it asks for ${subprotocol}`);
    this.check('client/compression', extensions === undefined, `it offers ${extensions}`);
    socket.on('message', (data: RawData, isBinary) => {
      if (socket.readyState === socket.OPEN) this.#receive(data as Buffer, isBinary);
    });
    socket.on('error', () => {}); // the close that follows tells
    socket.on('close', (code) => {
      if (socket === this.socket) this.#closeCode = code;
    });
  }

  /** Breaks the connection off, or closes it as a server does that is started anew and is back after so long. */
  lose(backAfterMs?: number): void {
    this.#lost = { at: performance.now(), backAfterMs };
    if (backAfterMs === undefined) this.socket.terminate();
    else this.socket.close(1012, String(backAfterMs));
  }

  /** The code that the connection is closed with; undefined where it is not closed within a second. */
  closed(): Promise<number | undefined> {
    return new Promise((resolve) => {
      if (this.#closeCode !== undefined) resolve(this.#closeCode);
      const timer = setTimeout(() => resolve(undefined), 1000);
      this.socket.once('close', (code) => {
        clearTimeout(timer);
        resolve(code);
      });
    });
  }

  /** Judges a rule by one thing that it says; gives whether it held. */
  check(rule: ClientRule, isSo: boolean, detail: string): boolean {
    if (isSo) this.verdicts.holds(rule);
    else
      this.verdicts.breaks(rule, {
        detail,
        from: 'client',
        ...(this.#frame.length > 0 && { frame: this.#frame }),
      });
    return isSo;
  }

  /** Refuses a request, or the session where `id` is null. */
  refuse(id: number | null, code: string, recoverable: boolean): void {
    this.errors.push(code);
    if (id !== null) this.#answered(id);
    this.#send({ type: 'error', id, code, message: `The script says ${code}.`, recoverable });
  }

  /** Refuses the session, and ends it. */
  end(code: string, closeCode: number): void {
    this.refuse(null, code, false);
    this.socket.close(closeCode, code);
  }

  #receive(frame: Buffer, isBinary: boolean): void {
    this.#frame = frame;
    if (!this.check('client/binary', isBinary, `a text message: ${frame.toString().slice(0, 200)}`)) {
      this.#giveUp('text_frame');
      return;
    }
    try {
      const request = isHotFrame(frame) ? decodeStep(frame) : unpackMessage(frame);
      this.check('client/well-formed', true, '');
      if (!this.#saidHello) this.#hello(request);
      else this.#request(request, frame);
    } catch (error) {
      if (!(error instanceof FarstepError)) throw error;
      this.check(brokenBy(error, frame), false, `${error.code}: ${error.message}`);
      this.#giveUp(error.code);
    }
  }

  /** Ends a session that cannot go on: what the client makes of that is another matter. */
  #giveUp(reason: string): void {
    this.isGivenUp = true;
    this.#send({
      type: 'error',
      id: null,
      code: reason,
      message: 'The judge has seen enough.',
      recoverable: false,
    });
    this.socket.close(4000, reason);
  }

  #hello(request: StepFrame | Message): void {
    this.#saidHello = true;
    const isHello = 'type' in request && request.type === 'hello';
    if (!this.check('client/hello-first', isHello, 'the first message is no hello')) {
      this.#giveUp('bad_hello');
      return;
    }
    const { protocol, editions } = parseHello(request as Message);
    const speaks = protocol === 1 && editions.includes(1);
    this.check('client/hello', speaks, `it speaks protocol ${protocol}, editions ${editions.join(', ')}`);
    const { resume, ...hello } = request as Message;
    this.#firstHello ??= hello;
    if (this.#lost && !this.#isBack(resume, hello, this.#lost)) {
      this.#giveUp('no_such_session');
      return;
    }
    const welcome = (): void => {
      this.#isWelcomed = true;
      this.#send({
        type: 'welcome',
        session: 'scripted',
        resume: this.limits.graceMs > 0 ? TOKEN : null,
        edition: 1,
        capabilities: this.behaviour.hasUnknownFields ? ['of-a-later-edition'] : [],
        limits: this.limits,
        server: 'conform/1',
      });
    };
    if (this.behaviour.greet) this.behaviour.greet(this, welcome);
    else welcome();
  }

  /** Whether this hello is of a client that comes back. */
  #isBack(resume: unknown, hello: Message, { at, backAfterMs }: Loss): boolean {
    const afterMs = performance.now() - at;
    this.attempts.push(afterMs);
    if (backAfterMs !== undefined)
      this.check(
        'client/restarts',
        afterMs >= backAfterMs - EARLY_MS,
        `it was asked to come back after ${backAfterMs} ms and came after ${Math.round(afterMs)} ms`,
      );
    this.check('client/greater-ids', this.#countsUp, 'its ids have not counted up');
    this.#repeats = [...this.#unanswered.values()];
    const isSame = isDeepStrictEqual(hello, this.#firstHello);
    const detail = `the token is ${TOKEN}, it says ${String(resume)}${isSame ? '' : '; the rest is not as in its first hello'}`;
    return this.check('client/comes-back', resume === TOKEN && isSame, detail);
  }

  #request(request: StepFrame | Message, frame: Buffer): void {
    const waited = 'it asks before it was welcomed';
    if (!this.check('client/waits-for-welcome', this.#isWelcomed, waited)) return;
    const repeated = this.#repeats[0];
    if (repeated) {
      this.#repeat(repeated, frame);
      return;
    }
    const parsed = 'type' in request ? parseRequest(request) : { ...request, type: 'step' as const };
    const { id, type } = parsed;
    for (const rule of type === 'step' ? STEP_RULES : MESSAGE_RULES) this.verdicts.holds(rule);
    if (!this.check('client/id-unanswered', !this.#unanswered.has(id), `the id ${id} is unanswered`)) return;
    const order = `the id ${id} comes behind ${this.#lastId}`;
    this.#countsUp &&= this.check('client/ids-count-up', id > this.#lastId, order);
    if (this.#lost) this.check('client/greater-ids', this.#countsUp, order);
    this.#lastId = id;
    if (typeof request.ack === 'number') this.#checkAck(request.ack);
    const { requestsInFlight } = this.limits;
    const count = this.#unanswered.size + 1;
    this.check(
      'client/in-flight',
      count <= requestsInFlight,
      `${count} unanswered, the limit is ${requestsInFlight}`,
    );
    const { t, reply } = this.#take(parsed, frame);
    const answer = (): void => {
      this.#answered(id);
      this.#send(reply());
    };
    this.#unanswered.set(id, { id, frame: Buffer.from(frame), answer });
    if (this.behaviour.handle) this.behaviour.handle(this, { id, type, t }, answer);
    else answer();
  }

  #repeat({ id, frame: first, answer }: Unanswered, frame: Buffer): void {
    const rest = this.#repeats.length > 1 ? `, and ${this.#repeats.length - 1} others behind it` : '';
    if (this.check('client/repeats', frame.equals(first), `expected request ${id} again, as it was${rest}`)) {
      this.#repeats = this.#repeats.slice(1);
      answer();
    } else this.#giveUp('bad_message');
  }

  #answered(id: number): void {
    this.#unanswered.delete(id);
    this.#replied.push(id);
  }

  /** Replies come in the order they are sent, so whoever has one has all before it. */
  #checkAck(ack: number): void {
    const at = this.#replied.indexOf(ack);
    const isSo = at >= this.#lastAck;
    this.check('client/acks', isSo, `ack is ${ack}, the replies were those to ${this.#replied.join(', ')}`);
    if (isSo) this.#lastAck = at;
  }

  /** What a request asks for: the reply that it gets if it is carried out. */
  #take(request: Request | (StepFrame & { readonly type: 'step' }), frame: Buffer) {
    const { id, type } = request;
    const refusal = (code: string) => ({
      t: 0,
      reply: () => {
        this.errors.push(code);
        return { type: 'error', id, code, message: 'The rules say why.', recoverable: true };
      },
    });
    const { envs } = this;
    switch (type) {
      case 'list':
        return { t: 0, reply: () => ({ type: 'listed', id, envs: [envs.contract.spec] }) };
      case 'make':
        this.#requests.make(request);
        return { t: 0, reply: () => ({ type: 'made', id, env: HANDLE, contract: envs.contract }) };
      case 'reset': {
        const ids = this.#requests.reset(request);
        if (!ids) return refusal('bad_ids');
        const seeds = ids.map((i) => envs.seeds[i]);
        return { t: 0, reply: () => ({ type: 'started', id, ...envs.reset(ids), seeds }) };
      }
      case 'step': {
        const step = this.#requests.step(request, frame);
        if (!step) return refusal('bad_action');
        if (envs.autoreset === 'disabled') {
          const over = step.ids.filter((i) => envs.isOver(i));
          const isFree = this.check('client/disabled', over.length === 0, `envs ${over.join(', ')} are over`);
          if (!isFree) return refusal('episode_over');
        }
        return { t: step.t, reply: () => steppedOf(id, envs.step(step.ids)) };
      }
      case 'close':
        return { t: 0, reply: () => ({ type: 'closed', id }) };
      default:
        return refusal('not_supported');
    }
  }

  #send(message: object): void {
    const { style, hasUnknownFields, isFragmented } = this.behaviour;
    const value = hasUnknownFields ? withUnknownFields(message) : message;
    const frame = pack(value, style?.(this.#sent++) ?? SHORT);
    if (!isFragmented) {
      this.socket.send(frame);
      return;
    }
    const third = Math.ceil(frame.length / 3);
    this.socket.send(frame.subarray(0, third), { fin: false });
    this.socket.ping();
    this.socket.send(frame.subarray(third, 2 * third), { fin: false });
    this.socket.send(frame.subarray(2 * third), { fin: true });
  }
}

type Message = ReturnType<typeof unpackMessage>;

/** What a request that could be read has shown. */
const STEP_RULES: readonly ClientRule[] = ['client/step'];
const MESSAGE_RULES: readonly ClientRule[] = ['client/fields', 'client/known-fields', 'client/types'];

/** The rule that a frame has broken which the server's own checks refuse. */
function brokenBy({ code, message }: FarstepError, frame: Buffer): ClientRule {
  if (message.includes('unknown field')) return 'client/known-fields';
  if (code === 'bad_hello') return 'client/hello';
  if (code === 'unknown_message') return 'client/types';
  if (code === 'bad_frame') return isHotFrame(frame) ? 'client/step' : 'client/well-formed';
  return 'client/fields';
}

const steppedOf = (
  id: number,
  { n, observations, rewards, terminated, truncated, infos, ended }: ScriptedStep,
) => [2, id, n, observations, rewards, terminated, truncated, infos, ended];

/** Maps from names that are not the protocol's. */
const NAMED = ['options', 'spaces'];

/** The same with a field in every map that no edition has. */
function withUnknownFields(value: unknown, name = ''): unknown {
  if (Array.isArray(value)) return value.map((element) => withUnknownFields(element));
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  const fields = Object.entries(value).map(([key, field]) => [key, withUnknownFields(field, key)]);
  const unknown = NAMED.includes(name) ? {} : { of_a_later_edition: { what: [1, null] } };
  return { ...unknown, ...Object.fromEntries(fields) };
}
