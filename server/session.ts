import { setImmediate } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { StepBatch } from '../envs/batch.js';
import { FarstepError } from '../protocol/errors.js';
import { decodeStep, encodeStepped, isHotFrame, type StepFrame, steppedBytes } from '../protocol/frames.js';
import { packMessage, type Reply, type Request, unpackMessage } from '../protocol/messages.js';
import { MAX_VALUES } from '../protocol/msgpack.js';
import { parseRequest } from '../protocol/requests.js';
import { ControlRequests } from './control-requests.js';
import type { EnvHost, HostedVectorEnv } from './host.js';
import { Ledger } from './ledger.js';
import type { Limits } from './limits.js';
import type { Metrics } from './metrics.js';
import { type Link, Outbox } from './outbox.js';
import { Allowance } from './rest.js';
import { SessionEnvs } from './session-envs.js';
import type { SavedSession, SessionRecord } from './session-record.js';
import { stepIds, takeActions } from './step-request.js';
import type { Streams } from './streams.js';
import { Subscriptions } from './subscriptions.js';
import type { Tenant } from './tenant.js';
import { WaitingRequests } from './waiting-requests.js';
import type { WorldRooms } from './world-rooms.js';

type Message = ReturnType<typeof unpackMessage>;

/** What of the server a session uses. */
export interface SessionContext {
  readonly host: EnvHost;
  readonly worlds: WorldRooms;
  readonly streams: Streams;
  readonly limits: Limits;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  /** Envs in all sessions, or in those of one key. */
  numEnvs(tenant?: Tenant): number;
  /** Sessions beside this one that have had a request since then, or rest. */
  countOthers(session: Session, since: number): number;
}

/** Who has had no request for so long does not count among those who share the main thread, milliseconds. */
const ACTIVE_MS = 1000;

/** A request off the wire. */
interface Arrived {
  readonly request: StepFrame | Message;
  readonly frame: Uint8Array;
  /** When it came. */
  readonly at: number;
  /** Of the request; null where it brings none that is valid. */
  readonly id: number | null;
}

/**
 * What one client has on the server: its vector envs, and the handling of its requests one after the other in the
 * order they came. Outlives its connection, of which it knows nothing but where to send replies: a request that comes
 * again on the next one is not carried out again.
 */
export class Session {
  readonly #log: Logger;
  readonly #host: EnvHost;
  readonly #ledger = new Ledger();
  readonly #metrics: Metrics;
  readonly #now: () => number;
  readonly #envs: SessionEnvs;
  readonly #subscriptions: Subscriptions;
  readonly #control: ControlRequests;
  readonly #outbox: Outbox;
  readonly #waiting: WaitingRequests<Arrived>;
  readonly #context: SessionContext;
  /** Set while requests wait for one before them; resolves when they need not any more. */
  #holding: Promise<void> | undefined;
  /** Whether somebody waits for the end of all that has come: then nobody rests. */
  #isSettling = false;
  #endRest = (): void => {};
  readonly #allowance = new Allowance();
  /** When its last request came, or when its rest is over. */
  #activeAt = 0;
  /** Greatest id of the requests that were begun. */
  #lastId = -1;
  /** Requests up to this id were begun on an earlier connection. */
  #repeatsUpTo = -1;
  /** Requests that were begun and are not answered. */
  readonly #underWay = new Set<number>();

  /**
   * @param secret - what nobody knows but the server and the client.
   * @param tenant - whose it is, on a server that asks.
   * @param record - what it is to go on from when the server is started anew.
   */
  constructor(
    readonly name: string,
    readonly secret: string,
    context: SessionContext,
    readonly tenant?: Tenant,
    private readonly record?: SessionRecord,
  ) {
    const { host, worlds, streams, limits, log, metrics, now } = context;
    this.#log = log;
    this.#host = host;
    this.#metrics = metrics;
    this.#now = now;
    this.#context = context;
    this.#waiting = new WaitingRequests(limits.queuedBytes);
    this.#outbox = new Outbox(limits, tenant);
    this.#envs = new SessionEnvs(name, secret, context, tenant);
    this.#subscriptions = new Subscriptions(streams, limits, this.#outbox, metrics);
    this.#control = new ControlRequests(this.#envs, this.#subscriptions, host, worlds, limits, tenant);
  }

