import type { TypedArray } from '../../protocol/dtypes.js';
import { ERRORS, FarstepError } from '../../protocol/errors.js';
import { decodeStepped, isHotFrame, layOutLeaf, steppedId } from '../../protocol/frames.js';
import {
  type Contract,
  packMessage,
  type ReplyOf,
  unpackMessage,
  type Welcome,
} from '../../protocol/messages.js';
import { checkWellFormed } from '../../protocol/msgpack.js';
import { parseOver, parseReply, parseWelcome } from '../../protocol/replies.js';
import type { StepResult } from '../../protocol/results.js';
import { decodeSample, type Sample, sampledStream } from '../../protocol/samples.js';
import type { COMMON_RULES } from './common-rules.js';
import { Handle, type Rows } from './handle.js';
import type { Arrival, RawClient } from './raw-client.js';
import type { Recorder } from './session.js';
import type { Evidence } from './verdicts.js';

export type Message = Readonly<Record<string, unknown>>;
export type CommonRule = keyof typeof COMMON_RULES;
type RequestType = keyof ReplyOf | 'step';

/** What a connection needs of the stage that it is played on. */
export interface Notes<R extends string> {
  /** Longest wait for anything. */
  readonly timeoutMs: number;
  readonly recorder: Recorder;
  holds(rule: R | CommonRule): void;
  breaks(rule: R | CommonRule, evidence: Evidence): void;
}

/** What the server sent, as far as every message has it. */
export interface Received {
  readonly frame: Buffer;
  readonly type: string;
  readonly id: number | null;
  /** The fields of a control message; none of a step's reply. */
  readonly fields: Message;
}

/** A scenario cannot go on: what it needs to go on with did not come. */
export class Stopped extends Error {}

const REPLY_TO: Readonly<Record<RequestType, CommonRule>> = {
  list: 'listed',
  make: 'made',
  create: 'created',
  join: 'joined',
  leave: 'left',
  reset: 'started',
  restore: 'started',
  snapshot: 'snapshotted',
  rewards: 'rewarded',
  transitions: 'tabulated',
  render: 'rendered',
  share: 'shared',
  subscribe: 'subscribed',
  credit: 'credited',
  unsubscribe: 'unsubscribed',
  close: 'closed',
  step: 'stepped',
};

/** The codes that client libraries report by themselves. */
export const CLIENT_CODES: readonly string[] = [
  'bad_space',
  'bad_reply',
  'connection_failed',
  'connection_lost',
  'closed',
];

export const HELLO: Message = { type: 'hello', protocol: 1, editions: [1], client: 'conform' };

/** Any value as a frame. */
export const packed = (value: unknown): Buffer => Buffer.from(packMessage(value as never));

/**
 * One connection to the server under trial. What it sends and gets is noted with what it means, and every frame that
 * comes is held against the rules that all frames obey.
 */
export class Peer<R extends string = never> {
  #nextId = 1;
  /** The requests that are unanswered. */
  readonly #asked = new Map<number, { readonly type: RequestType; readonly handle?: Handle | undefined }>();

  /**
   * @param name - of the connection, where a session has several.
   * @param before - the connection whose session this one goes on with, and its ids.
   */
  constructor(
    private readonly name: string,
    private readonly client: RawClient,
    private readonly notes: Notes<R>,
    before?: Peer<R>,
  ) {
    if (before) this.#nextId = before.#nextId;
  }

  get extensions(): string {
    return this.client.extensions;
  }

  /** An id that was not used before. */
  takeId(): number {
    return this.#nextId++;
  }

  /** Sends anything: bytes, or text where it is a string. `handle` is what a step is about. */
  send(data: Buffer | string, means: string, handle?: Handle): void {
    const step = { from: 'client', connection: this.name, means } as const;
    if (typeof data === 'string') this.notes.recorder.note({ ...step, text: data });
    else this.notes.recorder.frame(step, data, handle?.contract);
    this.client.send(data);
  }

  /** Sends the beginning of a message, which is not recorded: nothing comes of it. */
  sendPart(): void {
    this.client.sendPart();
  }

  /** Sends several in one write. */
  inOneWrite(act: () => void): void {
    this.client.inOneWrite(act);
  }

  /** Sends the frame of a request, whose reply has to come. */
  post(id: number, type: RequestType, frame: Buffer, means: string, handle?: Handle): void {
    this.#asked.set(id, { type, handle });
    this.send(frame, means, handle);
  }

