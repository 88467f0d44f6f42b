/** Frames that a client might send: good ones of every message, and what becomes of them when something goes wrong. */

import { Packr } from 'msgpackr';
import type { Rng } from '../../envs/rng/rng.js';
import { EDITIONS, PROTOCOL } from '../../protocol/messages.js';
import type { Known, KnownEnv } from './known.js';

type Fields = Record<string, unknown>;

const packr = new Packr({ useRecords: false, variableMapSize: true, encodeUndefinedAsNil: true });

/** A frame that was sent: the type that it was made from, and the handle in it, if any. */
export interface Sent {
  readonly type: string;
  readonly handle: unknown;
  readonly bytes: Uint8Array;
}

/** Shares of frames: good below the first, with a spoiled field below the second, with spoiled bytes above. */
const [GOOD, FATAL] = [0.6, 0.996];

/** How often a field is spoiled in such a way that the frame is no message any more, where it might be. */
const FATAL_FIELD = 0.05;
/** No text that UTF-8 has. */
const LONE_SURROGATE = '\ud800';

/** What is said of an env that is not open. */
const NO_ENV = {
  env: '',
  isWorld: false,
  rows: 2,
  actionBytes: [4],
  goalBytes: 0,
  isStarted: false,
  snapshots: [],
};

/** The env that is a table. */
const TABLE = 'Taxi-v4';
const ENVS = ['CartPole-v1', TABLE, 'Blackjack-v1', 'Pendulum-v1', 'MinAtar/Breakout-v1', 'Physics/Push-v1'];
const WORLDS = ['ConnectFour-v3', 'Physics/SumoDuel-v1'];
const TEXTS = ['', 'x', '__proto__', 'constructor', '\u0000', 'é'.repeat(200), 'a'.repeat(5000), '../../etc'];
const NUMBERS = [
  0,
  -0,
  1,
  -1,
  2,
  63,
  64,
  127,
  128,
  255,
  256,
  65_535,
  65_536,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 32,
  2 ** 53 - 1,
  2 ** 53,
  2 ** 64,
  -(2 ** 31),
  0.5,
  -1e-300,
  1e300,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
];

/** Everything that is drawn, so that a seed gives the same frames again. */
export class FrameSource {
  constructor(
    private readonly rng: Rng,
    private readonly known: Known,
  ) {}

