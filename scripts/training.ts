/** A training run as the command line makes it: a server, an agent, a run directory, and what is shown of them. */

import type { Agent, Task } from '../agents/agent.js';
import type { AgentDefinition } from '../agents/definition.js';
import type { DataSet, DataSetEnv } from '../agents/memory/data-set.js';
import { type BackendName, type ChosenBackend, useBackend } from '../agents/nn/backend.js';
import { NotFiniteError } from '../agents/nn/train.js';
import { getAgent } from '../agents/registry.js';
import type { RunEnv, VisibleEnv } from '../agents/run/env.js';
import type { LoopOptions, TrainOutcome } from '../agents/run/loop.js';
import { trainOffline } from '../agents/run/offline.js';
import type { Checkpoint } from '../agents/run/output/checkpoints.js';
import { DataSetWriter, readDataSet } from '../agents/run/output/data-set-file.js';
import { type MetricsSink, MetricsWriter } from '../agents/run/output/metrics.js';
import { Progress, type ProgressStream } from '../agents/run/output/progress.js';
import { RunDirectory } from '../agents/run/output/run-directory.js';
import { TensorBoardWriter } from '../agents/run/output/tensorboard.js';
import { train } from '../agents/run/train.js';
import { completeSettings, type SettingValue } from '../agents/settings.js';
import { RecordedEnv } from '../agents/views/recorded-env.js';
import type { Options, RemoteVectorEnv } from '../protocol/index.js';
import { thousands } from './format.js';
import { type OpenServer, openServer } from './open-server.js';
import { drawCurves } from './pictures.js';

/** Everything that a run is made of; config.json keeps it, and a resumed run takes it from there. */
export interface TrainingConfig {
  readonly agent: string;
  readonly env: string;
  readonly options: Options;
  readonly seed: number;
  /** Steps to collect in all, counting each env's. */
  readonly steps: number;
  readonly numEnvs: number;
  readonly settings: Readonly<Record<string, SettingValue>>;
  readonly backend: BackendName;
  /** The server to train on; one of our own where null. */
  readonly url: string | null;
  readonly evaluationEvery: number;
  readonly evaluationEpisodes: number;
  /** Steps after which an evaluation episode is left, however well it goes. */
  readonly evaluationMaxSteps: number;
  readonly checkpointEvery: number;
  /** A data set to learn from instead of envs. */
  readonly data?: string;
  /** Records what is collected as a data set: into this file, or where true into one in the run directory. */
  readonly saveData?: string | true;
}

export interface TrainingResult extends TrainOutcome {
  /** Whether there was an env to evaluate on. */
  readonly evaluated: boolean;
  readonly directory: RunDirectory;
  readonly config: TrainingConfig;
}

/** How a run shows itself. */
export interface Terminal {
  readonly stream: ProgressStream;
  readonly signal: AbortSignal;
}

/** Of a run, unless it is told otherwise. */
const EVALUATIONS = 20;
const CHECKPOINTS = 4;
/** Envs of an evaluation at once, at most. */
const EVALUATION_ENVS = 10;
/** Rows of metrics over a run. */
const METRICS_ROWS = 500;

/** What somebody asks of a new run; the rest is the preset of the env, or the agent's defaults. */
export interface RunChoices {
  readonly options?: Options;
  readonly seed?: number | undefined;
  readonly steps?: number | undefined;
  readonly numEnvs?: number | undefined;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly evalEvery?: number | undefined;
  readonly evalEpisodes?: number | undefined;
  readonly url?: string | undefined;
  readonly backend?: BackendName | undefined;
  readonly data?: string | undefined;
  readonly saveData?: string | true | undefined;
}

/** @throws SettingError on settings that the agent does not take */
export function newConfig(definition: AgentDefinition, env: string, given: RunChoices): TrainingConfig {
  const preset = definition.presets[env];
  const steps = given.steps ?? preset?.steps ?? 100_000;
  return {
    agent: definition.name,
    env,
    options: { ...preset?.options, ...given.options },
    seed: given.seed ?? 0,
    steps,
    numEnvs: given.numEnvs ?? preset?.numEnvs ?? 8,
    settings: completeSettings(definition.settings, { ...preset?.settings, ...given.settings }),
    backend: given.backend ?? 'auto',
    url: given.url ?? null,
    evaluationEvery: given.evalEvery ?? Math.ceil(steps / EVALUATIONS),
    evaluationEpisodes: given.evalEpisodes ?? 10,
    evaluationMaxSteps: 10_000,
    checkpointEvery: Math.ceil(steps / CHECKPOINTS),
    ...(given.data !== undefined && { data: given.data }),
    ...(given.saveData !== undefined && { saveData: given.saveData }),
  };
}

