import type { Logger } from 'pino';
import type { StepBatch } from '../envs/batch.js';
import { viewOrCopy } from '../protocol/dtypes.js';
import { FarstepError } from '../protocol/errors.js';
import {
  decodeStep,
  encodeStepped,
  isHotFrame,
  rowBytes,
  type StepFrame,
  slabBytes,
  steppedBytes,
} from '../protocol/frames.js';
import { packMessage, unpackMessage } from '../protocol/messages.js';
import type { Span } from '../protocol/msgpack.js';
import { parseRequest } from '../protocol/requests.js';
import { ControlRequests } from './control-requests.js';
import type { EnvHost, HostedVectorEnv } from './host.js';
import type { Limits } from './limits.js';
import { type Link, Outbox } from './outbox.js';
import { SessionEnvs } from './session-envs.js';
import type { Streams } from './streams.js';
import { Subscriptions } from './subscriptions.js';
import type { WorldRooms } from './world-rooms.js';

type Message = ReturnType<typeof unpackMessage>;

/** What of the server a session uses. */
export interface SessionContext {
  readonly host: EnvHost;
  readonly worlds: WorldRooms;
  readonly streams: Streams;
  readonly limits: Limits;
  readonly log: Logger;
}

/** A request off the wire. */
interface Arrived {
  readonly request: StepFrame | Message;
  readonly frame: Uint8Array;
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
  readonly #envs: SessionEnvs;
  readonly #subscriptions: Subscriptions;
  readonly #control: ControlRequests;
  readonly #outbox: Outbox;
  readonly #waiting: Arrived[] = [];
  /** Set while requests wait for one before them; resolves when they need not any more. */
  #holding: Promise<void> | undefined;
  /** Greatest id of the requests that were begun. */
  #lastId = -1;
  /** Requests up to this id were begun on an earlier connection. */
  #repeatsUpTo = -1;
  /** Requests that were begun and are not answered. */
  readonly #underWay = new Set<number>();

  /** @param secret - what nobody knows but the server and the client. */
  constructor(
    readonly name: string,
    readonly secret: string,
    { host, worlds, streams, limits, log }: SessionContext,
  ) {
    this.#log = log;
    this.#outbox = new Outbox(limits);
    this.#envs = new SessionEnvs(name, secret, streams, limits, log);
    this.#subscriptions = new Subscriptions(streams, limits, this.#outbox);
    this.#control = new ControlRequests(this.#envs, this.#subscriptions, host, worlds);
  }

  /** Envs in all vector envs of this session. */
  get numEnvs(): number {
    return this.#envs.numEnvs;
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
    this.#waiting.length = 0;
    this.#envs.setAway(true);
  }

