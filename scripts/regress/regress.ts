/** `farstep regress`: runs what a claims file calls for, and says which claims hold. */
import { Lines } from '../../agents/run/output/lines.js';
import type { ProgressStream } from '../../agents/run/output/progress.js';
import { canonicalJSON } from '../../server/contract.js';
import { type OpenServer, openServer } from '../open-server.js';
import { inParallel } from '../runs.js';
import { checkTraining, type TrainingConfig } from '../training.js';
import type { Baseline } from './baseline.js';
import type { Claim, ClaimsFile, Task } from './claims.js';
import { describeBound, describeStatistic } from './describe.js';
import { EnvChecks } from './env-checks.js';
import type { ClaimReport, GoldenReport, Report, SeedReport } from './report.js';
import { scoreOf } from './score.js';
import { findTrial, isCommand, makeTrial, readTrial, runTrial, type Scoring, type Trial } from './trials.js';
import { judge, type Scores, type Verdict } from './verdict.js';

export interface RegressOptions {
  /** For the report. */
  readonly name: string;
  readonly file: ClaimsFile;
  readonly baseline: Baseline;
  /** Where run directories go; those of trials that are done already are taken as they are. */
  readonly root: string;
  /** Trials at a time. */
  readonly parallel: number;
  readonly stream: ProgressStream;
  readonly signal: AbortSignal;
}

export interface RegressOutcome {
  readonly report: Report;
  /** Whether the signal stopped it before all was done. */
  readonly interrupted: boolean;
  /** What a baseline would keep of it. */
  readonly measured: Omit<Baseline, 'format'>;
}

/** A trial, and what calls for it. */
interface Planned {
  readonly claim: Claim;
  readonly task: Task;
  readonly side: SeedReport['side'];
  readonly seed: number;
  readonly trial: Trial;
}

/** What was found of the envs of a claim. */
interface EnvFindings {
  readonly notes: readonly string[];
  readonly brokenPin: string | undefined;
}

/** What becomes of trials, by their keys. */
type Problems = Map<string, string>;

export async function regress(options: RegressOptions): Promise<RegressOutcome> {
  const { name, file, baseline, root, parallel, stream, signal } = options;
  const planned = file.claims.flatMap(plan);
  const server = await openServer(null);
  const checks = new EnvChecks(server.client, baseline);
  const golden: GoldenReport[] = [];
  const envs = new Map<Claim, EnvFindings>();
  try {
    await checkConfigs(planned, server);
    for (const claim of file.golden) golden.push(await checks.golden(claim));
    for (const claim of file.claims) {
      envs.set(claim, { notes: await checks.compare(claim), brokenPin: await checks.brokenPin(claim) });
    }
  } finally {
    await server.close();
  }

  // An env that breaks its pin fails its claims without a run.
  const toRun = planned.filter(({ claim }) => envs.get(claim)!.brokenPin === undefined);
  const trials = new Map(toRun.toReversed().map((each) => [each.trial.key, each])); // the first of each key
  const lines = new Lines(stream);
  const problems: Problems = new Map();
  let interrupted = false;
  await inParallel([...trials.values()].toReversed(), parallel, async (each) => {
    const { trial, claim, seed } = each;
    const scorings = toRun
      .filter((other) => other.trial.key === trial.key)
      .map((other): Scoring => other.claim);
    const { stream: line, close } = lines.open(labelOf(each));
    try {
      if (!(await runTrial(trial, scorings, { root, stream: line, signal }))) interrupted = true;
    } catch (error) {
      problems.set(trial.key, (error as Error).message);
      lines.message(`${claim.name}, seed ${seed}: ${(error as Error).message}`);
    } finally {
      close();
    }
  });

  const claims: ClaimReport[] = [];
  const scores: Record<string, readonly Scores[]> = {};
  for (const claim of file.claims) {
    const seeds = await Promise.all(
      planned.filter((each) => each.claim === claim).map((each) => reportSeed(each, root, problems)),
    );
    claims.push(reportClaim(claim, seeds, baseline, envs.get(claim)!));
    if (!seeds.some(({ score }) => score === null)) scores[claim.name] = sideOf(claim, seeds, 'claim');
  }
  return {
    report: { file: name, verdict: worst([...golden, ...claims]), golden, claims },
    interrupted,
    measured: { claims: scores, envs: checks.fingerprints },
  };
}

