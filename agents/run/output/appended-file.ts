import { closeSync, openSync, writeSync } from 'node:fs';
import { basename } from 'node:path';
import { RunError, reason } from './run-error.js';

const BUFFER_BYTES = 1 << 16;
const BUFFER_MS = 1000;

/** Files that still hold bytes in memory: whatever ends the process, short of a kill, these are written first. */
const open = new Set<AppendedFile>();
let exitHooked = false;

/**
 * A file that only grows. Appended bytes gather in memory and reach the disk once there are 64 KiB of them, with the
 * first append a second or more after the last write, on `flush`, on `close`, and when the process exits.
 *
 * Writes are synchronous: a process that exits can still make them, and errors reach the caller that appended.
 */
export class AppendedFile {
  readonly #path: string;
  readonly #now: () => number;
  readonly #fd: number;
  #pending: Uint8Array[] = [];
  #bytes = 0;
  #written: number;

  /** @param now - the time in milliseconds. @throws RunError if the file cannot be opened for appending. */
  constructor(path: string, now: () => number) {
    this.#path = path;
    this.#now = now;
    this.#written = now();
    try {
      this.#fd = openSync(path, 'a');
    } catch (error) {
      throw new RunError(`${path} cannot be written: ${reason(error)}`, { cause: error });
    }
    open.add(this);
    if (!exitHooked) {
      exitHooked = true;
      process.once('exit', () => {
        for (const file of open) file.flush();
      });
    }
  }

  append(bytes: Uint8Array): void {
    this.#pending.push(bytes);
    this.#bytes += bytes.length;
    if (this.#bytes >= BUFFER_BYTES || this.#now() - this.#written >= BUFFER_MS) this.flush();
  }

  /** @throws RunError if the bytes cannot be written, on a full disk for one. */
  flush(): void {
    const bytes = Buffer.concat(this.#pending);
    this.#pending = [];
    this.#bytes = 0;
    this.#written = this.#now();
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#fd, bytes, at);
    } catch (error) {
      throw new RunError(`${basename(this.#path)} cannot be written: ${reason(error)}`, { cause: error });
    }
  }

  close(): void {
    if (!open.delete(this)) return;
    this.flush();
    closeSync(this.#fd);
  }
}