  /** Handles one frame. Throws only what ends the connection (`bad_frame`); everything else is answered. */
  receive(frame: Uint8Array): void {
    // Decoded before it waits: whoever brings a bad frame is still there to be told.
    const arrived = this.#read(frame);
    if (arrived.id !== null && arrived.id <= this.#repeatsUpTo) this.#repeat(arrived.id);
    else if (this.#holding) this.#waiting.push(arrived);
    else this.#handle(arrived);
  }

  /** Answers a frame with an error instead of handling it. */
  refuse(frame: Uint8Array, error: FarstepError): void {
    this.#fail(this.#read(frame).id, error);
  }

  /** Resolves when every request that came has been answered. */
  async settled(): Promise<void> {
    while (this.#holding) await this.#holding;
  }

  close(): void {
    this.detach();
    this.#subscriptions.closeAll();
    this.#envs.closeAll();
  }

  #read(frame: Uint8Array): Arrived {
    const request = isHotFrame(frame) ? decodeStep(frame) : unpackMessage(frame);
    const { id, ack } = request;
    if (typeof ack === 'number') this.#outbox.acknowledge(ack);
    return { request, frame, id: Number.isSafeInteger(id) ? (id as number) : null };
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

  #handle({ request, frame, id }: Arrived): void {
    if (id !== null && id > this.#lastId) this.#lastId = id;
    const done = 'type' in request ? this.#answer(request, id) : this.#step(request, frame);
    const wait = done ?? this.#outbox.drained();
    if (wait) this.#holdUntil(wait);
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
        while (!this.#holding) {
          const next = this.#waiting.shift();
          if (!next) return;
          this.#handle(next);
        }
      });
  }

  #step(step: StepFrame, frame: Uint8Array): Promise<void> | undefined {
    try {
      const env = this.#envs.get(step.env, 'step');
      const { numEnvs } = env.contract;
      const ids = step.ids && stepIds(frame, step.ids, numEnvs);
      takeActions(env, step, frame, ids?.length ?? numEnvs);
      const batch = env.step(ids);
      if (batch instanceof Promise) {
        const answered = batch.then((result) => this.#sendStepped(step, env, ids, result));
        return this.#answerLater(step.id, answered, step.env);
      }
      this.#sendStepped(step, env, ids, batch);
    } catch (error) {
      this.#fail(step.id, error, step.env);
    }
    return undefined;
  }

  #sendStepped(
    { id, env: handle }: StepFrame,
    { layout }: HostedVectorEnv,
    ids: Uint32Array | undefined,
    batch: StepBatch,
  ): void {
    this.#outbox.sendWritten(id, steppedBytes(layout, batch.n), (target) =>
      encodeStepped(target, id, layout, batch),
    );
    this.#envs.streamOf(handle)?.publishStep(ids, batch);
  }

  #answer(message: Message, id: number | null): Promise<void> | undefined {
    if (message.type === 'hello') {
      this.#fail(id, new FarstepError('second_hello', `session ${this.name} has been welcomed already`));
      return undefined;
    }
    try {
      const request = parseRequest(message);
      const reply = this.#control.answer(request);
      if (reply instanceof Promise) {
        const answered = reply.then((result) => this.#outbox.send(request.id, packMessage(result)));
        return this.#answerLater(request.id, answered, message.env);
      }
      this.#outbox.send(request.id, packMessage(reply));
    } catch (error) {
      this.#fail(id, error, message.env);
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

  #fail(id: number | null, error: unknown, env?: unknown): void {
    const coded = this.#coded(error);
    this.#log.debug({ session: this.name, env, code: coded.code, id }, coded.message);
    if (coded.code === 'env_failed') this.#envs.close(env as number);
    this.#outbox.send(id, errorFrame(coded, id));
  }

  #coded(error: unknown): FarstepError {
    if (error instanceof FarstepError) {
      if (error.cause)
        this.#log.error({ session: this.name, err: error.cause, code: error.code }, error.message);
      return error;
    }
    // The client learns that it was our fault, and nothing of our insides.
    this.#log.error({ session: this.name, err: error }, 'internal error');
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

function takeActions(env: HostedVectorEnv, step: StepFrame, frame: Uint8Array, n: number): void {
  const leaves = env.contract.actionLeaves;
  if (step.actions.length !== leaves.length) {
    throw new FarstepError(
      'bad_action',
      `step: expected ${leaves.length} slabs of actions, got ${step.actions.length}`,
    );
  }
  for (let i = 0; i < leaves.length; i++) {
    const leaf = leaves[i]!;
    const { offset, length } = step.actions[i]!;
    const expected = n * rowBytes(leaf);
    if (length !== expected) {
      const what = `${n} × ${leaf.dtype}[${leaf.shape.join(', ')}]`;
      throw new FarstepError(
        'bad_action',
        `step: actions[${i}]: expected ${expected} bytes (${what}), got ${length}`,
      );
    }
    slabBytes(env.actions[i]!, rowBytes(leaf), n).set(frame.subarray(offset, offset + length));
  }
}

function stepIds(frame: Uint8Array, { offset, length }: Span, numEnvs: number): Uint32Array {
  if (length === 0 || length % 4 !== 0 || length > 4 * numEnvs) {
    throw new FarstepError(
      'bad_ids',
      `step.ids: expected 1 to ${numEnvs} uint32 in a bin, got ${length} bytes`,
    );
  }
  return viewOrCopy('uint32', frame, offset, length / 4) as Uint32Array;
}
