import { FarstepError } from '../protocol/errors.js';
import type {
  Credited,
  CreditRequest,
  Subscribed,
  SubscribeRequest,
  Unsubscribed,
  UnsubscribeRequest,
} from '../protocol/messages.js';
import type { Frame } from './frame-pool.js';
import type { Limits } from './limits.js';
import type { Metrics } from './metrics.js';
import type { Outbox } from './outbox.js';
import type { Stream, Streams, Subscriber } from './streams.js';

/** A session that watches a stream. What it has no credit for, or no room on its connection, is lost to it. */
class Subscription implements Subscriber {
  /** Samples sent. */
  sent = 0;

  /** @param credits - samples that may be sent. */
  constructor(
    readonly stream: Stream,
    public credits: number,
    private readonly outbox: Outbox,
    private readonly metrics: Metrics,
    private readonly onOver: () => void,
  ) {}

  offer(frame: Frame): void {
    const isSent = this.credits > 0 && this.outbox.sendSample(frame);
    this.metrics.onSample(isSent);
    if (!isSent) return;
    this.credits--;
    this.sent++;
  }

  over(): void {
    this.onOver();
    this.outbox.tell({ type: 'over', stream: this.stream.number, sequence: this.stream.sequence });
  }
}

/** The streams that a session is subscribed to, by their numbers. */
export class Subscriptions {
  readonly #open = new Map<number, Subscription>();

  constructor(
    private readonly streams: Streams,
    private readonly limits: Limits,
    private readonly outbox: Outbox,
    private readonly metrics: Metrics,
  ) {}

  get size(): number {
    return this.#open.size;
  }

  /** Throws `no_such_stream`, `too_many_subscriptions`, or `bad_message` for a stream that it has already. */
  subscribe({ id, token, credits }: SubscribeRequest): Subscribed {
    const stream = this.streams.find(token);
    const { number, contract, sequence } = stream;
    const { subscriptions } = this.limits;
    if (this.#open.has(number)) {
      const message = `subscribe: this session is subscribed to that stream already, as ${number}`;
      throw new FarstepError('bad_message', message);
    }
    if (this.#open.size >= subscriptions) {
      const message = `subscribe: ${this.#open.size} subscriptions are open, limits.subscriptions is ${subscriptions}`;
      throw new FarstepError('too_many_subscriptions', message);
    }
    const subscription = new Subscription(stream, credits, this.outbox, this.metrics, () =>
      this.#open.delete(number),
    );
    stream.add(subscription);
    this.#open.set(number, subscription);
    return { type: 'subscribed', id, stream: number, sequence, contract };
  }

  /** Throws `no_such_stream`. */
  credit({ id, stream, credits }: CreditRequest): Credited {
    const subscription = this.#get('credit', stream);
    subscription.credits += credits;
    return { type: 'credited', id, sent: subscription.sent };
  }

  /** Throws `no_such_stream`. */
  unsubscribe({ id, stream }: UnsubscribeRequest): Unsubscribed {
    this.#close(this.#get('unsubscribe', stream));
    return { type: 'unsubscribed', id };
  }

  closeAll(): void {
    for (const subscription of this.#open.values()) this.#close(subscription);
  }

  #close(subscription: Subscription): void {
    subscription.stream.remove(subscription);
    this.#open.delete(subscription.stream.number);
  }

  #get(what: string, stream: number): Subscription {
    const subscription = this.#open.get(stream);
    if (subscription) return subscription;
    const open = [...this.#open.keys()].join(', ') || 'none';
    const message = `${what}: no subscription to stream ${stream}; this session has: ${open}`;
    throw new FarstepError('no_such_stream', message);
  }
}
