/** The claims file: what is claimed of agents and envs, as JSON. README.md here tells every field. */
import { readFile } from 'node:fs/promises';
import { reason } from '../../agents/run/output/run-error.js';
import type { Options } from '../../protocol/index.js';
import { seedList } from '../options.js';
import { FieldReader, is } from './field-reader.js';

export const STATISTICS = ['iqm', 'mean', 'median', 'winRate', 'probabilityOfImprovement'] as const;
export type StatisticName = (typeof STATISTICS)[number];

/** What trains: an agent of ours, or a command that connects to a url. */
export interface Trainee {
  readonly agent: string | undefined;
  /** Program and arguments. */
  readonly command: readonly string[] | undefined;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly options: Options;
  readonly steps: number | undefined;
  readonly numEnvs: number | undefined;
}

export interface Task {
  readonly env: string;
  /** The hash that the env's contract must have. */
  readonly contract: string | undefined;
  /** Scores that count as 0 and as 1; scores of several tasks are put on one scale by them. */
  readonly range: readonly [low: number, high: number];
  readonly trainee: Trainee;
}

/** A measurement of training, instead of the score of the policy that came out. */
export interface TrainingMetric {
  readonly name: string;
  /** Another metric, taken off it. */
  readonly minus: string | undefined;
  readonly over: 'mean' | 'last' | 'min' | 'max';
  /** The share of training before the first row that counts. */
  readonly from: number;
}

export interface Claim {
  readonly name: string;
  readonly description: string | undefined;
  readonly tasks: readonly Task[];
  /** What it is compared with: others trained on the same tasks and seeds, or what the baseline file has. */
  readonly against: readonly Task[] | 'baseline' | undefined;
  readonly seeds: readonly number[];
  readonly evalEvery: number | undefined;
  readonly evalEpisodes: number | undefined;
  /** Episodes that a policy is scored by, after training. */
  readonly episodes: number;
  readonly checkpoint: 'best' | 'latest';
  readonly metric: 'return' | 'length' | TrainingMetric;
  readonly statistic: StatisticName;
  /** An episode with a return above this is won. */
  readonly winAbove: number;
  readonly atLeast: number | undefined;
  readonly atMost: number | undefined;
  /** How far beyond its bound the statistic may be. */
  readonly tolerance: number;
  readonly decideBy: 'interval' | 'estimate';
  readonly confidence: number;
  /** Of one seed's training. */
  readonly budget: { readonly minutes: number; readonly megabytes: number };
}

/** An env that is to do exactly what it did. */
export interface GoldenClaim {
  readonly env: string;
  readonly options: Options;
  readonly numEnvs: number;
  readonly seed: number;
  readonly steps: number;
  /** What is expected; else the baseline file tells. */
  readonly contract: string | undefined;
  readonly trajectory: string | undefined;
}

export interface ClaimsFile {
  readonly claims: readonly Claim[];
  readonly golden: readonly GoldenClaim[];
  /** Path of the baseline file, as written: relative to the claims file. */
  readonly baseline: string | undefined;
}

/** @throws Error that names the place, what was expected and what came */
export async function readClaims(path: string): Promise<ClaimsFile> {
  let content: unknown;
  try {
    content = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    const why = error instanceof SyntaxError ? `it is not JSON: ${error.message}` : reason(error);
    throw new Error(`${path} cannot be read: ${why}`, { cause: error });
  }
  try {
    return parseClaims(content);
  } catch (error) {
    throw new Error(`${path}: ${(error as Error).message}`, { cause: error });
  }
}

export function parseClaims(content: unknown): ClaimsFile {
  const file = new FieldReader(content, '', ['defaults', 'claims', 'golden', 'baseline']);
  const defaults = file.optional('defaults', 'a map of fields of claims', is.map) ?? {};
  const claims = (file.optional('claims', 'a list of claims', is.list) ?? []).map((entry, i) =>
    parseClaim(entry, defaults, `claims[${i}]`),
  );
  const golden = (file.optional('golden', 'a list of envs', is.list) ?? []).map((entry, i) =>
    parseGolden(entry, `golden[${i}]`),
  );
  const baseline = file.optional('baseline', 'a path', is.text);
  const names = claims.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new Error(`two claims are named ${JSON.stringify(twice)}`);
  if (claims.length + golden.length === 0) throw new Error('there is nothing in claims or golden');
  return { claims, golden, baseline };
}

