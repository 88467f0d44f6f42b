/** Data sets on disk: written as episodes end, read without being held twice. */
import { existsSync, readFileSync } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bytesOf, itemSize, sizeOf, type TypedArray } from '../../../protocol/dtypes.js';
import type { StepResult } from '../../../protocol/results.js';
import type { Leaf } from '../../../protocol/spaces/index.js';
import {
  assemble,
  type Column,
  checkTensors,
  columnsOf,
  type DataSet,
  type DataSetEnv,
  type Extent,
  envOf,
  metadataOf,
  rowsOf,
  tensorOf,
} from '../../memory/data-set.js';
import {
  arrayOn,
  headLength,
  layOut,
  type PlacedTensor,
  parseHead,
  type StoredTensor,
} from '../../nn/safetensors.js';
import { AppendedFile } from './appended-file.js';
import { reason } from './run-error.js';

/** Bytes moved at once. */
const CHUNK_BYTES = 1 << 22;
const MARKS = 'marks.json';

/** One episode under way: rows of each leaf, in order. */
interface Episode {
  readonly observations: Uint8Array[][];
  readonly actions: Uint8Array[][];
  readonly rewards: number[];
}

/**
 * Records whole episodes of a vector env under SAME_STEP autoreset. What is under way is in memory; an episode that has
 * ended goes to a directory of a file a column, and `finish` puts those together. What is unfinished then is left out.
 *
 * Every `begin` leaves a mark under its key: a later recording that begins with the same key goes on from there, so that a
 * run that is resumed, and takes its steps since its last reset again, records each of them once.
 */
export class DataSetWriter {
  readonly #env: DataSetEnv;
  readonly #directory: string;
  readonly #columns: readonly Column[];
  readonly #files = new Map<string, AppendedFile>();
  readonly #marks: Record<string, Extent>;
  readonly #underWay: Episode[] = [];
  #extent: Extent = { episodes: 0, steps: 0 };

  private constructor(env: DataSetEnv, directory: string, marks: Record<string, Extent>) {
    this.#env = env;
    this.#directory = directory;
    this.#columns = columnsOf(env);
    this.#marks = marks;
  }