  /** Sends a request, whose reply `reply` takes. Gives its id. */
  request(request: Message & { readonly type: keyof ReplyOf }, means: string, handle?: Handle): number {
    const id = this.takeId();
    const { type, ...fields } = request;
    this.post(id, type, packed({ type, id, ...fields }), means, handle);
    return id;
  }

  /** Sends a step. Gives its id. */
  requestStep(
    handle: Handle,
    actions: readonly TypedArray[],
    means: string,
    ids?: readonly number[],
  ): number {
    const id = this.takeId();
    this.post(id, 'step', handle.stepFrame(id, actions, ids), means, handle);
    return id;
  }

  /** What comes next; `contract` is that of what it is about. `rule` is broken if nothing does. */
  async receive(means: string, rule: R | CommonRule, contract?: Contract): Promise<Received> {
    const arrival = await this.#next(rule);
    if ('code' in arrival) {
      const { code, reason } = arrival;
      this.notes.recorder.note({ from: 'server', connection: this.name, means, closes: code, reason });
      throw this.stop(rule, `the connection was closed with code ${code} ${reason}`);
    }
    if ('text' in arrival) {
      throw this.stop('message/binary', `a text message: ${JSON.stringify(arrival.text.slice(0, 200))}`);
    }
    this.notes.holds('message/binary');
    const { frame } = arrival;
    const received = this.#read(frame);
    const asked = this.#asked.get(received.id ?? -1);
    const step = { from: 'server', connection: this.name, means } as const;
    this.notes.recorder.frame(step, frame, contract ?? asked?.handle?.contract);
    if (received.type === 'error') this.#checkError(received);
    if (received.id !== null) {
      if (!asked) throw this.stop('reply/id', `a reply to ${received.id}, which is unanswered`, frame);
      this.notes.holds('reply/id');
      this.#asked.delete(received.id);
    }
    return received;
  }

  /** The next message, which has to be the reply to the request `id` of this type. */
  async reply<T extends keyof ReplyOf>(
    type: T,
    id: number,
    means: string,
    rule: R | CommonRule = REPLY_TO[type],
  ): Promise<ReplyOf[T] & { readonly frame: Buffer }> {
    const received = await this.receive(means, rule);
    this.#checkAnswers(received, type, id, rule);
    try {
      const reply = parseReply(type, received.fields);
      this.notes.holds(REPLY_TO[type]);
      return { ...reply, frame: received.frame };
    } catch (error) {
      throw this.stop(REPLY_TO[type], (error as Error).message, received.frame);
    }
  }

  /** The next message, which has to be the reply to the step `id`. */
  async replyStep(
    handle: Handle,
    id: number,
    means: string,
    rule: R | CommonRule = 'stepped',
  ): Promise<StepResult> {
    const received = await this.receive(means, rule);
    this.#checkAnswers(received, 'step', id, rule);
    try {
      const result = decodeStepped(received.frame, handle.layout);
      this.notes.holds('stepped');
      this.notes.holds('arrays/bytes');
      return result;
    } catch (error) {
      const { message } = error as Error;
      const isSize = /expected \d+ bytes/.test(message);
      throw this.stop(isSize ? 'arrays/bytes' : 'stepped', message, received.frame);
    }
  }

  /** A request and its reply. */
  async ask<T extends keyof ReplyOf>(
    request: Message & { readonly type: T },
    means: string,
    answer: string,
    rule?: R | CommonRule,
  ): Promise<ReplyOf[T] & { readonly frame: Buffer }> {
    const id = this.request(request, means);
    return this.reply<T>(request.type, id, answer, rule);
  }

  /** The next message, which has to be a sample of that vector env. */
  async sample({ layout, contract }: Handle, means: string, rule: R | CommonRule): Promise<Sample> {
    const { frame } = await this.receive(means, rule, contract);
    const actions = contract.actionLeaves.map(layOutLeaf);
    try {
      return decodeSample(frame, { ...layout, actions }, contract.numEnvs);
    } catch (error) {
      throw this.stop(rule, sentence(error), frame);
    }
  }

  /** The next message, which has to tell that a stream is over. */
  async over(means: string, rule: R | CommonRule): Promise<void> {
    const { fields, frame } = await this.receive(means, rule);
    try {
      if (fields.type !== 'over') throw new Error(`expected over, got ${String(fields.type)}`);
      parseOver(fields);
      this.notes.holds(rule);
    } catch (error) {
      throw this.stop(rule, sentence(error), frame);
    }
  }

