/** A trial: one seed of one trainee on one task, in a run directory of its own, watched while it runs. */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { getAgent } from '../../agents/registry.js';
import type { MetricsRow } from '../../agents/run/output/metrics.js';
import type { ProgressStream } from '../../agents/run/output/progress.js';
import { type RunConfig, RunDirectory } from '../../agents/run/output/run-directory.js';
import { canonicalJSON } from '../../server/contract.js';
import { startEmbeddedServer } from '../embedded-server.js';
import { allRows } from '../pictures.js';
import { beginOrResume, runsBelow, startRun } from '../runs.js';
import { newConfig, type TrainingConfig } from '../training.js';
import type { Claim, Task } from './claims.js';
import { treeMegabytes } from './memory.js';

/** What a policy is scored by. */
export type Scoring = Pick<Claim, 'checkpoint' | 'episodes'>;

/** What came of a trial. */
export interface Measured {
  /** Undiscounted returns and lengths of the episodes played after training. */
  readonly returns?: readonly number[];
  readonly lengths?: readonly number[];
  /** What a command told besides, by name; `score` among it. */
  readonly values?: Readonly<Record<string, number>>;
}

export interface TrialRecord {
  /** Wall-clock time so far, over all attempts. */
  readonly seconds: number;
  /** Most resident memory, of all its processes together. */
  readonly megabytes: number;
  /** By scoring. */
  readonly measured: Readonly<Record<string, Measured>>;
}

export interface Trial {
  /** What it is, whole: trials of one key are one trial. */
  readonly key: string;
  readonly config: RunConfig;
  readonly budget: Claim['budget'];
}

/** Fields of the config of a command's run. */
interface CommandConfig extends RunConfig {
  readonly command: readonly string[];
  readonly options: Task['trainee']['options'];
  readonly steps: number;
  readonly numEnvs: number | null;
}

const RECORD = 'regress.json';
/** How often time and memory are looked at. */
const WATCH_MS = 1000;
/** Scored on episodes that training's own evaluations never see: those draw their seeds from streams of their own. */
const SCORING_SEED = 10_000;

export function makeTrial(claim: Claim, { env, trainee }: Task, seed: number): Trial {
  const { agent, command, settings, options, steps, numEnvs } = trainee;
  const { evalEvery, evalEpisodes, budget } = claim;
  const config: RunConfig =
    command !== undefined
      ? { env, agent: 'command', seed, command, options, steps, numEnvs: numEnvs ?? null }
      : {
          ...newConfig(getAgent(agent!), env, {
            seed,
            settings,
            options,
            steps,
            numEnvs,
            evalEvery,
            evalEpisodes,
          }),
        };
  return { key: canonicalJSON(config), config, budget };
}

export const isCommand = (config: RunConfig): config is CommandConfig => 'command' in config;

const scoringKey = ({ checkpoint, episodes }: Scoring): string => `${checkpoint}, ${episodes} episodes`;

/** The directory of a trial below `root`, once it has begun. */
export async function findTrial(root: string, { key }: Trial): Promise<RunDirectory | undefined> {
  return (await runsBelow(root)).find((run) => canonicalJSON(run.config) === key);
}

async function readRecord(run: RunDirectory | undefined): Promise<TrialRecord> {
  const path = run?.file(RECORD);
  if (path === undefined || !existsSync(path)) return { seconds: 0, megabytes: 0, measured: {} };
  return JSON.parse(await readFile(path, 'utf8')) as TrialRecord;
}

/** What is known of a trial: its record, and the metrics of its training. */
export interface TrialResult {
  readonly record: TrialRecord;
  readonly measured: Measured;
  readonly rows: readonly MetricsRow[];
}

/**
 * Runs a trial, or what is left to do of it, below `root`.
 * @returns undefined where the signal stopped it
 * @throws Error that says how it failed
 */