  /** Envs in all vector envs of this session. */
  get numEnvs(): number {
    return this.#envs.numEnvs;
  }

  /** Adds the envs of each id to `counts`. */
  countEnvsInto(counts: Map<string, number>): void {
    this.#envs.countInto(counts);
  }

  /** What it has waiting and keeps. */
  get load() {
    return {
      waitingRequests: this.#waiting.length,
      waitingBytes: this.#waiting.bytes,
      keptBytes: this.#outbox.keptBytes,
      subscriptions: this.#subscriptions.size,
    };
  }

  /** Requests come over `link` from now on, those that are unanswered once more, and replies go there. */
  attach(link: Link): void {
    this.#repeatsUpTo = this.#lastId;
    this.#outbox.attach(link, this.#repeatsUpTo);
    this.#envs.setAway(false);
  }

  /** The connection is lost. What was not begun is forgotten: it comes again. */
  detach(): void {
    this.#outbox.detach();
    this.#waiting.clear();
    this.#envs.setAway(true);
  }

  /**
   * Handles one frame. Throws only what ends the connection (`bad_frame`); everything else is answered. Where so much
   * waits that no more is to be read for now, gives a promise that resolves when there is room.
   */
  receive(frame: Uint8Array, at: number): Promise<void> | undefined {
    this.#activeAt = Math.max(this.#activeAt, at);
    // Decoded before it waits: whoever brings a bad frame is still there to be told.
    const arrived = this.#read(frame, at);
    if (arrived.id !== null && arrived.id <= this.#repeatsUpTo) this.#repeat(arrived.id);
    else if (this.#holding) return this.#waiting.push(arrived);
    else this.#handle(arrived);
    return undefined;
  }

  /** Whether a request has come since then, or it rests. */
  isActiveSince(time: number): boolean {
    return this.#activeAt >= time;
  }

  /**
   * So much of the main thread's time was taken for it: how long it is to be left alone, milliseconds.
   *
   * @param atOnce - what may be taken without rest, milliseconds.
   */
  restAfter(ms: number, atOnce?: number): number {
    if (this.#isSettling) return 0;
    const now = this.#now();
    this.#activeAt = now;
    const before = now - ms - ACTIVE_MS;
    const rest = this.#allowance.take(ms, now, () => this.#context.countOthers(this, before), atOnce);
    this.#activeAt = now + rest;
    return rest;
  }

  /** Answers a frame with an error instead of handling it. */
  refuse(frame: Uint8Array, error: FarstepError): void {
    void this.#fail(this.#read(frame, 0).id, error);
  }

  /** Resolves when every request that came has been answered. */
  async settled(): Promise<void> {
    this.#isSettling = true;
    this.#endRest();
    while (this.#holding) await this.#holding;
    this.#isSettling = false;
  }

  /** Whether it goes on when the server is started anew. */
  get isKept(): boolean {
    return this.record?.isKept ?? false;
  }

  /** A session without anything that goes on from its record. */
  begin(): void {
    if (this.record) this.#holdUntil(this.#save());
  }

  /** Goes on from what was saved: carries out again what was begun since then. */
  async revive({ state, frames }: SavedSession): Promise<void> {
    for (const saved of state.envs) {
      const env = await this.#ledger.revive(saved, (request) => this.#host.make(request));
      this.#envs.put(saved.handle, env, saved.isShared);
    }
    this.#envs.nextHandle = state.nextHandle;
    for (const { id, bytes } of state.replies) this.#outbox.send(id, bytes);
    this.#lastId = state.lastId;
    for (const frame of frames) {
      void this.receive(frame, this.#now());
      await this.settled();
    }
    await this.#save();
  }

  /** The server stops, and is to be started anew. */
  suspend(): void {
    this.record?.suspend();
    this.#closeAll();
  }

  close(): void {
    this.record?.remove();
    this.#closeAll();
  }

  #closeAll(): void {
    this.detach();
    this.#subscriptions.closeAll();
    this.#envs.closeAll();
  }

  #read(frame: Uint8Array, at: number): Arrived {
    const request = isHotFrame(frame) ? decodeStep(frame) : this.#unpack(frame);
    const { id, ack } = request;
    if (typeof ack === 'number') this.#outbox.acknowledge(ack);
    return { request, frame, at, id: Number.isSafeInteger(id) ? (id as number) : null };
  }

  /** Throws `frame_too_large` where it has more values than whoever has so many envs may send. */
  #unpack(frame: Uint8Array): Message {
    const { values, valuesPerEnv } = this.#context.limits;
    if (frame.length <= values) return unpackMessage(frame); // a value takes a byte at least
    const { numEnvs } = this;
    try {
      return unpackMessage(frame, Math.min(MAX_VALUES, values + valuesPerEnv * numEnvs));
    } catch (error) {
      if (!(error instanceof FarstepError && error.code === 'frame_too_large')) throw error;
      const allowed = `limits.values is ${values}, limits.valuesPerEnv is ${valuesPerEnv} for each of ${numEnvs} envs`;
      throw new FarstepError('frame_too_large', `${error.message}; ${allowed}`);
    }
  }

  #repeat(id: number): void {
    if (this.#outbox.repeat(id)) return;
    if (this.#underWay.has(id)) {
      this.#outbox.await(id);
      return;
    }
    const message = `request ${id} was carried out, but its reply was not kept (limits.keptReplyBytes)`;
    // Itself not to be kept, in place of a reply that may be asked for.
    this.#outbox.send(null, errorFrame(new FarstepError('reply_not_kept', message), id));
  }

  /** @param hasWaited - so that its connection has not seen how long it takes, which of a step is nobody's concern. */
  #handle({ request, frame, id, at }: Arrived, hasWaited = false): void {
    const begun = this.#now();
    if (id !== null && id > this.#lastId) this.#lastId = id;
    if (id !== null) this.record?.append(frame);
    this.tenant?.useBytes(frame.length);
    const done = 'type' in request ? this.#answer(request, id) : this.#step(request, frame, at);
    const wait = this.#pause(done ?? this.#outbox.drained());
    const rest = hasWaited && 'type' in request ? this.#rest(begun) : undefined;
    if (rest) this.#holdUntil(Promise.all([wait, rest]).then(() => {}));
    else if (wait) this.#holdUntil(wait);
  }

  /** The others have their turn first, where its requests took much; undefined where they did not. */
  #rest(begun: number): Promise<void> | undefined {
    const ms = this.restAfter(this.#now() - begun);
    if (ms === 0) return undefined;
    return new Promise((resolve) => {
      this.#endRest = resolve;
      setTimeout(resolve, ms).unref();
    });
  }

  /** What the next request waits for, beside `wait`. */
  #pause(wait: Promise<void> | undefined): Promise<void> | undefined {
    const { record, tenant } = this;
    let pause = wait;
    if (record?.isDue) pause = Promise.resolve(pause).then(() => this.#save());
    if (tenant && (pause || tenant.isOwing)) pause = Promise.resolve(pause).then(() => tenant.rest());
    return pause;
  }

  /** @param reply - one that is to be sent, and not kept yet. */
  async #save(reply?: { readonly id: number; readonly bytes: Uint8Array }): Promise<void> {
    try {
      const envs = await this.#ledger.save((handle) => this.#envs.get(handle, 'save'));
      this.record!.save({
        name: this.name,
        secret: this.secret,
        key: this.tenant?.key.name,
        lastId: this.#lastId,
        nextHandle: this.#envs.nextHandle,
        envs,
        replies: [...this.#outbox.kept, ...(reply ? [reply] : [])],
      });
    } catch (error) {
      this.record!.forsake((error as Error).message);
    }
  }

  /** Sends a reply, once nothing that it tells can be undone by the end of the server. */
  #reply(request: Request, reply: Reply): Promise<void> | undefined {
    const packed = packMessage(reply);
    const send = (): void => this.#outbox.send(request.id, packed);
    const come = this.record && this.#ledger.note(request, reply);
    if (come === 'foreign') this.record!.forsake(`it has asked to ${request.type}`);
    if (come !== 'drawn' || !this.record!.isKept) {
      send();
      return undefined;
    }
    return this.#save({ id: request.id, bytes: packed }).then(send);
  }

  /**
   * Requests behind one that is answered later wait for it, so that replies keep the order of requests. They also wait
   * for the client to take its replies: one that does not read makes the server hold one reply and no more.
   */
  #holdUntil(done: Promise<void>): void {
    this.#holding = done
      .then(() => this.#outbox.drained())
      .then(() => {
        this.#holding = undefined;
        const next = this.#waiting.shift();
        if (!next) return;
        this.#handle(next, true);
        // Between two that have waited everybody else has a turn.
        if (!this.#holding && this.#waiting.length > 0) this.#holdUntil(setImmediate());
      });
  }

  #step(step: StepFrame, frame: Uint8Array, at: number): Promise<void> | undefined {
    try {
      const env = this.#envs.get(step.env, 'step');
      const { numEnvs } = env.contract;
      const ids = step.ids && stepIds(frame, step.ids, numEnvs);
      takeActions(env, step, frame, ids?.length ?? numEnvs);
      const batch = env.step(ids);
      if (batch instanceof Promise) {
        const answered = batch.then((result) => this.#sendStepped(step, at, env, ids, result));
        return this.#answerLater(step.id, answered, step.env);
      }
      this.#sendStepped(step, at, env, ids, batch);
    } catch (error) {
      const saved = this.#fail(step.id, error, step.env);
      if (saved) return this.#answerLater(step.id, saved, step.env);
    }
    return undefined;
  }

  #sendStepped(
    { id, env: handle }: StepFrame,
    at: number,
    { layout, contract }: HostedVectorEnv,
    ids: Uint32Array | undefined,
    batch: StepBatch,
  ): void {
    this.#outbox.sendWritten(id, steppedBytes(layout, batch.n), (target) =>
      encodeStepped(target, id, layout, batch),
    );
    this.#metrics.onStep(contract.spec.id, batch.n, this.#now() - at);
    this.tenant?.useSteps(batch.n);
    this.#envs.streamOf(handle)?.publishStep(ids, batch);
  }

