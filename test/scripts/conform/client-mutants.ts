/** Faults of clients, each by the rule that has to find it, and the case that it is found in. */
import { Unpackr } from 'msgpackr';
import type { DType } from '../../../protocol/dtypes.js';
import type { Leaf } from '../../../protocol/spaces/index.js';
import type { ClientRule } from '../../../scripts/conform/client/rules.js';
import { type Fields, type Reply, TaskClient } from './task-client.js';

export interface ClientMutant {
  readonly case: string;
  readonly Client: typeof TaskClient;
}

/** Reads 64-bit integers as another kind of number than the others. */
const unpackr = new Unpackr({ useRecords: false, int64AsType: 'bigint' });

const isStep = (value: unknown): value is readonly unknown[] => Array.isArray(value);
const forEver = (): Promise<never> => new Promise(() => {});

/** Sends other bytes than it means to, for steps. */
const mangled = (mangle: (step: readonly unknown[]) => unknown): typeof TaskClient =>
  class extends TaskClient {
    protected override encode(value: unknown): Buffer | string {
      return super.encode(isStep(value) ? mangle(value) : value);
    }
  };

/** Puts other fields into control messages of a type. */
const misspelt = (type: string, change: (fields: Fields) => Fields): typeof TaskClient =>
  class extends TaskClient {
    protected override encode(value: unknown): Buffer | string {
      return super.encode((value as Fields).type === type ? change(value as Fields) : value);
    }
  };

const connecting = (options: ReturnType<TaskClient['socketOptions']>): typeof TaskClient =>
  class extends TaskClient {
    override socketOptions() {
      return options;
    }
  };

/** Adds numbers up in another way. */
const summing = (observe: (sum: number, slabs: unknown) => number): typeof TaskClient =>
  class extends TaskClient {
    protected override observe(slabs: unknown, leaves: readonly Leaf[]): number {
      return observe(super.observe(slabs, leaves), slabs);
    }
  };