  #below(n: number): number {
    return this.rng.integers(0, n);
  }

  #one<T>(values: readonly T[]): T {
    return values[this.#below(values.length)]!;
  }

  #chance(p: number): boolean {
    return this.rng.random() < p;
  }

  #bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.#below(256));
  }

  /** Any value that msgpack has. */
  #value(depth = 0): unknown {
    switch (this.#below(depth > 3 ? 5 : 8)) {
      case 0:
        return this.#one([null, true, false]);
      case 1:
        return this.#one(NUMBERS);
      case 2:
        return this.#chance(FATAL_FIELD) ? LONE_SURROGATE : this.#one(TEXTS);
      case 3:
        return this.#bytes(this.#below(20));
      case 4:
        return this.#below(10);
      case 5:
        return Array.from({ length: this.#below(5) }, () => this.#value(depth + 1));
      case 6:
        return Object.fromEntries(
          Array.from({ length: this.#below(4) }, (_, i) => [
            this.#one(['a', `k${i}`, 'type', 'id']),
            this.#value(depth + 1),
          ]),
        );
      default:
        return new Array<null>(this.#below(300)).fill(null);
    }
  }

  /** A vector env that is probably open, of those that `suits` says where there are any. */
  #env(suits: (env: KnownEnv) => boolean = () => true): KnownEnv {
    const { envs } = this.known;
    if (envs.length === 0 || this.#chance(0.03)) return { ...NO_ENV, handle: this.#below(1000) };
    const suited = envs.filter(suits);
    return this.#one(suited.length > 0 ? suited : envs);
  }

  /** Some of so many rows, or all of them. */
  #ids(rows: number): number[] | undefined {
    const some = Array.from({ length: rows }, (_, i) => i).filter(() => this.#chance(0.7));
    return some.length === 0 || this.#chance(0.6) ? undefined : some;
  }

  /** Good messages, of each type. */
  readonly #messages: Readonly<Record<string, (id: number) => Fields>> = {
    hello: () => ({ protocol: PROTOCOL, editions: EDITIONS, client: 'fuzz', capabilities: [] }),
    list: (id) => ({ id }),
    make: (id) => ({
      id,
      env: this.#one(ENVS),
      numEnvs: 1 + this.#below(4),
      seed: this.#chance(0.5) ? this.#below(100) : undefined,
      autoreset: this.#one([undefined, 'next_step', 'same_step', 'disabled']),
      maxEpisodeSteps: this.#chance(0.3) ? 1 + this.#below(5) : undefined,
    }),
    create: (id) => ({ id, world: this.#one(WORLDS), seed: this.#below(100), moveMs: 1 + this.#below(5) }),
    join: (id) => ({ id, world: this.#token(this.known.worlds) }),
    leave: (id) => ({ id, env: this.#env(({ isWorld }) => isWorld).handle }),
    reset: (id) => {
      const { handle, rows } = this.#env();
      return { id, env: handle, ids: this.#ids(rows) };
    },
    snapshot: (id) => {
      const { handle, rows } = this.#env(({ isWorld, isStarted }) => isStarted && !isWorld);
      return { id, env: handle, ids: this.#ids(rows) };
    },
    restore: (id) => {
      const { handle, snapshots } = this.#env((env) => env.snapshots.length > 0);
      return { id, env: handle, snapshots: this.#chance(0.9) ? snapshots : this.#value() };
    },
    rewards: (id) => {
      const { handle, goalBytes } = this.#env((env) => env.goalBytes > 0);
      const length = this.#chance(0.9) ? goalBytes * this.#below(6) : this.#below(60);
      return { id, env: handle, achieved: this.#bytes(length), desired: this.#bytes(length) };
    },
    transitions: (id) => ({ id, env: this.#env(({ env }) => env === TABLE).handle }),
    render: (id) => {
      const { handle, rows } = this.#env(({ isStarted }) => isStarted);
      return { id, env: handle, index: this.#below(rows), format: this.#one(['png', 'rgb']) };
    },
    share: (id) => ({ id, env: this.#env(({ isWorld }) => !isWorld).handle }),
    subscribe: (id) => ({ id, token: this.#token(this.known.streams), credits: this.#below(100) }),
    credit: (id) => ({ id, stream: this.#stream(), credits: this.#below(100) }),
    unsubscribe: (id) => ({ id, stream: this.#stream() }),
    close: (id) => ({ id, env: this.#env().handle }),
  };

  #token(known: readonly string[]): string {
    return known.length > 0 && this.#chance(0.9) ? this.#one(known) : this.#one(TEXTS);
  }

  #stream(): number {
    const { subscriptions } = this.known;
    return subscriptions.length > 0 && this.#chance(0.9) ? this.#one(subscriptions) : this.#below(20);
  }

  /** The types of messages, steps among them. */
  get types(): readonly string[] {
    return [...Object.keys(this.#messages), 'step'];
  }

  /** A good frame of this type. */
  good(type: string, id: number): Sent {
    return this.#sent(type, this.#message(type, id));
  }

  /** A frame of this type: good, with a field spoiled, or with its bytes spoiled. */
  frame(type: string, id: number): Sent {
    const kind = this.rng.random();
    const message = this.#message(type, id);
    const sent = this.#sent(type, message);
    if (kind < GOOD) return sent;
    // What is no message ends the session: seldom, or none would get anywhere.
    if (kind < FATAL) {
      const spoiled =
        Array.isArray(message) && this.#chance(0.98) ? this.#spoilStep(message) : this.#spoilField(message);
      return { ...sent, bytes: packr.pack(spoiled) };
    }
    return {
      ...sent,
      bytes: this.#chance(0.9) ? this.#spoilBytes(sent.bytes) : this.#bytes(this.#below(200)),
    };
  }

  #sent(type: string, message: unknown[] | Fields): Sent {
    return { type, handle: Array.isArray(message) ? message[2] : message.env, bytes: packr.pack(message) };
  }

  #message(type: string, id: number): unknown[] | Fields {
    return type === 'step' ? this.#step(id) : { type, ...this.#messages[type]!(id) };
  }

  #step(id: number): unknown[] {
    const { handle, rows, actionBytes } = this.#env(({ isStarted }) => isStarted);
    const ids = this.#ids(rows);
    const slabs = actionBytes.map((bytes) => {
      const slab = new Uint8Array((ids?.length ?? rows) * bytes);
      for (let at = 0; at < slab.length; at += bytes) slab[at] = this.#below(3);
      return slab;
    });
    const step: unknown[] = [1, id, handle, slabs];
    const ack = this.#chance(0.3) ? [this.#below(50)] : [];
    if (ids) step.push(new Uint8Array(Uint32Array.from(ids).buffer), ...ack);
    else if (ack.length > 0) step.push(null, ...ack);
    return step;
  }

  /** A step that can be read, with ids or actions that are not what they should be. */
  #spoilStep(step: unknown[]): unknown[] {
    return this.#chance(0.5)
      ? step.with(
          3,
          Array.from({ length: this.#below(3) }, () => this.#bytes(this.#below(40))),
        )
      : step.slice(0, 4).concat([this.#bytes(this.#below(20))]);
  }

  #spoilField(value: unknown[] | Fields): unknown {
    if (Array.isArray(value)) {
      const at = this.#below(value.length + 1);
      return this.#chance(0.3)
        ? value.toSpliced(at, 1)
        : value.with(Math.min(at, value.length - 1), this.#value());
    }
    const keys = Object.keys(value);
    const drawn = this.#one([...keys, 'more']);
    const key = drawn === 'type' && !this.#chance(FATAL_FIELD) ? 'id' : drawn;
    if (this.#chance(0.3)) return Object.fromEntries(keys.filter((k) => k !== key).map((k) => [k, value[k]]));
    return { ...value, [key]: this.#value(), ...(this.#chance(0.1) && { ack: this.#value() }) };
  }

  #spoilBytes(frame: Uint8Array): Uint8Array {
    let bytes = frame;
    for (let i = 1 + this.#below(3); i > 0; i--) {
      const at = this.#below(bytes.length + 1);
      switch (this.#below(5)) {
        case 0:
          bytes = bytes.slice(0, at);
          break;
        case 1:
          bytes = Uint8Array.of(
            ...bytes.subarray(0, at),
            ...this.#bytes(1 + this.#below(4)),
            ...bytes.subarray(at),
          );
          break;
        case 2:
          bytes = Uint8Array.of(...bytes.subarray(0, at), ...bytes.subarray(at + 1 + this.#below(4)));
          break;
        case 3:
          // Where lengths and types are.
          bytes = bytes.slice();
          if (at < bytes.length)
            bytes[at] = this.#one([0xc1, 0xc6, 0xdb, 0xdd, 0xdf, 0xc9, 0xd4, 0xff, 0x9f, 0x8f]);
          break;
        default:
          bytes = bytes.slice();
          if (at < bytes.length) bytes[at]! ^= 1 << this.#below(8);
      }
    }
    return bytes;
  }
}