function parseClaim(entry: unknown, defaults: Readonly<Record<string, unknown>>, place: string): Claim {
  const own = is.map(entry) ? entry : undefined;
  const label = typeof own?.name === 'string' ? `${place} (${own.name})` : place;
  const fields = new FieldReader(own && { ...without(defaults, own), ...own }, label, CLAIM_FIELDS);
  const name = fields.required('name', 'a name', is.text);
  const trainee = readTrainee(fields);
  const tasks = readTasks(fields, trainee, label);
  const against = readAgainst(fields, tasks, label);
  const statistic =
    fields.optional('statistic', STATISTICS, is.oneOf(STATISTICS)) ??
    (against === undefined ? 'iqm' : 'probabilityOfImprovement');
  if (statistic === 'probabilityOfImprovement' && against === undefined) {
    throw new Error(`${label}: probabilityOfImprovement needs against: over what?`);
  }
  const budget = new FieldReader(fields.optional('budget', 'a map', is.map) ?? {}, `${label}.budget`, [
    'minutes',
    'megabytes',
  ]);
  return {
    name,
    description: fields.optional('description', 'a sentence', is.text),
    tasks,
    against,
    seeds: fields.parsed('seeds', seedList) ?? [0, 1, 2, 3, 4],
    evalEvery: fields.optional('evalEvery', 'a positive integer', is.positive),
    evalEpisodes: fields.optional('evalEpisodes', 'a positive integer', is.positive),
    episodes: fields.optional('episodes', 'a positive integer', is.positive) ?? 100,
    checkpoint: fields.optional('checkpoint', SLOTS, is.oneOf(SLOTS)) ?? 'best',
    metric: readMetric(fields, label),
    statistic,
    winAbove: fields.optional('winAbove', 'a number', is.number) ?? 0,
    atLeast: fields.optional('atLeast', 'a number', is.number),
    atMost: fields.optional('atMost', 'a number', is.number),
    tolerance: fields.optional('tolerance', 'a number of at least 0', is.notNegative) ?? 0,
    decideBy: fields.optional('decideBy', DECISIONS, is.oneOf(DECISIONS)) ?? 'interval',
    confidence: fields.optional('confidence', 'a number between 0 and 1', is.share) ?? 0.95,
    budget: {
      minutes: budget.optional('minutes', 'a number above 0', is.aboveZero) ?? Infinity,
      megabytes: budget.optional('megabytes', 'a number above 0', is.aboveZero) ?? Infinity,
    },
  };
}

/** Of each, the others make no sense beside it. */
const RIVALS: Readonly<Record<string, readonly string[]>> = {
  agent: ['command'],
  command: ['agent', 'settings'],
  env: ['tasks'],
  tasks: ['env', 'contract'],
};

/** Defaults without those in whose place a claim has something else. */
function without(defaults: Readonly<Record<string, unknown>>, own: Readonly<Record<string, unknown>>) {
  const replaced = Object.keys(own).flatMap((name) => RIVALS[name] ?? []);
  return Object.fromEntries(Object.entries(defaults).filter(([name]) => !replaced.includes(name)));
}

const TRAINEE_FIELDS = ['agent', 'command', 'settings', 'options', 'steps', 'numEnvs'];
const CLAIM_FIELDS = [
  ...['name', 'description', ...TRAINEE_FIELDS, 'env', 'contract', 'tasks', 'against', 'seeds'],
  ...['evalEvery', 'evalEpisodes', 'episodes', 'checkpoint', 'metric', 'statistic', 'winAbove'],
  ...['atLeast', 'atMost', 'tolerance', 'decideBy', 'confidence', 'budget'],
];

const SLOTS = ['best', 'latest'] as const;
const DECISIONS = ['interval', 'estimate'] as const;
const OVER = ['mean', 'last', 'min', 'max'] as const;
const RETURN_OR_LENGTH = ['return', 'length'] as const;