/** Throws what is wrong with a config, before anything is begun. */
export async function checkTraining(config: TrainingConfig): Promise<void> {
  await dispose(await prepare(config));
}

/** Starts a run in a directory of its own below `root`. */
export async function startTraining(
  config: TrainingConfig,
  root: string,
  terminal: Terminal,
): Promise<TrainingResult> {
  const prepared = await prepare(config); // what is wrong is told before a directory is made
  try {
    const directory = await RunDirectory.create(root, { ...config }, new Date());
    return await runTraining(directory, config, prepared, terminal);
  } finally {
    await dispose(prepared);
  }
}

/** Goes on with a run from its last checkpoint, to `steps` if given, else to where it was to end. */
export async function resumeTraining(
  path: string,
  steps: number | undefined,
  terminal: Terminal,
): Promise<TrainingResult> {
  const directory = await RunDirectory.open(path);
  const kept = directory.config as unknown as TrainingConfig;
  const config = steps === undefined ? kept : { ...kept, steps };
  const checkpoint = await directory.checkpoints.load('latest');
  await directory.rewind(checkpoint.step);
  const prepared = await prepare(config);
  try {
    return await runTraining(directory, config, prepared, terminal, checkpoint);
  } finally {
    await dispose(prepared);
  }
}

/** What a run works with. */
interface Prepared {
  readonly server: OpenServer;
  /** Where experience comes from. */
  readonly from: { readonly env: VisibleEnv } | { readonly data: DataSet };
  /** Absent where the server does not host the env of a data set. */
  readonly evaluationEnv: RunEnv | undefined;
  readonly rewardThreshold: number | undefined;
  readonly backend: ChosenBackend;
  readonly agent: Agent;
}

async function prepare(config: TrainingConfig): Promise<Prepared> {
  const definition = getAgent(config.agent);
  const { options, settings, numEnvs, seed } = config;
  const data = config.data === undefined ? undefined : await readDataSet(config.data);
  const server = await openServer(config.url);
  try {
    const make = (copies: number) =>
      server.client.make(config.env, { numEnvs: copies, options, autoreset: 'same_step' });
    const seen = (made: RemoteVectorEnv) => definition.view?.(made, settings) ?? made;
    const hosted = data === undefined || (await isHosted(data.env, config, server));
    const made = hosted ? await make(numEnvs) : undefined;
    const env = made && seen(made);
    const task = env ?? { ...data!.env, numEnvs };
    if (data) checkSpaces(data.env, task, config);
    const evaluated = hosted && seen(await make(Math.min(EVALUATION_ENVS, config.evaluationEpisodes)));
    const backend = await useBackend(config.backend, definition.workload?.(task, settings));
    const agent = await definition.create(task, settings, seed);
    const rewardThreshold = made?.spec.rewardThreshold;
    const from = data ? { data } : { env: env! };
    return { server, from, evaluationEnv: evaluated || undefined, rewardThreshold, backend, agent };
  } catch (error) {
    await server.close();
    throw error;
  }
}

/** Whether the server hosts the env of a data set. Throws where the one that it hosts is another. */
async function isHosted(
  recorded: DataSetEnv,
  config: TrainingConfig,
  { client }: OpenServer,
): Promise<boolean> {
  if (recorded.id !== config.env) {
    throw new Error(`the data set ${config.data} is of ${recorded.id}, the run is to be on ${config.env}`);
  }
  if (!(await client.list()).some(({ id }) => id === recorded.id)) return false;
  const { numEnvs } = recorded;
  const env = await client.make(config.env, { numEnvs, options: config.options, autoreset: 'same_step' });
  await env.close();
  if (env.contractHash === recorded.contractHash) return true;
  throw new Error(
    `the data set ${config.data} was recorded in ${recorded.id} with the contract ${recorded.contractHash} ` +
      `(options ${JSON.stringify(recorded.options)}); that env's contract is ${env.contractHash} ` +
      `(options ${JSON.stringify(config.options)})`,
  );
}

/** Throws where an agent sees its env in another way than a data set does. */
function checkSpaces(recorded: DataSetEnv, task: Task, { data, agent }: TrainingConfig): void {
  for (const name of ['observationSpace', 'actionSpace'] as const) {
    if (recorded[name].equals(task[name])) continue;
    const [has, sees] = [recorded[name].toString(), task[name].toString()];
    throw new Error(`the data set ${data} has ${has} as its ${name}, ${agent} with these settings ${sees}`);
  }
}