  /**
   * @param directory - for the columns; one that has some already is gone on with.
   * @param former - the file that a finished recording left: it is gone on with where there are no columns.
   */
  static async open(env: DataSetEnv, directory: string, former?: string): Promise<DataSetWriter> {
    await mkdir(directory, { recursive: true });
    const path = join(directory, MARKS);
    const marks = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Record<string, Extent>) : {};
    const writer = new DataSetWriter(env, directory, marks);
    const begun = writer.#columns.every((column) => existsSync(writer.#path(column)));
    if (!begun && former !== undefined && existsSync(former)) await writer.#split(former);
    writer.#openFiles();
    return writer;
  }

  /** Finished episodes. */
  get episodes(): number {
    return this.#extent.episodes;
  }

  /**
   * Every env begins an episode with these observations, a row each.
   * @param key - names this moment of the recording.
   */
  async begin(observations: readonly TypedArray[], key: string): Promise<void> {
    for (const file of this.#files.values()) file.flush();
    await this.truncate(this.#marks[key] ?? this.#extent);
    this.#marks[key] = this.#extent;
    await writeFile(join(this.#directory, MARKS), JSON.stringify(this.#marks));
    for (let row = 0; row < this.#env.numEnvs; row++) this.#underWay[row] = this.#start(observations, row);
  }

  /** What a step of every env gave for these actions. */
  add(actions: readonly TypedArray[], { observations, rewards, terminated, ended }: StepResult): void {
    const { observationSpace, actionSpace } = this.#env;
    for (const [row, episode] of this.#underWay.entries()) {
      episode.actions.push(rowOf(actions, actionSpace.leaves, row));
      episode.rewards.push(rewards[row]!);
      const k = ended ? ended.rows.indexOf(row) : -1;
      if (k < 0) {
        episode.observations.push(rowOf(observations, observationSpace.leaves, row));
      } else {
        episode.observations.push(rowOf(ended!.finalObservations!, observationSpace.leaves, k));
        this.#append(episode, terminated[row] === 1);
        this.#underWay[row] = this.#start(observations, row);
      }
    }
  }

  /** Drops what was recorded beyond this. */
  async truncate(extent: Extent): Promise<void> {
    this.#closeFiles();
    this.#extent = extent;
    for (const column of this.#columns) {
      await truncate(this.#path(column), rowsOf(column, extent) * rowBytes(column));
    }
    this.#openFiles();
  }

  /**
   * Puts the episodes together as a safetensors file and removes the columns; their marks stay.
   * @param episodes - only so many, the first ones.
   */
  async finish(path: string, episodes = this.#extent.episodes): Promise<void> {
    this.#closeFiles();
    const lengths = new Int32Array(
      Uint8Array.from(readFileSync(this.#path({ name: 'lengths' }))).buffer,
      0,
      episodes,
    );
    const extent = { episodes, steps: lengths.reduce((sum, length) => sum + length, 0) };
    const entries = this.#columns.map((column) => tensorOf(column, extent));
    const { head, tensors } = layOut(entries, metadataOf(this.#env));
    const file = await open(`${path}.new`, 'w').catch((error: unknown) => {
      throw new Error(`the data set ${path} cannot be written: ${reason(error)}`, { cause: error });
    });
    try {
      await file.writeFile(head);
      for (const { name, start, end } of tensors) {
        const column = await open(this.#path({ name }));
        for await (const chunk of chunks(column, 0, end - start)) await file.writeFile(chunk);
        await column.close();
      }
    } finally {
      await file.close();
    }
    await rename(`${path}.new`, path);
    for (const column of this.#columns) await rm(this.#path(column));
  }

  #start(observations: readonly TypedArray[], row: number): Episode {
    const first = rowOf(observations, this.#env.observationSpace.leaves, row);
    return { observations: [first], actions: [], rewards: [] };
  }

  #append({ observations, actions, rewards }: Episode, terminated: boolean): void {
    const put = (name: string, array: TypedArray) => this.#files.get(name)!.append(bytesOf(array));
    const putRows = (prefix: string, rows: readonly Uint8Array[][]) => {
      const names = this.#columns.filter(({ name }) => name === prefix || name.startsWith(`${prefix}.`));
      for (const [i, { name }] of names.entries()) for (const row of rows) put(name, row[i]!);
    };
    put('lengths', Int32Array.of(rewards.length));
    put('terminated', Uint8Array.of(terminated ? 1 : 0));
    put('rewards', Float64Array.from(rewards));
    putRows('observations', observations);
    putRows('actions', actions);
    const { episodes, steps } = this.#extent;
    this.#extent = { episodes: episodes + 1, steps: steps + rewards.length };
  }

  /** Makes columns again of a file that `finish` put together. */
  async #split(path: string): Promise<void> {
    const { file, tensors, dataStart, env } = await openFile(path);
    try {
      if (env.contractHash !== this.#env.contractHash)
        throw new Error(`${path} is of another env, ${env.id}`);
      for (const { name, start, end } of tensors) {
        const column = await open(this.#path({ name }), 'w');
        for await (const chunk of chunks(file, dataStart + start, end - start)) await column.writeFile(chunk);
        await column.close();
      }
    } finally {
      await file.close();
    }
  }

  #path({ name }: { readonly name: string }): string {
    return join(this.#directory, encodeURIComponent(name));
  }

  #openFiles(): void {
    for (const column of this.#columns) {
      this.#files.set(column.name, new AppendedFile(this.#path(column), Date.now));
    }
  }

  #closeFiles(): void {
    for (const file of this.#files.values()) file.close();
    this.#files.clear();
  }
}

const rowBytes = ({ dtype, shape }: Column): number => sizeOf(shape) * itemSize(dtype);

/** The bytes of one row of each slab. */
function rowOf(slabs: readonly TypedArray[], leaves: readonly Leaf[], row: number): Uint8Array[] {
  return leaves.map(({ shape }, i) =>
    bytesOf(slabs[i]!.slice(row * sizeOf(shape), (row + 1) * sizeOf(shape))),
  );
}

/** What a data set's file tells of its env. Throws as `readDataSet`. */
export async function readDataSetEnv(path: string): Promise<DataSetEnv> {
  const { file, env } = await openFile(path);
  await file.close();
  return env;
}

/** A data set from its file. Throws a sentence where it is none, or does not hold together. */
export async function readDataSet(path: string): Promise<DataSet> {
  const { file, tensors, dataStart, env } = await openFile(path);
  try {
    const read = async ({ dtype, start, end }: PlacedTensor): Promise<StoredTensor['data']> => {
      const bytes = new Uint8Array(end - start);
      let at = 0;
      for await (const chunk of chunks(file, dataStart + start, end - start)) {
        bytes.set(chunk, at);
        at += chunk.length;
      }
      return arrayOn(dtype, bytes.buffer);
    };
    const lengths = tensors.find(({ name, dtype }) => name === 'lengths' && dtype === 'I32');
    checkTensors(env, tensors, lengths ? ((await read(lengths)) as Int32Array) : new Int32Array());
    const arrays = new Map<string, StoredTensor['data']>();
    for (const tensor of tensors) arrays.set(tensor.name, await read(tensor));
    return assemble(env, arrays);
  } catch (error) {
    throw new Error(`${path}: ${(error as Error).message}`, { cause: error });
  } finally {
    await file.close();
  }
}

/** Opens a data set's file and reads what it says of itself. */
async function openFile(path: string) {
  const file = await open(path).catch((error: unknown) => {
    throw new Error(`${path} cannot be read: ${reason(error)}`, { cause: error });
  });
  try {
    const { size } = await file.stat();
    const prefix = await readExactly(file, 0, Math.min(8, size));
    const dataStart = headLength(prefix, size);
    const { tensors, metadata } = parseHead(await readExactly(file, 0, dataStart), size);
    return { file, tensors, dataStart, env: envOf(metadata) };
  } catch (error) {
    await file.close();
    throw new Error(`${path}: ${(error as Error).message}`, { cause: error });
  }
}

async function readExactly(file: FileHandle, position: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; ) {
    const { bytesRead } = await file.read(bytes, at, length - at, position + at);
    if (bytesRead === 0) throw new Error('the file has become shorter');
    at += bytesRead;
  }
  return bytes;
}

async function* chunks(file: FileHandle, position: number, length: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < length; at += CHUNK_BYTES) {
    yield await readExactly(file, position + at, Math.min(CHUNK_BYTES, length - at));
  }
}