export async function runTrial(
  trial: Trial,
  scorings: readonly Scoring[],
  { root, stream, signal }: { root: string; stream: ProgressStream; signal: AbortSignal },
): Promise<TrialRecord | undefined> {
  const before = await readRecord(await findTrial(root, trial));
  const missing = scorings.filter((scoring) => !(scoringKey(scoring) in before.measured));
  if (missing.length === 0) return before;
  if (signal.aborted) return undefined;
  const watch = new Watch(before, trial.budget);
  const play = isCommand(trial.config) ? runCommand : runAgent;
  let measured: readonly Measured[] | undefined;
  try {
    measured = await play({ trial, root, missing, watch, stream, signal });
  } catch (error) {
    if (!signal.aborted) throw watch.exceeded ? new Error(watch.exceeded) : error;
  } finally {
    const { seconds, megabytes } = watch.stop();
    const known = { ...before.measured };
    for (const [i, scoring] of missing.entries()) {
      if (measured) known[scoringKey(scoring)] = measured[i]!;
    }
    const run = await findTrial(root, trial);
    const record: TrialRecord = { seconds, megabytes, measured: known };
    if (run) await writeFile(run.file(RECORD), `${JSON.stringify(record)}\n`);
  }
  return measured && readRecord(await findTrial(root, trial));
}

/** What a finished trial measured. */
export async function readTrial(
  root: string,
  trial: Trial,
  scoring: Scoring,
): Promise<TrialResult | undefined> {
  const run = await findTrial(root, trial);
  const record = await readRecord(run);
  const measured = record.measured[scoringKey(scoring)];
  return run && measured && { record, measured, rows: await allRows(run) };
}

interface Play {
  readonly trial: Trial;
  readonly root: string;
  readonly missing: readonly Scoring[];
  readonly watch: Watch;
  readonly stream: ProgressStream;
  readonly signal: AbortSignal;
}

async function runAgent({ trial, root, missing, watch, stream, signal }: Play) {
  const config = trial.config as unknown as TrainingConfig;
  const order = await beginOrResume(root, (run) => canonicalJSON(run.config) === trial.key, config);
  const evaluations = missing.map(({ checkpoint, episodes }) => ({
    episodes,
    seed: SCORING_SEED,
    url: null,
    random: false,
    record: false,
    checkpoint,
  }));
  const process = startRun({ run: order, evaluations }, stream);
  const stop = (): void => process.stop();
  watch.start(process.pid, () => process.kill());
  signal.addEventListener('abort', stop);
  const { status, reports } = await process.done.finally(() => signal.removeEventListener('abort', stop));
  if (status === 'interrupted') return undefined;
  return reports.map(({ trained: { returns, lengths } }): Measured => ({ returns, lengths }));
}

/**
 * Runs a command: it gets a server's url, trains, and prints what it scored as a JSON object on its last line. Where it
 * was stopped before, it begins again, in the same directory.
 */
