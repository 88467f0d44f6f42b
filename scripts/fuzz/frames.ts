/** Frames that a client might send: good ones of every message, and what becomes of them when something goes wrong. */

import { Packr } from 'msgpackr';
import type { Rng } from '../../envs/rng/rng.js';
import { EDITIONS, PROTOCOL } from '../../protocol/messages.js';

/** What of a session its frames may refer to. */
export interface Known {
  /** Snapshots, tokens of worlds and of streams that it was given. */
  readonly snapshots: unknown[];
  readonly worlds: string[];
  readonly streams: string[];
}

type Fields = Record<string, unknown>;

const packr = new Packr({ useRecords: false, variableMapSize: true, encodeUndefinedAsNil: true });

const ENVS = [
  'CartPole-v1',
  'Taxi-v4',
  'Blackjack-v1',
  'Pendulum-v1',
  'MinAtar/Breakout-v1',
  'Physics/Push-v1',
];
const WORLDS = ['ConnectFour-v3', 'Physics/SumoDuel-v1'];
const TEXTS = [
  '',
  'x',
  '__proto__',
  'constructor',
  '\u0000',
  '\ud800',
  'é'.repeat(200),
  'a'.repeat(5000),
  '../../etc',
];
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
        return this.#one(TEXTS);
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

  /** A handle that is probably open. */
  #handle(): number {
    return this.#chance(0.9) ? 1 + this.#below(4) : this.#below(1000);
  }

  #ids(): number[] | undefined {
    return this.#chance(0.6) ? undefined : Array.from({ length: this.#below(4) }, () => this.#below(5));
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
    leave: (id) => ({ id, env: this.#handle() }),
    reset: (id) => ({ id, env: this.#handle(), ids: this.#ids() }),
    snapshot: (id) => ({ id, env: this.#handle(), ids: this.#ids() }),
    restore: (id) => ({
      id,
      env: this.#handle(),
      ids: this.#ids(),
      snapshots: this.#chance(0.8) ? this.#one([this.known.snapshots, []]) : this.#value(),
    }),
    rewards: (id) => ({
      id,
      env: this.#handle(),
      achieved: this.#bytes(8 * this.#below(6)),
      desired: this.#bytes(8 * this.#below(6)),
    }),
    transitions: (id) => ({ id, env: this.#handle() }),
    render: (id) => ({ id, env: this.#handle(), index: this.#below(3), format: this.#one(['png', 'rgb']) }),
    share: (id) => ({ id, env: this.#handle() }),
    subscribe: (id) => ({ id, token: this.#token(this.known.streams), credits: this.#below(100) }),
    credit: (id) => ({ id, stream: this.#below(20), credits: this.#below(100) }),
    unsubscribe: (id) => ({ id, stream: this.#below(20) }),
    close: (id) => ({ id, env: this.#handle() }),
  };

  #token(known: readonly string[]): string {
    return known.length > 0 && this.#chance(0.8) ? this.#one(known) : this.#one(TEXTS);
  }

  /** The types of messages, steps among them. */
  get types(): readonly string[] {
    return [...Object.keys(this.#messages), 'step'];
  }

  /** A good frame of this type. */
  good(type: string, id: number): Uint8Array {
    return packr.pack({ type, ...this.#messages[type]!(id) });
  }

  /** A frame of this type: good, with a field spoiled, or with its bytes spoiled. */
  frame(type: string, id: number): Uint8Array {
    const kind = this.rng.random();
    const value = type === 'step' ? this.#step(id) : { type, ...this.#messages[type]!(id) };
    // What is no message ends the session: seldom, or none would get anywhere.
    if (kind < 0.6) return packr.pack(value);
    if (kind < 0.98) return packr.pack(this.#spoilField(value));
    if (kind < 0.998) return this.#spoilBytes(packr.pack(value));
    return this.#bytes(this.#below(200));
  }

  #step(id: number): unknown[] {
    const slab = this.#chance(0.9) ? new Uint8Array(4 * (1 + this.#below(4))) : this.#bytes(this.#below(40));
    slab[0] = this.#below(3);
    const step: unknown[] = [1, id, this.#handle(), [slab]];
    if (this.#chance(0.3)) step.push(this.#chance(0.5) ? null : this.#bytes(4 * this.#below(4)));
    if (step.length === 5 && this.#chance(0.5)) step.push(this.#below(50));
    return step;
  }

  #spoilField(value: unknown[] | Fields): unknown {
    if (Array.isArray(value)) {
      const at = this.#below(value.length + 1);
      return this.#chance(0.3)
        ? value.toSpliced(at, 1)
        : value.with(Math.min(at, value.length - 1), this.#value());
    }
    const keys = Object.keys(value);
    const key = this.#one([...keys, 'more']);
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