/** What a trial's line of progress begins with. */
const labelOf = ({ claim, task, side, seed }: Planned): Record<string, string | number> => ({
  claim: claim.name,
  ...(claim.tasks.length > 1 && { env: task.env }),
  ...(side === 'against' && { side }),
  seed,
});

function plan(claim: Claim): Planned[] {
  const side = (tasks: readonly Task[], which: SeedReport['side']) =>
    tasks.flatMap((task) =>
      claim.seeds.map((seed) => ({ claim, task, side: which, seed, trial: makeTrial(claim, task, seed) })),
    );
  const { against } = claim;
  return [
    ...side(claim.tasks, 'claim'),
    ...(against && against !== 'baseline' ? side(against, 'against') : []),
  ];
}

/** Throws what is wrong with the agents, settings and envs of claims, before any training. */
async function checkConfigs(planned: readonly Planned[], { url }: OpenServer): Promise<void> {
  const checked = new Set<string>();
  for (const { claim, trial } of planned) {
    const { seed: _, ...rest } = trial.config;
    const key = canonicalJSON(rest);
    if (isCommand(trial.config) || checked.has(key)) continue;
    checked.add(key);
    await checkTraining({ ...(trial.config as unknown as TrainingConfig), url }).catch((error: Error) => {
      throw new Error(`claim ${claim.name}: ${error.message}`, { cause: error });
    });
  }
}

async function reportSeed(
  { claim, task, side, seed, trial }: Planned,
  root: string,
  problems: Problems,
): Promise<SeedReport> {
  const run = await findTrial(root, trial);
  const result = await readTrial(root, trial, claim);
  let score: number | null = null;
  let problem = problems.get(trial.key);
  try {
    if (result) score = scoreOf(claim, task, result);
    if (score !== null && !Number.isFinite(score)) throw new Error(`its score is ${score}`);
  } catch (error) {
    [score, problem] = [null, (error as Error).message];
  }
  const { seconds = 0, megabytes = 0 } = result?.record ?? {};
  return { seed, env: task.env, side, score, seconds, megabytes, run: run?.path ?? null, problem };
}

const sideOf = (claim: Claim, seeds: readonly SeedReport[], side: SeedReport['side']): Scores[] =>
  claim.tasks.map(({ env }, i) => {
    const ofSide = seeds.filter((each) => each.side === side);
    const ofTask = ofSide.slice(i * claim.seeds.length, (i + 1) * claim.seeds.length);
    return ofTask.filter((each) => each.env === env).flatMap(({ score }) => score ?? []);
  });

function reportClaim(
  claim: Claim,
  seeds: readonly SeedReport[],
  baseline: Baseline,
  envs: EnvFindings,
): ClaimReport {
  const { name, description, against } = claim;
  const facts = {
    name,
    description,
    statistic: describeStatistic(claim),
    bound: describeBound(claim),
    seeds,
  };
  const without = (verdict: Verdict, notes: readonly string[]): ClaimReport => ({
    ...facts,
    verdict,
    finding: null,
    notes,
  });
  if (envs.brokenPin !== undefined) return without('fail', [envs.brokenPin]);
  const failed = seeds.filter(({ problem }) => problem !== undefined);
  const notes = failed.map(({ seed, env, problem }) => `seed ${seed} on ${env} failed: ${problem}`);
  if (notes.length > 0) return without('fail', [...notes, ...envs.notes]);
  const missing = seeds.filter(({ score }) => score === null).map(({ seed }) => seed);
  if (missing.length > 0) {
    return without('inconclusive', [`not done: seeds ${[...new Set(missing)].join(', ')}.`]);
  }
  const ours = sideOf(claim, seeds, 'claim');
  const former = baseline.claims[name];
  if (against === 'baseline' && (former === undefined || former.length !== ours.length)) {
    return without('inconclusive', ['nothing to compare with yet; --update-baseline records it.']);
  }
  const theirs =
    against === undefined ? undefined : against === 'baseline' ? former : sideOf(claim, seeds, 'against');
  const { verdict, ...finding } = judge(claim, ours, theirs);
  const explained = {
    pass: [],
    reported: [],
    fail: envs.notes,
    inconclusive: ['the interval reaches over the bar: more seeds are needed.', ...envs.notes],
  }[verdict];
  return { ...facts, verdict, finding, notes: explained };
}

function worst(parts: readonly { readonly verdict: Verdict }[]): Report['verdict'] {
  const verdicts = parts.map(({ verdict }) => verdict);
  return verdicts.includes('fail') ? 'fail' : verdicts.includes('inconclusive') ? 'inconclusive' : 'pass';
}
