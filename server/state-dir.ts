import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { readRecord, type SavedSession, SessionRecord, UNFINISHED } from './session-record.js';
import type { Tenant } from './tenant.js';

const LOCK = 'lock';
const SESSION = '.session';
const REFUSED = '.refused';

/** The folder that sessions are kept in from one run of the server to the next. One server at a time has it. */
export class StateDir {
  /** Throws where another server has it. */
  constructor(
    private readonly path: string,
    private readonly maxBytes: number,
    private readonly log: Logger,
  ) {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    const lock = join(path, LOCK);
    const owner = readOwner(lock);
    if (owner !== undefined && owner !== process.pid && runs(owner)) {
      throw new Error(`--state-dir ${path}: the server with the process id ${owner} has it (${lock})`);
    }
    writeFileSync(lock, `${process.pid}\n`, { mode: 0o600 });
  }

  /** Where the session of a name is to be kept. */
  record(name: string, tenant: Tenant | undefined): SessionRecord {
    return new SessionRecord(join(this.path, name + SESSION), this.maxBytes, this.log, tenant);
  }

  /** The sessions that are there. */
  load(): SavedSession[] {
    const found: SavedSession[] = [];
    for (const file of readdirSync(this.path)) {
      const path = join(this.path, file);
      if (file.endsWith(UNFINISHED)) rmSync(path);
      if (!file.endsWith(SESSION)) continue;
      try {
        found.push(readRecord(path));
      } catch (error) {
        this.refuse(path, error as Error);
      }
    }
    return found;
  }

  /** A session that cannot go on is put aside, for people to look at. */
  refuse(path: string, error: Error): void {
    renameSync(path, path + REFUSED);
    this.log.error({ file: path + REFUSED, err: error }, 'a session cannot go on');
  }

  close(): void {
    rmSync(join(this.path, LOCK), { force: true });
  }
}

function readOwner(lock: string): number | undefined {
  try {
    return Number.parseInt(readFileSync(lock, 'utf8'), 10);
  } catch {
    return undefined;
  }
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