/** Fields that say what trains; what is not given is that of `fallback`. */
function readTrainee(fields: FieldReader, fallback?: Trainee): Trainee {
  const agent = fields.optional('agent', 'the name of an agent', is.text);
  const command = fields.optional('command', 'a list of a program and its arguments', is.words);
  const settings = fields.optional('settings', 'a map of settings', is.map);
  if (agent !== undefined && command !== undefined) fields.fail('agent and command: give one of them');
  const given = agent !== undefined || command !== undefined;
  const another = given && fallback !== undefined && (command !== undefined || agent !== fallback.agent);
  return {
    agent: given ? agent : fallback?.agent,
    command: given ? command : fallback?.command,
    // Settings of one agent mean nothing to another.
    settings: { ...(another ? {} : fallback?.settings), ...settings },
    options: {
      ...fallback?.options,
      ...fields.optional('options', 'a map of booleans, numbers and strings', is.options),
    },
    steps: fields.optional('steps', 'a positive integer', is.positive) ?? fallback?.steps,
    numEnvs: fields.optional('numEnvs', 'a positive integer', is.positive) ?? fallback?.numEnvs,
  };
}

function readTasks(fields: FieldReader, trainee: Trainee, label: string): Task[] {
  const entries = fields.optional('tasks', 'a list of tasks', is.list);
  const env = fields.optional('env', 'the id of an env', is.text);
  const contract = fields.optional('contract', 'the hash of a contract', is.text);
  if ((entries === undefined) === (env === undefined)) fields.fail('env and tasks: give one of them');
  const tasks =
    env !== undefined
      ? [{ env, contract, range: [0, 1] as const, trainee }]
      : entries!.map((entry, i): Task => {
          const known = ['env', 'contract', 'range', ...TRAINEE_FIELDS];
          const task = new FieldReader(entry, `${label}.tasks[${i}]`, known);
          return {
            env: task.required('env', 'the id of an env', is.text),
            contract: task.optional('contract', 'the hash of a contract', is.text),
            range: task.required('range', 'the scores that count as 0 and as 1', is.range),
            trainee: readTrainee(task, trainee),
          };
        });
  for (const { trainee: its } of tasks) {
    if (its.agent === undefined && its.command === undefined) fields.fail('agent or command: what trains?');
    if (its.command !== undefined && its.steps === undefined) fields.fail('steps: a command must be told');
  }
  return tasks;
}

function readAgainst(fields: FieldReader, tasks: readonly Task[], label: string): Claim['against'] {
  const given = fields.optional(
    'against',
    '"baseline" or a map of what is different there',
    (value): value is 'baseline' | Record<string, unknown> => value === 'baseline' || is.map(value),
  );
  if (given === undefined || given === 'baseline') return given;
  return tasks.map((task) => {
    const other = new FieldReader(given, `${label}.against`, TRAINEE_FIELDS);
    return { ...task, trainee: readTrainee(other, task.trainee) };
  });
}

function readMetric(fields: FieldReader, label: string): Claim['metric'] {
  const given = fields.optional(
    'metric',
    '"return", "length" or a map that names a metric of training',
    (value): value is 'return' | 'length' | Record<string, unknown> =>
      is.oneOf(RETURN_OR_LENGTH)(value) || is.map(value),
  );
  if (given === undefined) return 'return';
  if (typeof given === 'string') return given;
  const metric = new FieldReader(given, `${label}.metric`, ['name', 'minus', 'over', 'from']);
  return {
    name: metric.required('name', 'the name of a metric', is.text),
    minus: metric.optional('minus', 'the name of a metric', is.text),
    over: metric.optional('over', OVER, is.oneOf(OVER)) ?? 'last',
    from: metric.optional('from', 'a number from 0 to 1', is.fraction) ?? 0,
  };
}

function parseGolden(entry: unknown, place: string): GoldenClaim {
  const known = ['env', 'options', 'numEnvs', 'seed', 'steps', 'contract', 'trajectory'];
  const fields = new FieldReader(entry, place, known);
  return {
    env: fields.required('env', 'the id of an env', is.text),
    options: fields.optional('options', 'a map of booleans, numbers and strings', is.options) ?? {},
    numEnvs: fields.optional('numEnvs', 'a positive integer', is.positive) ?? 4,
    seed: fields.optional('seed', 'a non-negative integer', is.count) ?? 0,
    steps: fields.optional('steps', 'a positive integer', is.positive) ?? 1000,
    contract: fields.optional('contract', 'the hash of a contract', is.text),
    trajectory: fields.optional('trajectory', 'the hash of a trajectory', is.text),
  };
}
