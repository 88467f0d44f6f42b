import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CheckpointReader, Content, Files } from '../../checkpoint.js';
import { RunError, reason } from './run-error.js';

const FORMAT = 1;
const MANIFEST = 'manifest.json';
const CHUNK_BYTES = 1 << 20;

/** `latest`: everything a run needs to go on. `best`: the agent of the best evaluation so far. */
export type Slot = 'latest' | 'best';

interface Manifest {
  readonly format: number;
  /** Environment steps at which the checkpoint was taken. */
  readonly step: number;
  readonly files: Readonly<Record<string, { readonly bytes: number; readonly sha256: string }>>;
}

/**
 * The checkpoints of a run, one directory a slot: the files of the agent, and manifest.json, which holds the step and
 * every file's size and SHA-256.
 *
 * A save first completes `<slot>.new` and then exchanges it for the slot by renaming, the former one being `<slot>.old`
 * for that moment. So whenever the process dies, either `<slot>` or `<slot>.old` is a whole checkpoint. While a save
 * runs the disk holds both.
 */
export class Checkpoints {
  readonly #directory: string;
  #saving: Promise<void> = Promise.resolve();

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Whether the slot has been saved. */
  has(slot: Slot): boolean {
    return this.#find(slot) !== undefined;
  }

  /**
   * Replaces the slot. Saves run one after the other, in the order of the calls; the files must not change until the
   * promise resolves, on disk for good.
   * @param step - environment steps taken so far.
   * @param files - by plain file name.
   * @throws RunError if it cannot be written; the slot's former checkpoint stays as it was.
   */
  save(slot: Slot, step: number, files: Files): Promise<void> {
    const saved = this.#saving.then(() => this.#replace(slot, step, files));
    this.#saving = saved.catch(() => {});
    return saved;
  }

  /** @throws RunError if there is none in the slot, or it is of another version, or damaged. */
  async load(slot: Slot): Promise<Checkpoint> {
    const path = this.#find(slot);
    if (path === undefined) throw new RunError(`there is no checkpoint '${slot}' in ${this.#directory}`);
    return new Checkpoint(path, await readManifest(path));
  }

  #find(slot: Slot): string | undefined {
    const path = join(this.#directory, slot);
    return [path, `${path}.old`].find((candidate) => existsSync(candidate));
  }

  async #replace(slot: Slot, step: number, files: Files): Promise<void> {
    const path = join(this.#directory, slot);
    const fresh = `${path}.new`;
    const former = `${path}.old`;
    try {
      // What a save that was cut short left behind.
      if (existsSync(former) && !existsSync(path)) await rename(former, path);
      await Promise.all([remove(former), remove(fresh)]);

      await mkdir(fresh, { recursive: true });
      const entries: Record<string, Manifest['files'][string]> = {};
      for (const [name, content] of Object.entries(files)) {
        entries[name] = await writeSynced(join(fresh, name), content);
      }
      const manifest: Manifest = { format: FORMAT, step, files: entries };
      await writeSynced(join(fresh, MANIFEST), Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`));
      await syncDirectory(fresh);

      if (existsSync(path)) await rename(path, former);
      await rename(fresh, path);
      await syncDirectory(this.#directory);
      await remove(former);
    } catch (error) {
      await remove(fresh).catch(() => {}); // gives back the space; the error worth telling is the first
      throw new RunError(`the checkpoint '${slot}' cannot be saved in ${path}: ${reason(error)}`, {
        cause: error,
      });
    }
  }
}

/** A saved checkpoint. Every file is checked against the manifest while it is read. */
export class Checkpoint implements CheckpointReader {
  constructor(
    readonly path: string,
    private readonly manifest: Manifest,
  ) {}

  /** Environment steps at which it was saved. */
  get step(): number {
    return this.manifest.step;
  }

  /** Names of its files. */
  get names(): string[] {
    return Object.keys(this.manifest.files);
  }

  /** A whole file, in a buffer of its own. @throws RunError if it is missing or damaged. */
  async read(name: string): Promise<Uint8Array> {
    const bytes = new Uint8Array(this.manifest.files[name]?.bytes ?? 0);
    let at = 0;
    for await (const chunk of this.chunks(name)) {
      bytes.set(chunk, at);
      at += chunk.length;
    }
    return bytes;
  }

  /**
   * A file in pieces of at most 1 MiB, each in a buffer of its own.
   * @throws RunError if it is missing or damaged; wrong content is found only when the last piece has been handed out.
   */
  async *chunks(name: string): AsyncGenerator<Uint8Array> {
    const expected = this.manifest.files[name];
    const path = join(this.path, name);
    if (expected === undefined) {
      throw new RunError(
        `the checkpoint ${this.path} has no file ${name}; it has ${this.names.join(', ') || 'none'}`,
      );
    }
    const file = await open(path).catch((error: unknown) => {
      throw new RunError(`${path} cannot be read: ${reason(error)}`, { cause: error });
    });
    try {
      const { size } = await file.stat();
      if (size !== expected.bytes) {
        throw new RunError(
          `${path} is damaged: the manifest says ${expected.bytes} bytes, the file has ${size}`,
        );
      }
      const hash = createHash('sha256');
      for (let left = size; left > 0; ) {
        const { bytesRead, buffer } = await file.read(new Uint8Array(Math.min(left, CHUNK_BYTES)));
        const chunk = buffer.subarray(0, bytesRead);
        left = bytesRead > 0 ? left - bytesRead : 0; // a file that shrinks meanwhile fails the hash
        hash.update(chunk);
        yield chunk;
      }
      if (hash.digest('hex') !== expected.sha256) {
        throw new RunError(`${path} is damaged: its SHA-256 is not the one in the manifest`);
      }
    } finally {
      await file.close();
    }
  }
}

async function readManifest(path: string): Promise<Manifest> {
  let manifest: Partial<Manifest> | null;
  try {
    manifest = JSON.parse(await readFile(join(path, MANIFEST), 'utf8')) as Partial<Manifest> | null;
  } catch (error) {
    const why = error instanceof SyntaxError ? 'it is not JSON' : reason(error);
    throw new RunError(`the checkpoint ${path} is damaged: ${MANIFEST}: ${why}`, { cause: error });
  }
  if (typeof manifest?.format !== 'number' || typeof manifest.step !== 'number' || !manifest.files) {
    throw new RunError(
      `the checkpoint ${path} is damaged: ${MANIFEST} must tell the format, the step and the files`,
    );
  }
  if (manifest.format !== FORMAT) {
    throw new RunError(
      `the checkpoint ${path} is of version ${manifest.format}, this farstep reads version ${FORMAT}`,
    );
  }
  return manifest as Manifest;
}

/** Writes a file through to the disk, piece by piece. */
async function writeSynced(path: string, content: Content): Promise<Manifest['files'][string]> {
  const hash = createHash('sha256');
  let bytes = 0;
  const file = await open(path, 'w');
  try {
    for (const chunk of content instanceof Uint8Array ? [content] : content) {
      hash.update(chunk);
      bytes += chunk.length;
      await file.writeFile(chunk); // unlike write, goes on until every byte is written
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return { bytes, sha256: hash.digest('hex') };
}

/** Makes renames and new names in a directory last through a power cut, where the system has a way to. */
async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return; // directories cannot be opened there
  const directory = await open(path);
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

async function remove(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true });
}