  /** Says hello, to which there may be any answer. */
  greet(fields: Message = {}): void {
    this.send(packed({ ...HELLO, ...fields }), 'The client says hello.');
  }

  /** Says hello and is welcomed. */
  async hello(fields: Message = {}, rule: R | CommonRule = 'welcome'): Promise<Welcome> {
    this.greet(fields);
    const received = await this.receive('The server welcomes it.', rule);
    try {
      const welcome = parseWelcome(received.fields);
      this.notes.holds(rule);
      return welcome;
    } catch (error) {
      throw this.stop(rule, sentence(error), received.frame);
    }
  }

  async make(fields: Message, means: string, answer = 'The server has made it.'): Promise<Handle> {
    const made = await this.ask({ type: 'make', ...fields }, means, answer);
    return this.#handle('made', made.env, made.contract, made.frame);
  }

  /** Creates a world: the handle of all its seats, and the token to join it with. */
  async create(fields: Message, means: string): Promise<{ readonly world: Handle; readonly token: string }> {
    const answer = 'A handle of all its seats, and the token that others join with.';
    const created = await this.ask({ type: 'create', ...fields }, means, answer);
    const world = this.#handle('created', created.env, created.contract, created.frame);
    return { world, token: created.world };
  }

  /** Joins a world: the handle of one seat, and its name. */
  async join(
    token: string,
    means: string,
    seat?: string,
  ): Promise<{ readonly env: Handle; readonly seat: string }> {
    const request = { type: 'join', world: token, ...(seat !== undefined && { seat }) } as const;
    const joined = await this.ask(request, means, 'A handle of one seat.');
    return { env: this.#handle('joined', joined.env, joined.contract, joined.frame), seat: joined.seat };
  }

  async reset(
    handle: Handle,
    fields: Message,
    means: string,
    answer = 'New episodes have begun.',
    rule?: R | CommonRule,
  ): Promise<Rows> {
    const id = this.request({ type: 'reset', env: handle.env, ...fields }, means, handle);
    return this.started('reset', handle, id, answer, rule);
  }

  /** The reply to a reset or restore, as arrays. */
  async started(
    type: 'reset' | 'restore',
    handle: Handle,
    id: number,
    answer: string,
    rule?: R | CommonRule,
  ): Promise<Rows> {
    const started = await this.reply(type, id, answer, rule);
    try {
      const rows = handle.rows(started);
      this.notes.holds('arrays/bytes');
      return rows;
    } catch (error) {
      throw this.stop('arrays/bytes', (error as Error).message, started.frame);
    }
  }

  async step(
    handle: Handle,
    actions: readonly TypedArray[],
    means: string,
    answer: string,
    { ids, rule }: { readonly ids?: readonly number[]; readonly rule?: R | CommonRule } = {},
  ): Promise<StepResult> {
    const id = this.requestStep(handle, actions, means, ids);
    return this.replyStep(handle, id, answer, rule);
  }

  /** Sends a request that has to be refused with `code`, and with its id. */
  async refused(
    rule: R | CommonRule,
    request: Message | Buffer,
    code: string,
    means: string,
    { id = this.takeId(), handle }: { readonly id?: number | null; readonly handle?: Handle } = {},
  ): Promise<void> {
    if (id !== null) this.#asked.set(id, { type: 'close' });
    const { type, ...fields } = request as Message;
    const isFrame = request instanceof Buffer;
    this.send(isFrame ? request : packed({ type, ...(id !== null && { id }), ...fields }), means, handle);
    await this.refusal(rule, id, code);
  }

  /** The next message, which has to refuse the request `id` with `code`. */
  async refusal(rule: R | CommonRule, id: number | null, code: string): Promise<void> {
    const received = await this.receive(`The server refuses it with ${code}.`, rule);
    this.#asked.delete(id ?? -1);
    const { fields, frame } = received;
    if (received.type === 'error' && received.id === id && fields.code === code) {
      this.notes.holds(rule);
    } else {
      const detail = `expected ${code} for request ${id}, got ${summary(received)}`;
      this.notes.breaks(rule, { detail, frame, from: 'server' });
    }
  }

  /** The server tells an error that ends the connection, and ends it. */
  async ends(rule: R | CommonRule, code: keyof typeof ERRORS): Promise<void> {
    const received = await this.receive(`The server says why it ends the connection: ${code}.`, rule);
    const { fields, frame } = received;
    if (received.type !== 'error' || received.id !== null || fields.code !== code) {
      throw this.stop(rule, `expected ${code} about no request, got ${summary(received)}`, frame);
    }
    this.notes.holds(rule);
    const arrival = await this.#next('error/close');
    if (!('code' in arrival)) throw this.stop('error/close', 'a message behind a fatal error');
    const entry = ERRORS[code];
    const expected = 'close' in entry ? entry.close : undefined;
    const { code: closes, reason } = arrival;
    this.notes.recorder.note({
      from: 'server',
      connection: this.name,
      means: 'The connection is closed.',
      closes,
      reason,
    });
    if (closes === expected && reason === code) this.notes.holds('error/close');
    else {
      const detail = `expected close code ${expected} and reason ${code}, got ${closes} and ${JSON.stringify(reason)}`;
      this.notes.breaks('error/close', { detail, from: 'server' });
    }
  }

  /** Closes the connection, as one who is done does, and waits until the server has closed it too. */
  async done(): Promise<void> {
    this.close();
    for (;;) if ('code' in (await this.#next('error/close'))) return;
  }

  /** The connection breaks. */
  lose(): void {
    const means = 'The connection is lost.';
    this.notes.recorder.note({ from: 'client', connection: this.name, means, closes: 1006 });
    this.client.terminate();
  }

  /** Closes the connection, as one who is done does. */
  close(): void {
    this.notes.recorder.note({
      from: 'client',
      connection: this.name,
      means: 'The client is done.',
      closes: 1000,
    });
    this.client.close();
  }

  async #next(rule: R | CommonRule): Promise<Arrival> {
    const arrival = await this.client.next(this.notes.timeoutMs);
    if (arrival) return arrival;
    throw this.stop(rule, `nothing came within ${this.notes.timeoutMs} ms`);
  }

  #read(frame: Buffer): Received {
    try {
      checkWellFormed(frame);
      this.notes.holds('message/restricted');
    } catch (error) {
      throw this.stop('message/restricted', sentence(error), frame);
    }
    try {
      if (isHotFrame(frame)) {
        const id = steppedId(frame);
        if (id !== undefined) return { frame, type: 'stepped', id, fields: {} };
        sampledStream(frame);
        return { frame, type: 'sample', id: null, fields: {} };
      }
    } catch (error) {
      throw this.stop('stepped', sentence(error), frame);
    }
    try {
      const fields = unpackMessage(frame);
      this.notes.holds('reply/type');
      return { frame, type: fields.type, id: (fields.id ?? null) as number | null, fields };
    } catch (error) {
      throw this.stop('reply/type', sentence(error), frame);
    }
  }

  #checkError({ fields, frame }: Received): void {
    const { code, message, recoverable } = fields;
    const entry = Object.hasOwn(ERRORS, String(code)) ? ERRORS[code as keyof typeof ERRORS] : undefined;
    const check = (rule: CommonRule, isGood: boolean, detail: string) => {
      if (isGood) this.notes.holds(rule);
      else this.notes.breaks(rule, { detail, frame, from: 'server' });
    };
    const isKnown = entry !== undefined && !CLIENT_CODES.includes(String(code));
    check('error/code', isKnown, `${JSON.stringify(code)} is no code that servers send`);
    const isSentence = typeof message === 'string' && message.length > 0 && message.length <= 1000;
    check('error/message', isSentence, 'expected a sentence of at most 1000 characters');
    check(
      'error/recoverable',
      recoverable === (entry?.recoverable ?? recoverable),
      `${String(code)} has to be recoverable: ${entry?.recoverable}`,
    );
  }

  #checkAnswers(received: Received, type: RequestType, id: number, rule: R | CommonRule): void {
    const expected = REPLY_TO[type];
    if (received.type === expected && received.id === id) return;
    throw this.stop(rule, `expected ${expected} for request ${id}, got ${summary(received)}`, received.frame);
  }

  #handle(what: CommonRule, env: number, contract: Handle['contract'], frame: Buffer): Handle {
    try {
      return new Handle(env, contract);
    } catch (error) {
      throw this.stop(what, sentence(error), frame);
    }
  }

  stop(rule: R | CommonRule, detail: string, frame?: Buffer): Stopped {
    this.notes.breaks(rule, { detail, frame, from: 'server' });
    return new Stopped(`${rule}: ${detail}`);
  }
}

const sentence = (error: unknown): string =>
  error instanceof FarstepError ? `${error.code}: ${error.message}` : (error as Error).message;

const summary = ({ type, id, fields }: Received): string =>
  type === 'error'
    ? `error ${String(fields.code)} for ${id}: ${String(fields.message)}`
    : `${type} for request ${id}`;