async function runCommand({ trial, root, missing, watch, stream, signal }: Play) {
  const config = trial.config as CommandConfig;
  const run = (await findTrial(root, trial)) ?? (await RunDirectory.create(root, config, new Date()));
  const server = await startEmbeddedServer();
  const files = ['stdout.log', 'stderr.log'].map((name) => openSync(run.file(name), 'w'));
  try {
    const { env, seed, steps, numEnvs, options } = config;
    const told: Record<string, string> = {
      url: server.url,
      env,
      seed: String(seed),
      steps: String(steps),
      numEnvs: numEnvs === null ? '' : String(numEnvs),
      options: JSON.stringify(options),
      directory: run.path,
    };
    const [program, ...words] = config.command.map((word) =>
      word.replace(/\{(\w+)\}/g, (placeholder, name: string) => told[name] ?? placeholder),
    );
    const variables = Object.entries(told).map(([name, value]) => [`FARSTEP_${snake(name)}`, value]);
    stream.write(`${stream.isTTY ? '' : '{"event":"message","text":"started"}'}\n`);
    const child = spawn(program!, words, {
      stdio: ['ignore', ...files],
      env: { ...process.env, ...Object.fromEntries(variables) },
      detached: true, // a group of its own, so that all it starts can be ended with it
    });
    const end = (how: NodeJS.Signals) => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, how);
      } catch {
        // The group has ended by itself.
      }
    };
    const stop = () => end('SIGTERM');
    const ended = new Promise<void>((resolve, reject) => {
      child.once('error', (error) => reject(new Error(`${program} does not start: ${error.message}`)));
      child.once('close', (code, by) => {
        const how = by ? `was ended by ${by}` : `ended with exit code ${code}`;
        if (code === 0) resolve();
        else reject(new Error(`the command ${how}; ${run.file('stderr.log')} has what it wrote`));
      });
    });
    if (child.pid !== undefined) watch.start(child.pid, () => end('SIGKILL'));
    signal.addEventListener('abort', stop);
    await ended.finally(() => signal.removeEventListener('abort', stop));
    const measured = parseScore(await readFile(run.file('stdout.log'), 'utf8'));
    return missing.map(() => measured);
  } finally {
    for (const file of files) closeSync(file);
    await server.close();
  }
}

const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();

/** The last line of what a command printed: `{"score": 12}` or `{"returns": [11, 13]}`, and any other numbers. */
export function parseScore(output: string): Measured {
  const line = output.trimEnd().split('\n').at(-1)!;
  const wrong = (problem: string): Error =>
    new Error(
      `the command's last line must be JSON such as {"score": 12} or {"returns": [11, 13]}: ${problem}`,
    );
  let printed: unknown;
  try {
    printed = JSON.parse(line);
  } catch {
    throw wrong(`got ${JSON.stringify(line.slice(0, 80))}`);
  }
  const fields = Object.entries((printed ?? {}) as object) as [string, unknown][];
  const lists = new Map(
    fields.filter((field): field is [string, number[]] => Array.isArray(field[1]) && field[1].every(finite)),
  );
  const values = Object.fromEntries(fields.filter((field): field is [string, number] => finite(field[1])));
  const [returns, lengths] = [lists.get('returns'), lists.get('lengths')];
  if (!returns?.length && values.score === undefined) throw wrong('it has neither');
  return { values, ...(returns?.length && { returns }), ...(lengths && { lengths }) };
}

const finite = (value: unknown): boolean => Number.isFinite(value);

/** Counts a trial's time and memory, and ends it where it takes more than its budget. */
class Watch {
  readonly #budget: Claim['budget'];
  readonly #secondsBefore: number;
  readonly #started = performance.now();
  #megabytes: number;
  #timer: NodeJS.Timeout | undefined;
  /** A sentence, where it took too much. */
  exceeded: string | undefined;

  constructor(before: TrialRecord, budget: Claim['budget']) {
    this.#budget = budget;
    this.#secondsBefore = before.seconds;
    this.#megabytes = before.megabytes;
  }

  get #seconds(): number {
    return this.#secondsBefore + (performance.now() - this.#started) / 1000;
  }

  start(pid: number, kill: () => void): void {
    const look = async (): Promise<void> => {
      this.#megabytes = Math.max(this.#megabytes, await treeMegabytes(pid));
      const { minutes, megabytes: most } = this.#budget;
      if (this.#seconds > 60 * minutes) this.exceeded = `it took more than its ${minutes} minutes`;
      if (this.#megabytes > most) this.exceeded = `it took more than its ${most} MB of memory`;
      if (this.exceeded) kill();
    };
    this.#timer = setInterval(() => void look(), WATCH_MS);
  }

  stop(): { readonly seconds: number; readonly megabytes: number } {
    clearInterval(this.#timer);
    return { seconds: this.#seconds, megabytes: this.#megabytes };
  }
}
