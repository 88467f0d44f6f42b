import { mkdir, mkdtemp, readFile, rename, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Checkpoints } from './checkpoints.js';
import { truncateMetrics } from './metrics.js';
import { RunError, reason } from './run-error.js';

/** Version of the layout of run directories and of config.json. */
const FORMAT = 1;

/** What was run. Further entries are the settings of the run. */
export interface RunConfig {
  readonly env: string;
  readonly agent: string;
  readonly seed: number;
  readonly [setting: string]: unknown;
}

/**
 * A run on disk, `<root>/<env>__<agent>__<seed>__<time>/`:
 *
 * - `config.json`: the format version, when the run was created, and its RunConfig;
 * - `metrics.jsonl`: one JSON object a line (metrics.ts);
 * - `checkpoints/latest`, `checkpoints/best` (checkpoints.ts);
 * - what else the run makes: curves, recordings, TensorBoard events.
 */
export class RunDirectory {
  readonly checkpoints: Checkpoints;

  private constructor(
    readonly path: string,
    readonly config: RunConfig,
  ) {
    this.checkpoints = new Checkpoints(join(path, 'checkpoints'));
  }

  /**
   * Makes the directory of a new run, with config.json and an empty metrics.jsonl in it, so that a place that cannot
   * be written shows before any work is done.
   * @param root - created if need be.
   * @param now - names the directory, in UTC, so that names sort by time.
   * @throws RunError
   */
  static async create(root: string, config: RunConfig, now: Date): Promise<RunDirectory> {
    const { env, agent, seed } = config;
    const name = directoryName(env, agent, seed, now);
    try {
      const path = await mkdirUnused(root, name);
      const content = { format: FORMAT, created: now.toISOString(), ...config };
      await writeFile(join(path, 'metrics.jsonl'), '');
      await mkdir(join(path, 'checkpoints'));
      // Last, and at once whole: others may be looking for runs here.
      await writeFile(join(path, 'config.json.new'), `${JSON.stringify(content, null, 2)}\n`);
      await rename(join(path, 'config.json.new'), join(path, 'config.json'));
      return new RunDirectory(path, config);
    } catch (error) {
      throw new RunError(`the run directory ${join(root, name)} cannot be made: ${reason(error)}`, {
        cause: error,
      });
    }
  }

  /** Opens the directory of a former run; nothing is written. @throws RunError if it is not one of this version. */
  static async open(path: string): Promise<RunDirectory> {
    const file = join(path, 'config.json');
    let content: unknown;
    try {
      content = JSON.parse(await readFile(file, 'utf8'));
    } catch (error) {
      if (error instanceof SyntaxError)
        throw new RunError(`${file} is damaged: it is not JSON`, { cause: error });
      throw new RunError(`${path} is not a run directory: config.json: ${reason(error)}`, { cause: error });
    }
    const { format, created: _, ...config } = (content ?? {}) as Record<string, unknown>;
    if (typeof format !== 'number') throw new RunError(`${file} is damaged: it has no format version`);
    if (format !== FORMAT) {
      throw new RunError(`${path}: run directory of version ${format}, this farstep reads version ${FORMAT}`);
    }
    for (const [name, type] of [
      ['env', 'string'],
      ['agent', 'string'],
      ['seed', 'number'],
    ] as const) {
      if (typeof config[name] !== type) {
        throw new RunError(
          `${file} is damaged: '${name}' must be a ${type}, got ${JSON.stringify(config[name])}`,
        );
      }
    }
    return new RunDirectory(path, config as RunConfig);
  }

  /** The path of one of the run's files. */
  file(name: string): string {
    return join(this.path, name);
  }

  /**
   * Takes the directory back to `step`, from where the run will go on: metrics of later steps are dropped. Rows of
   * `step` itself stay, so whatever belongs to a step is measured before its checkpoint is saved.
   * @throws RunError if the directory cannot be written or metrics.jsonl is damaged.
   */
  async rewind(step: number): Promise<void> {
    try {
      await rmdir(await mkdtemp(join(this.path, 'checkpoints', 'probe-')));
    } catch (error) {
      throw new RunError(`the run directory ${this.path} cannot be written: ${reason(error)}`, {
        cause: error,
      });
    }
    await truncateMetrics(this.file('metrics.jsonl'), step);
  }
}

/** Makes a directory for several runs of one agent, named like theirs. Gives its path. @throws RunError */
export async function makeGroupDirectory(
  root: string,
  env: string,
  agent: string,
  which: string,
  now: Date,
): Promise<string> {
  const name = directoryName(env, agent, which, now);
  return mkdirUnused(root, name).catch((error: unknown) => {
    throw new RunError(`the directory ${join(root, name)} cannot be made: ${reason(error)}`, {
      cause: error,
    });
  });
}

/** `<env>__<agent>__<which>__<time>` */
function directoryName(env: string, agent: string, which: number | string, now: Date): string {
  return `${safe(env)}__${safe(agent)}__${which}__${compact(now)}`;
}

/** An id as one part of a file name: `MinAtar/Breakout-v1` becomes `MinAtar-Breakout-v1`. */
function safe(id: string): string {
  return id.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^\.+|_(?=_)/g, '');
}

/** 20250131T142530Z */
function compact(time: Date): string {
  return `${time.toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
}

/** Makes `<root>/<name>`, or where that exists already, as when two runs start in one second, `<name>-2`, `<name>-3`, … */
async function mkdirUnused(root: string, name: string): Promise<string> {
  await mkdir(root, { recursive: true });
  for (let copy = 1; ; copy++) {
    const candidate = join(root, copy === 1 ? name : `${name}-${copy}`);
    try {
      await mkdir(candidate);
      return candidate;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}