async function dispose({ agent, server }: Prepared): Promise<void> {
  agent.dispose();
  await server.close();
}

async function runTraining(
  directory: RunDirectory,
  config: TrainingConfig,
  { server, from, evaluationEnv, rewardThreshold, backend, agent }: Prepared,
  { stream, signal }: Terminal,
  checkpoint?: Checkpoint,
): Promise<TrainingResult> {
  const start = checkpoint?.step ?? 0;
  const progress = new Progress({ stream, total: config.steps, start, now: Date.now });
  const sinks: MetricsSink[] = [];
  let reached = start;
  try {
    sinks.push(new MetricsWriter(directory.file('metrics.jsonl')));
    sinks.push(new TensorBoardWriter(directory.path, checkpoint?.step));
    const place = evaluationEnv ? `Envs at ${server.url}.` : `No env ${config.env} to evaluate on.`;
    progress.message(`${backend.reason} ${place} Run directory ${directory.path}`);
    let shown: Readonly<Record<string, number>> = {};
    const options: LoopOptions = {
      agent,
      steps: config.steps,
      seed: config.seed,
      evaluation: evaluationEnv && {
        env: evaluationEnv,
        every: config.evaluationEvery,
        episodes: config.evaluationEpisodes,
        maxSteps: config.evaluationMaxSteps,
      },
      checkpoints: { store: directory.checkpoints, every: config.checkpointEvery },
      resume: checkpoint,
      signal,
      metricsEvery: Math.max(1, Math.floor(config.steps / METRICS_ROWS)),
      onMetrics: (step, values) => {
        for (const sink of sinks) sink.write(step, values);
        const { evaluation_return: evaluated, loss, epsilon } = values;
        shown = { ...shown, ...defined({ loss, epsilon, evaluated }) };
      },
      onStep: (step) => {
        reached = step;
        progress.update(step, shown);
      },
      onResume: (step, exact) =>
        progress.message(
          exact
            ? `Resumed at step ${step}.`
            : `Resumed at step ${step} with new episodes: the envs are not those of before.`,
        ),
    };
    const outcome =
      'data' in from
        ? await trainOffline({ ...options, data: from.data, stepsAtOnce: config.numEnvs })
        : await collect(options, from.env, { directory, config, progress });
    progress.end();
    for (const sink of sinks) sink.flush();
    await drawCurves(directory, rewardThreshold);
    return { ...outcome, evaluated: evaluationEnv !== undefined, directory, config };
  } catch (error) {
    if (!(error instanceof NotFiniteError)) throw error;
    progress.end();
    throw await diverged(error, reached, directory);
  } finally {
    for (const sink of sinks) sink.close();
  }
}

interface Collection {
  readonly directory: RunDirectory;
  readonly config: TrainingConfig;
  readonly progress: Progress;
}

/** Trains on an env, and records what is collected where that was asked for. */
async function collect(options: LoopOptions, env: VisibleEnv, run: Collection): Promise<TrainOutcome> {
  const { directory, config, progress } = run;
  const onEpisode = (episodeReturn: number) => progress.episode(episodeReturn);
  if (config.saveData === undefined) return train({ ...options, env, onEpisode });
  const path = config.saveData === true ? directory.file('data.safetensors') : config.saveData;
  const { numEnvs, contractHash, observationSpace, actionSpace } = env;
  const recorded = {
    id: config.env,
    options: config.options,
    numEnvs,
    contractHash,
    observationSpace,
    actionSpace,
  };
  const writer = await DataSetWriter.open(recorded, directory.file('data-set'), path);
  const outcome = await train({ ...options, env: new RecordedEnv(env, writer), onEpisode });
  if (outcome.status === 'finished') {
    await writer.finish(path);
    progress.message(`Data set of ${thousands(writer.episodes)} episodes: ${path}`);
  }
  return outcome;
}

/** Numbers have left the finite: what is left of the run. */
async function diverged(error: NotFiniteError, step: number, { checkpoints }: RunDirectory): Promise<Error> {
  const good = checkpoints.has('latest') ? await checkpoints.load('latest') : undefined;
  const left =
    good === undefined
      ? 'There is no checkpoint yet.'
      : `The last good checkpoint, of step ${thousands(good.step)}, is ${good.path}`;
  const stopped = `training stopped at step ${thousands(step)}`;
  return new Error(`${error.message}; ${stopped}. ${left}`, { cause: error });
}

const defined = (values: Readonly<Record<string, number | undefined>>): Record<string, number> =>
  Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, number] => entry[1] !== undefined),
  );