export const CLIENT_MUTANTS: Readonly<Record<ClientRule, ClientMutant>> = {
  'task/ends': {
    case: 'plain',
    Client: class extends TaskClient {
      protected override request(): Promise<never> {
        return forEver();
      }
    },
  },
  'task/prints': {
    case: 'plain',
    Client: class extends TaskClient {
      protected override print(): string {
        return `${super.print()}done\n`;
      }
    },
  },
  'task/make': {
    case: 'plain',
    Client: misspelt('make', (make) => ({ ...make, numEnvs: 3, autoreset: 'disabled' })),
  },
  'task/steps': {
    case: 'plain',
    Client: class extends TaskClient {
      constructor(args: readonly string[]) {
        super(args.with(5, '7'));
      }
    },
  },
  'task/action': {
    case: 'plain',
    Client: class extends TaskClient {
      protected override action(t: number): number {
        return t % 2;
      }
    },
  },
  'task/halves': {
    case: 'reordered',
    Client: class extends TaskClient {
      constructor(args: readonly string[]) {
        super(args.with(6, 'whole'));
      }
    },
  },
  'client/binary': {
    case: 'plain',
    Client: class extends TaskClient {
      protected override encode(value: unknown): string {
        return JSON.stringify(value);
      }
    },
  },
  'client/well-formed': {
    case: 'plain',
    Client: misspelt('reset', (reset) => ({ ...reset, options: new Date(0) })),
  },
  'client/subprotocol': { case: 'plain', Client: connecting({ protocols: ['farstep'] }) },
  'client/compression': { case: 'plain', Client: connecting({ options: { perMessageDeflate: true } }) },
  'client/hello-first': { case: 'plain', Client: misspelt('hello', () => ({ type: 'list', id: 1 })) },
  'client/hello': { case: 'plain', Client: misspelt('hello', (hello) => ({ ...hello, protocol: 2 })) },
  'client/waits-for-welcome': {
    case: 'plain',
    Client: class extends TaskClient {
      protected override begin(): void {
        super.begin();
        this.send({ type: 'list', id: 1000 });
      }
    },
  },
  'client/known-fields': { case: 'plain', Client: misspelt('reset', (reset) => ({ ...reset, seed: 7 })) },
  'client/fields': { case: 'plain', Client: misspelt('reset', (reset) => ({ ...reset, ids: 'all' })) },
  'client/types': { case: 'plain', Client: misspelt('reset', (reset) => ({ ...reset, type: 'restart' })) },
  'client/id-unanswered': {
    case: 'reordered',
    Client: class extends TaskClient {
      protected override nextId(): number {
        return 5;
      }
    },
  },
  'client/ids-count-up': {
    case: 'plain',
    Client: class extends TaskClient {
      protected override nextId(): number {
        return 5;
      }
    },
  },
  'client/in-flight': {
    case: 'one-in-flight',
    Client: class extends TaskClient {
      protected override window(): number {
        return 2;
      }
    },
  },
  'client/handle': { case: 'plain', Client: misspelt('reset', (reset) => ({ ...reset, env: 1 })) },
  'client/seeds': {
    case: 'plain',
    Client: class extends TaskClient {
      protected override make(): Fields {
        return { ...super.make(), seed: null };
      }

      protected override firstReset(): Fields {
        return { seeds: [7, 7, 7] };
      }
    },
  },
  'client/step': { case: 'plain', Client: mangled((step) => [...step.slice(0, 4), null, null, 1]) },
  'client/action-bytes': {
    case: 'plain',
    Client: mangled((step) => step.with(3, [Buffer.concat(step[3] as Buffer[]).subarray(4)])),
  },
  'client/actions': {
    case: 'plain',
    Client: mangled((step) => step.with(3, [Buffer.from((step[3] as Buffer[])[0]!).swap32()])),
  },
  'client/step-ids': {
    case: 'reordered',
    Client: mangled((step) => step.with(4, Buffer.from(step[4] as Buffer).swap32())),
  },
  'client/arrays': {
    case: 'dtypes',
    Client: class extends TaskClient {
      protected override observe(slabs: unknown, leaves: readonly Leaf[]): number {
        return super.observe(slabs, leaves.toReversed());
      }
    },
  },
  'client/alignment': {
    case: 'alignment',
    Client: class extends TaskClient {
      protected override numbers(dtype: DType, slab: unknown): number[] {
        const bytes = slab as Buffer;
        const isAligned = bytes.byteOffset % 8 === 0;
        return super.numbers(dtype, isAligned ? bytes : bytes.map(() => 0));
      }
    },
  },
  'client/integers': {
    case: 'integers',
    Client: class extends TaskClient {
      protected override decode(frame: Buffer): Reply {
        return unpackr.unpack(frame) as Reply;
      }
    },
  },
  'client/unknown-fields': {
    case: 'unknown-fields',
    Client: class extends TaskClient {
      protected override async next(): Promise<Reply> {
        const reply = await super.next();
        return 'of_a_later_edition' in reply ? forEver() : reply;
      }
    },
  },
  'client/pings': { case: 'pings', Client: connecting({ options: { autoPong: false } }) },
  'client/fragments': {
    case: 'fragments',
    Client: summing((sum) => sum + 1),
  },
  'client/large': { case: 'large', Client: connecting({ options: { maxPayload: 2 ** 20 } }) },
  'client/matches-ids': {
    case: 'reordered',
    Client: class extends TaskClient {
      protected override isReplyTo(): boolean {
        return true;
      }
    },
  },
  'client/next-step': { case: 'plain', Client: summing((sum) => sum / 2) },
  'client/same-step': { case: 'same-step', Client: summing((sum) => sum / 2) },
  'client/disabled': {
    case: 'disabled',
    Client: class extends TaskClient {
      protected override resetsByHand(): boolean {
        return false;
      }
    },
  },
  'client/goes-on': {
    case: 'errors',
    Client: class extends TaskClient {
      protected override refused(code: string): void {
        throw new Error(code);
      }
    },
  },
  'client/unknown-code': {
    case: 'errors',
    Client: class extends TaskClient {
      protected override refused(code: string): void {
        super.refused(code === 'bad_action' ? code : 'internal');
      }
    },
  },
  'client/refused': {
    case: 'refused',
    Client: class extends TaskClient {
      protected override failed(): Promise<never> {
        return forEver();
      }
    },
  },
  'client/fatal': {
    case: 'fatal',
    Client: class extends TaskClient {
      protected override failed(): Promise<void> {
        return super.failed('something');
      }
    },
  },
  'client/lost': {
    case: 'lost',
    Client: class extends TaskClient {
      protected override failed(): Promise<never> {
        return forEver();
      }
    },
  },
  'client/comes-back': {
    case: 'resumed',
    Client: misspelt('hello', (hello) => (hello.resume ? { ...hello, client: 'another' } : hello)),
  },
  'client/greater-ids': {
    case: 'resumed',
    Client: class extends TaskClient {
      #left = 1000;

      protected override nextId(): number {
        return this.#left--;
      }
    },
  },
  'client/acks': {
    case: 'plain',
    Client: misspelt('reset', (reset) => ({ ...reset, ack: reset.id })),
  },
  'client/repeats': {
    case: 'resumed-two',
    Client: class extends TaskClient {
      protected override repeats(frames: readonly (Buffer | string)[]): readonly (Buffer | string)[] {
        return frames.toReversed();
      }
    },
  },
  'client/resumes': { case: 'resumed', Client: summing((sum) => sum / 2) },
  'client/restarts': {
    case: 'restarted',
    Client: class extends TaskClient {
      protected override pauseMs(): number {
        return 1;
      }
    },
  },
  'client/hopeless': {
    case: 'hopeless',
    Client: class extends TaskClient {
      protected override failed(): Promise<never> {
        return forEver();
      }
    },
  },
  'client/pauses': {
    case: 'gone',
    Client: class extends TaskClient {
      protected override pauseMs(): number {
        return 1;
      }
    },
  },
  'client/gives-up': {
    case: 'gone',
    Client: class extends TaskClient {
      protected override patienceMs(): number {
        return 60_000;
      }
    },
  },
  'client/closes': {
    case: 'plain',
    Client: class extends TaskClient {
      protected override end(): void {
        this.socket.terminate();
      }
    },
  },
};
