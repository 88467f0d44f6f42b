import { closeSync, openSync, readFileSync, renameSync, rmSync, writevSync } from 'node:fs';
import { deserialize, serialize } from 'node:v8';
import type { Logger } from 'pino';
import type { SavedEnv } from './ledger.js';
import type { Tenant } from './tenant.js';

/** A session as it was at one moment. */
export interface SessionState {
  readonly name: string;
  readonly secret: string;
  /** The name of the key that it belongs to, on a server that asks. */
  readonly key: string | undefined;
  /** Greatest id of the requests that were begun. */
  readonly lastId: number;
  readonly nextHandle: number;
  readonly envs: readonly SavedEnv[];
  /** Those that the client may lack. */
  readonly replies: readonly { readonly id: number; readonly bytes: Uint8Array }[];
}

/** A session off a file: what it was, and the requests that were begun since then. */
export interface SavedSession {
  readonly path: string;
  readonly state: SessionState;
  readonly frames: readonly Uint8Array[];
}

/** Beyond it a session is saved anew: so much is to be carried out again after a restart. */
const MAX_FRAMES = 256;
const MAX_FRAME_BYTES = 2 ** 20;

/**
 * A session in a file, from which it goes on should the server end, however it ends: its state, and every request that
 * was begun since, written before it is carried out. What the kernel has is safe from the death of the process, not
 * from that of the machine.
 */
export class SessionRecord {
  #file: number | undefined;
  #frames = 0;
  #bytes = 0;
  #isOver = false;

  /** @param maxBytes - the longest that the state may be. */
  constructor(
    private readonly path: string,
    private readonly maxBytes: number,
    private readonly log: Logger,
    private readonly tenant?: Tenant,
  ) {}

  /** Whether the session can go on from it. */
  get isKept(): boolean {
    return this.#file !== undefined;
  }

  /** Whether it is time to save the session. */
  get isDue(): boolean {
    return this.isKept && (this.#frames >= MAX_FRAMES || this.#bytes >= MAX_FRAME_BYTES);
  }

  /** A request begins. */
  append(frame: Uint8Array): void {
    if (this.#file === undefined) return;
    this.#frames++;
    this.#bytes += frame.length;
    this.#try(() => write(this.#file!, frame));
  }

  /** The session is as `state` says. */
  save(state: SessionState): void {
    if (this.#isOver) return;
    this.#try(() => {
      const bytes = serialize(state);
      if (bytes.length > this.maxBytes) {
        throw new RangeError(`its state takes ${bytes.length} bytes, limits.stateBytes is ${this.maxBytes}`);
      }
      this.tenant?.store(this.path, bytes.length);
      const file = openSync(`${this.path}${UNFINISHED}`, 'w', 0o600);
      try {
        write(file, bytes);
        renameSync(`${this.path}${UNFINISHED}`, this.path);
      } catch (error) {
        closeSync(file);
        throw error;
      }
      this.#close();
      this.#file = file;
      this.#frames = this.#bytes = 0;
    });
  }

  /** The session has what cannot be saved: it goes on, but not behind a restart. */
  forsake(why: string): void {
    if (this.#isOver) return;
    this.log.warn({ file: this.path, why }, 'the session does not survive a restart');
    this.remove();
  }

  /** The session has ended. */
  remove(): void {
    this.suspend();
    rmSync(this.path, { force: true });
  }

  /** The file stays as it is. */
  suspend(): void {
    this.#isOver = true;
    this.tenant?.store(this.path, 0);
    this.#close();
  }

  #close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  /** A disk that is full, or gone, is no reason to stop. */
  #try(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.forsake((error as Error).message);
    }
  }
}

/** How the name of a file ends that is not finished. */
export const UNFINISHED = '.tmp';

/** Throws where the file is none that a `SessionRecord` wrote. */
export function readRecord(path: string): SavedSession {
  const [state, ...frames] = pieces(readFileSync(path));
  if (!state) throw new Error('it is empty');
  return { path, state: deserialize(state) as SessionState, frames };
}

/** A piece behind its length. */
function write(file: number, piece: Uint8Array): void {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(piece.length);
  const written = writevSync(file, [length, piece]);
  if (written < 4 + piece.length) throw new Error(`${written} of ${4 + piece.length} bytes were written`);
}

/** All but the last if that is not complete: a request whose writing was cut short was never begun. */
function pieces(bytes: Buffer): Buffer[] {
  const all: Buffer[] = [];
  for (let at = 0; at + 4 <= bytes.length; ) {
    const end = at + 4 + bytes.readUInt32LE(at);
    if (end <= bytes.length) all.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return all;
}