  #answer(message: Message, id: number | null): Promise<void> | undefined {
    if (message.type === 'hello') {
      void this.#fail(id, new FarstepError('second_hello', `session ${this.name} has been welcomed already`));
      return undefined;
    }
    try {
      const request = parseRequest(message);
      const reply = this.#control.answer(request);
      if (reply instanceof Promise) {
        const answered = reply.then((result) => this.#reply(request, result));
        return this.#answerLater(request.id, answered, message.env);
      }
      const saved = this.#reply(request, reply);
      if (saved) return this.#answerLater(request.id, saved, message.env);
    } catch (error) {
      const saved = this.#fail(id, error, message.env);
      if (saved) return this.#answerLater(id!, saved, message.env);
    }
    return undefined;
  }

  /** @param answered - resolves when the reply has been sent. Gives what the requests behind this one wait for. */
  #answerLater(id: number, answered: Promise<void>, env: unknown): Promise<void> | undefined {
    this.#underWay.add(id);
    const settled = answered
      .catch((error: unknown) => this.#fail(id, error, env))
      .then(() => void this.#underWay.delete(id));
    return this.#envs.waitsForOthers(env) ? undefined : settled;
  }

  /** Answers with an error; gives what that waits for: an env that has failed has, also behind a restart. */
  #fail(id: number | null, error: unknown, env?: unknown): Promise<void> | undefined {
    const coded = this.#coded(error, env);
    this.#metrics.onError(coded.code);
    this.#log.debug({ session: this.name, handle: env, code: coded.code, id }, coded.message);
    const bytes = errorFrame(coded, id);
    const send = (): void => this.#outbox.send(id, bytes);
    if (coded.code === 'env_failed') {
      this.#envs.close(env as number);
      this.#ledger.forget(env as number);
      if (id !== null && this.record?.isKept) return this.#save({ id, bytes }).then(send);
    }
    send();
    return undefined;
  }

  #coded(error: unknown, handle: unknown): FarstepError {
    if (error instanceof FarstepError) {
      if (error.cause)
        this.#log.error({ session: this.name, handle, err: error.cause, code: error.code }, error.message);
      return error;
    }
    // The client learns that it was our fault, and nothing of our insides.
    this.#log.error({ session: this.name, handle, err: error }, 'internal error');
    return new FarstepError('internal', `a fault of the server; its log has it under session ${this.name}`);
  }
}

/** An error as a frame. */
export function errorFrame(
  { code, message, recoverable, retryAfterMs }: FarstepError,
  id: number | null,
): Uint8Array {
  return packMessage({
    type: 'error',
    id,
    code,
    message,
    recoverable,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}
