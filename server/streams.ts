import { createHmac } from 'node:crypto';
import type { ResetBatch, StepBatch } from '../envs/batch.js';
import { FarstepError } from '../protocol/errors.js';
import { layOutLeaf } from '../protocol/frames.js';
import type { Contract } from '../protocol/messages.js';
import {
  encodeResetSample,
  encodeStepSample,
  resetSampleBytes,
  type SampleLayout,
  stepSampleBytes,
} from '../protocol/samples.js';
import { type Frame, FramePool } from './frame-pool.js';
import type { HostedVectorEnv } from './host.js';
import type { Limits } from './limits.js';

/** One that is told of what happens on a stream. */
export interface Subscriber {
  /** A sample, to be taken or not. */
  offer(frame: Frame): void;
  /** There will be no more. */
  over(): void;
}

/** What a vector env goes through, for those who have been let in to watch. Costs next to nothing while nobody does. */
export class Stream {
  readonly contract: Contract;
  readonly #env: HostedVectorEnv;
  readonly #layout: SampleLayout;
  readonly #pool: FramePool;
  readonly #subscribers = new Set<Subscriber>();
  #sequence = 0;

  /** @param number - what samples name it by, unique on the server. */
  constructor(
    readonly number: number,
    env: HostedVectorEnv,
    private readonly limits: Limits,
    private readonly onEnd: () => void,
  ) {
    this.contract = env.contract;
    this.#env = env;
    this.#layout = { ...env.layout, actions: env.contract.actionLeaves.map(layOutLeaf) };
    this.#pool = new FramePool(limits.streamBytes);
  }

  /** The number of the last sample. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Throws `too_many_subscriptions`. */
  add(subscriber: Subscriber): void {
    const { subscribers } = this.limits;
    if (this.#subscribers.size >= subscribers) {
      const message = `subscribe: the stream has ${this.#subscribers.size} subscribers, limits.subscribers is ${subscribers}`;
      throw new FarstepError('too_many_subscriptions', message);
    }
    this.#subscribers.add(subscriber);
  }

  remove(subscriber: Subscriber): void {
    this.#subscribers.delete(subscriber);
  }

  /** A step of all envs, or of `ids`, was carried out; the env's `actions` are still those of the step. */
  publishStep(ids: Uint32Array | undefined, batch: StepBatch): void {
    const actions = { n: ids?.length ?? this.contract.numEnvs, slabs: this.#env.actions };
    this.#publish(
      () => stepSampleBytes(this.#layout, actions.n, batch.n, ids),
      (target) => encodeStepSample(target, this.#key, this.#layout, ids, actions, batch),
    );
  }

  /** All envs, or `ids`, were reset or restored. */
  publishReset(ids: Uint32Array | undefined, batch: ResetBatch): void {
    this.#publish(
      () => resetSampleBytes(this.#layout, batch.n, ids),
      (target) => encodeResetSample(target, this.#key, this.#layout, ids, batch),
    );
  }

  get #key() {
    return { stream: this.number, sequence: this.#sequence };
  }

  #publish(size: () => number, write: (target: Uint8Array) => number): void {
    this.#sequence++;
    if (this.#subscribers.size === 0) return;
    const frame = this.#pool.take(size());
    frame.hold();
    frame.fill(write);
    for (const subscriber of this.#subscribers) subscriber.offer(frame);
    frame.release();
  }

  end(): void {
    this.onEnd();
    for (const subscriber of this.#subscribers) subscriber.over();
    this.#subscribers.clear();
  }
}

/** The streams that are open on a server, each under the token that it is subscribed to with. */
export class Streams {
  readonly #open = new Map<string, Stream>();
  #nextNumber = 1;

  constructor(private readonly limits: Limits) {}

  get size(): number {
    return this.#open.size;
  }

  open(token: string, env: HostedVectorEnv): Stream {
    const stream = new Stream(this.#nextNumber++, env, this.limits, () => this.#open.delete(token));
    this.#open.set(token, stream);
    return stream;
  }

  /** Throws `no_such_stream`. */
  find(token: string): Stream {
    const stream = this.#open.get(token);
    if (stream) return stream;
    throw new FarstepError('no_such_stream', 'subscribe: no stream of that token is open; it may have ended');
  }
}

/** The token of a vector env's stream: nobody makes it who does not know the secret of the session that has the env. */
export const streamToken = (secret: string, handle: number): string =>
  createHmac('sha256', secret).update(`stream ${handle}`).digest('base64url');
