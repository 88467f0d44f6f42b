import { once } from 'node:events';
import { WebSocket } from 'ws';
import { StepEncoder } from '../../../protocol/frames.js';
import { EDITIONS, type Hello, PROTOCOL, packMessage, unpackMessage } from '../../../protocol/messages.js';

export const HELLO: Hello = {
  type: 'hello',
  protocol: PROTOCOL,
  editions: EDITIONS,
  client: 'farstep-bench',
  capabilities: [],
};

const BINARY = { binary: true, compress: false, mask: true, fin: true } as const;

/** A hot message of the kind `stepped`: an array of nine that begins with 2. */
const isStepped = (frame: Buffer): boolean => frame[0] === 0x99 && frame[1] === 2;

/** How the steps of all sessions went. */
export interface Tally {
  /** Answered, by how long it took from the moment that the step was due, milliseconds. */
  readonly latencies: number[];
  /** Answered with an error. */
  failed: number;
  /** Sessions whose connection ended. */
  lost: number;
}

/** A session that steps one CartPole whenever it is told to, answered or not: as cheap a client as can be. */
export class PacedSession {
  readonly #socket: WebSocket;
  readonly #encoder = new StepEncoder();
  readonly #action = new Int32Array(1);
  /** When the steps that are unanswered were due; replies keep the order of requests. */
  readonly #due: number[] = [];
  /** The token to subscribe to what it does. */
  stream = '';
  #nextId = 4;

  private constructor(
    socket: WebSocket,
    private readonly tally: () => Tally,
  ) {
    this.#socket = socket;
  }

  /** Connects and makes the env. Rejects where the server refuses. */
  static async open(url: string, tally: () => Tally): Promise<PacedSession> {
    const socket = new WebSocket(url, { perMessageDeflate: false, skipUTF8Validation: true });
    await once(socket, 'open');
    const session = new PacedSession(socket, tally);
    const ask = async (message: Parameters<typeof packMessage>[0], expected: string) => {
      socket.send(packMessage(message));
      const [data] = (await once(socket, 'message')) as [Buffer];
      const reply = unpackMessage(data);
      if (reply.type === expected) return reply;
      throw new Error(`expected ${expected}, got ${reply.type}: ${String(reply.message)}`);
    };
    await ask(HELLO, 'welcome');
    await ask({ type: 'make', id: 1, env: 'CartPole-v1', numEnvs: 1, autoreset: 'same_step' }, 'made');
    await ask({ type: 'reset', id: 2, env: 1 }, 'started');
    const { token } = await ask({ type: 'share', id: 3, env: 1 }, 'shared');
    session.stream = token as string;
    socket.on('message', (data) => session.#onReply(data as Buffer));
    socket.on('error', () => {}); // told by its close
    socket.on('close', () => tally().lost++);
    return session;
  }

  /** Steps unanswered. */
  get pending(): number {
    return this.#due.length;
  }

  /** @param due - when the step should be sent, by `performance.now()`: now, or a little before. */
  step(due: number): void {
    this.#due.push(due);
    this.#action[0] = this.#nextId & 1;
    // ws keeps what it is given until it is sent, and masks it in place.
    const frame = this.#encoder.encode(this.#nextId, 1, [this.#action]).slice();
    this.#socket.send(frame, BINARY);
    this.#nextId++;
  }

  #onReply(frame: Buffer): void {
    const due = this.#due.shift()!;
    const tally = this.tally();
    if (isStepped(frame)) tally.latencies.push(performance.now() - due);
    else tally.failed++;
  }
}
