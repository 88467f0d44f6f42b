import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { Command } from 'commander';
import { mean } from '../../agents/mean.js';
import { reason } from '../../agents/run/output/run-error.js';
import { meant } from '../../protocol/nearest.js';
import { interrupt } from '../interrupt.js';
import { integer, seedList } from '../options.js';
import { readBaseline, updateBaseline } from '../regress/baseline.js';
import { type ClaimsFile, readClaims } from '../regress/claims.js';
import { short } from '../regress/describe.js';
import { type RegressOutcome, regress } from '../regress/regress.js';
import { toJUnit, toTable } from '../regress/report.js';

interface RegressCommandOptions {
  readonly claim?: readonly string[];
  readonly seeds?: readonly number[];
  readonly parallel?: number;
  readonly out: string;
  readonly resume?: string;
  readonly updateBaseline?: boolean;
  readonly json?: boolean;
  readonly junit?: string;
}

/** Where the directory of a regression keeps which claims file it is of. */
const SOURCE = 'regression.json';
const EXIT_CODES = { pass: 0, fail: 1, inconclusive: 2 } as const;

/** Those claims alone that were asked for, with the seeds that were asked for. */
function chosen(file: ClaimsFile, { claim: names, seeds }: RegressCommandOptions): ClaimsFile {
  const known = file.claims.map(({ name }) => name);
  for (const name of names ?? []) {
    if (known.includes(name)) continue;
    const nearest = meant(name, known);
    throw new Error(
      `no claim "${name}"; ${nearest ? `did you mean "${nearest}"?` : `there are ${known.join(', ')}`}`,
    );
  }
  return {
    ...file,
    golden: names ? [] : file.golden,
    claims: file.claims
      .filter(({ name }) => names?.includes(name) ?? true)
      .map((claim) => ({ ...claim, seeds: seeds ?? claim.seeds })),
  };
}

/** The claims file that a former regression was of. */
async function sourceOf(directory: string): Promise<string> {
  const content = await readFile(join(directory, SOURCE), 'utf8').catch((error: unknown) => {
    throw new Error(`${directory} is not the directory of a regression: ${reason(error)}`, { cause: error });
  });
  return (JSON.parse(content) as { readonly claims: string }).claims;
}

/** The directory of a new regression, `<out>/<name of the file>__<time>`. */
async function newDirectory(out: string, path: string): Promise<string> {
  const time = `${new Date().toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
  const directory = join(out, `${basename(path).replace(/\.\w+$/, '')}__${time}`);
  await mkdir(directory, { recursive: true });
  return directory;
}

async function save(directory: string, { report }: RegressOutcome, junit: string | undefined): Promise<void> {
  await writeFile(join(directory, 'report.json'), `${JSON.stringify(report, null, 2)}\n`);
  await writeFile(join(directory, 'report.md'), `${toTable(report)}\n`);
  await writeFile(join(directory, 'junit.xml'), toJUnit(report));
  if (junit !== undefined) await writeFile(junit, toJUnit(report));
}

export function regressCommand(): Command {
  return new Command('regress')
    .description('Train what a claims file calls for, over several seeds, and say which claims hold.')
    .argument('[file]', 'the claims file; scripts/regress/README.md tells what is in one')
    .option('--claim <name...>', 'these claims alone')
    .option('--seeds <list>', 'these seeds instead of those of the claims, such as 0..9', seedList)
    .option('--parallel <number>', 'runs at a time; by default as many as cores', integer(1))
    .option('--out <directory>', 'where the directory of this regression goes', 'runs/regress')
    .option(
      '--resume <directory>',
      'go on with a regression: what it has is taken, the rest is run. A changed claims file may be given with it',
    )
    .option('--update-baseline', 'write what was measured into the baseline file')
    .option('--json', 'the report as JSON on stdout, progress on stderr')
    .option('--junit <file>', "the report as JUnit's XML")
    .addHelpText(
      'after',
      '\nExit code: 0 all claims pass; 1 one fails; 2 none fails, but one is inconclusive.',
    )
    .action(async (path: string | undefined, given: RegressCommandOptions) => {
      const { resume, json } = given;
      const source = path ?? (resume && (await sourceOf(resume)));
      if (source === undefined) throw new Error('which claims file?');
      const file = await readClaims(source);
      const baselinePath = resolve(
        dirname(source),
        file.baseline ?? `${basename(source).replace(/\.\w+$/, '')}.baseline.json`,
      );
      const baseline = await readBaseline(baselinePath);
      const directory = resume ?? (await newDirectory(given.out, source));
      await writeFile(join(directory, SOURCE), `${JSON.stringify({ claims: resolve(source) })}\n`);
      const { signal, done } = interrupt();
      const outcome = await regress({
        name: basename(source),
        file: chosen(file, given),
        baseline,
        root: join(directory, 'runs'),
        parallel: given.parallel ?? availableParallelism(),
        stream: json ? process.stderr : process.stdout,
        signal,
      });
      await save(directory, outcome, given.junit);
      const { report, interrupted, measured } = outcome;
      if (given.updateBaseline) await updateBaseline(baselinePath, baseline, measured);
      done();
      console.log(json ? JSON.stringify(report, null, 2) : `\n${toTable(report)}\n`);
      const tell = json ? console.error : console.log;
      tell(`Report: ${join(directory, 'report.json')}, report.md, junit.xml`);
      if (interrupted) tell(`Stopped and saved. Go on with:  farstep regress --resume ${directory}`);
      process.exitCode = EXIT_CODES[report.verdict];
      if (!given.updateBaseline) return;
      for (const [name, scores] of Object.entries(measured.claims)) {
        const told = (tasks: typeof scores | undefined) => (tasks ? short(mean(tasks.flat())) : 'nothing');
        tell(`${name}: mean score of the baseline ${told(baseline.claims[name])} → ${told(scores)}`);
      }
      tell(`Baseline: ${baselinePath}`);
      // What there was to compare with is of no account any more; that all of it could be measured is.
      process.exitCode = Object.keys(measured.claims).length === report.claims.length ? 0 : 1;
    });
}
