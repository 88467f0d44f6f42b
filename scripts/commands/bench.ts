import { Argument, Command, Option } from 'commander';
import { BACKENDS } from '../../agents/nn/backend.js';
import { benchEnvs, type EnvResult } from '../bench/envs.js';
import { benchFrames, benchPriorities, type FramesResult, type PrioritiesResult } from '../bench/memory.js';
import { benchMetrics } from '../bench/metrics.js';
import { type BenchNnOptions, benchNn, NN_ROWS } from '../bench/nn.js';
import { benchServer, type CaseResult, type ServerBenchOptions, type SoakResult } from '../bench/server.js';
import {
  type BenchTrainOptions,
  benchTrain,
  PEER_THREADS,
  TRAIN_ROWS,
  type TrainResult,
} from '../bench/train.js';
import { benchWorkers, type WorkersResult } from '../bench/workers.js';
import { megabytes, thousands } from '../format.js';
import { above, integer } from '../options.js';
import { abuseCommand, loadCommand } from './bench-load.js';
import { benchPythonCommand } from './bench-python.js';

const ROW =
  '| env | envs | request, reply bytes | round trips/s | bare ws echo | share | env-steps/s | with 4 in flight |';

function row(result: CaseResult): string {
  const cells = [
    result.env,
    result.numEnvs,
    `${result.requestBytes}, ${thousands(result.replyBytes)}`,
    thousands(result.roundTripsPerSecond),
    thousands(result.echoRoundTripsPerSecond),
    `${(100 * result.share).toFixed(0)}%`,
    thousands(result.envStepsPerSecond),
    thousands(result.pipelinedEnvStepsPerSecond),
  ];
  return `| ${cells.join(' | ')} |${result.passed ? '' : '  below its bar'}`;
}

function soakText({ envSteps, serverBytes, clientBytes }: SoakResult): string {
  const change = ([early, late]: readonly [number, number]) => `${megabytes(early)} → ${megabytes(late)}`;
  return `Resident memory from step ${thousands(envSteps / 10)} to ${thousands(envSteps)}: server ${change(serverBytes)}, client ${change(clientBytes)}`;
}

function envRow({ env, stepsPerSecond, original, heapBytesPerStep, passed }: EnvResult): string {
  const cells = [
    env,
    thousands(stepsPerSecond),
    original === undefined ? '' : thousands(original),
    original === undefined ? '' : (stepsPerSecond / original).toFixed(0),
    heapBytesPerStep.toFixed(1),
  ];
  return `| ${cells.join(' | ')} |${passed ? '' : '  below its bar'}`;
}

function trainRow({ title, stepsPerSecond, backend, peer, times, passed }: TrainResult): string {
  const cells = [
    `${title} (${backend})`,
    thousands(stepsPerSecond),
    ...PEER_THREADS.map((_, i) => (peer === undefined ? '' : thousands(peer[i]!.stepsPerSecond))),
    times === undefined ? '' : times.toFixed(2),
  ];
  return `| ${cells.join(' | ')} |${passed ? '' : '  below its bar'}`;
}

const WORKERS_HEAD = '| µs a step | envs | workers 0 | 1 | 2 | threads | speed-up |\n|-|-|-|-|-|-|-|';

function workersRow({ micros, numEnvs, byWorkers, passed }: WorkersResult): string {
  const rates = byWorkers.map(({ envStepsPerSecond }) => envStepsPerSecond);
  const cells = [
    micros,
    numEnvs,
    ...rates.map(thousands),
    byWorkers.map(({ threads }) => threads).join(', '),
    rates.map((rate) => (rate / rates[0]!).toFixed(2)).join(', '),
  ];
  return `| ${cells.join(' | ')} |${passed ? '' : '  below its bar'}`;
}

const framesText = (result: FramesResult): string =>
  `${thousands(result.frames)} frames of 84 × 84, stacks of 4: ${result.gigabytes.toFixed(2)} GB; ` +
  `adding one ${result.microsecondsAdding.toFixed(1)} µs, a batch of 32 ${result.millisecondsSampling.toFixed(2)} ms` +
  (result.passed ? '' : '  above its bar');

const prioritiesText = (result: PrioritiesResult): string =>
  `An update of DQN, 4-64-64-2, batch 64, with ${thousands(result.entries)} transitions in memory: ` +
  `${result.microsecondsUniform.toFixed(0)} µs uniform, ${result.microsecondsPrioritized.toFixed(0)} µs prioritized, ` +
  `${(100 * result.share).toFixed(0)}% more${result.passed ? '' : '  above its bar'}`;

export function benchCommand(): Command {
  const server = new Command('server')
    .description(
      'Round trips through the server beside a bare ws echo of the same sizes, in turns in one run.',
    )
    .option(
      '--seconds <number>',
      'length of a round; 25 of each side in turns make a case, and the best counts',
      above(0),
      0.2,
    )
    .option('--soak <steps>', 'env-steps of the memory test', integer(0), 10_000_000)
    .option('--json', 'the results as JSON')
    .action(async ({ json, ...options }: ServerBenchOptions & { readonly json?: boolean }) => {
      if (!json) console.log(`${ROW}\n|-|-|-|-|-|-|-|-|`);
      const { cases, soak } = await benchServer(options, (result) => {
        if (!json) console.log(row(result));
      });
      if (json) console.log(JSON.stringify({ cases, soak }, undefined, 2));
      else if (soak) console.log(`\n${soakText(soak)}`);
      if (cases.some(({ passed }) => !passed)) process.exitCode = 1;
    });
  const envs = new Command('envs')
    .description('Env-steps a second in this process, on one core, with random actions.')
    .argument('[id]', 'only those whose id contains this', '')
    .option('--seconds <number>', 'length of the measurement of one env', above(0), 2)
    .option('--json', 'the results as JSON')
    .action(
      async (part: string, { json, seconds }: { readonly seconds: number; readonly json?: boolean }) => {
        if (!json)
          console.log('| env | steps/s | original in Python | times | heap bytes a step |\n|-|-|-|-|-|');
        const results = await benchEnvs(part, seconds, (result) => {
          if (!json) console.log(envRow(result));
        });
        if (json) console.log(JSON.stringify(results, undefined, 2));
        if (results.some(({ passed }) => !passed)) process.exitCode = 1;
      },
    );
  const nn = new Command('nn')
    .description(
      'Updates and forward passes of networks, beside PyTorch on one thread where Python can import it, else beside plain TensorFlow.js.',
    )
    .argument('[rows...]', `which of ${NN_ROWS.join(', ')}; all where absent`)
    .addOption(new Option('--backend <name>', 'where tensors are computed').choices(BACKENDS).default('auto'))
    .option('--updates <number>', 'memory over so many updates of each row, instead of times', integer(10))
    .addHelpText('after', '\nFARSTEP_PYTHON names a Python that has torch; without it, python3 is tried.')
    .action((rows: string[], options: BenchNnOptions) =>
      benchNn({ ...options, ...(rows.length > 0 && { rows }) }),
    );
  const train = new Command('train')
    .description(
      'Training steps a second from end to end, beside Stable-Baselines3 at equal settings where Python can import it.',
    )
    .addArgument(
      new Argument('[rows...]', 'all where absent').choices(TRAIN_ROWS).default(TRAIN_ROWS, 'all of them'),
    )
    .addOption(new Option('--backend <name>', 'where tensors are computed').choices(BACKENDS).default('auto'))
    .option('--seconds <number>', 'length of a turn', above(0), 5)
    .option('--turns <number>', 'turns of each side, of which the best counts', integer(1), 3)
    .option('--json', 'the results as JSON')
    .addHelpText(
      'after',
      '\nFARSTEP_PYTHON names a Python that has stable-baselines3; without it, python3 is tried.',
    )
    .action(
      async (
        rows: readonly string[],
        { json, ...options }: Omit<BenchTrainOptions, 'rows'> & { readonly json?: boolean },
      ) => {
        const heads = PEER_THREADS.map((threads) => `SB3, ${threads} thread${threads === 1 ? '' : 's'}`);
        if (!json)
          console.log(`| | farstep | ${heads.join(' | ')} | times |\n|-|-|${'-|'.repeat(heads.length)}-|`);
        const { peer, results } = await benchTrain({ ...options, rows }, (result) => {
          if (!json) console.log(trainRow(result));
        });
        if (json) console.log(JSON.stringify({ peer, results }, undefined, 2));
        else
          console.log(
            peer ? `\nSteps a second. Stable-Baselines3 ${peer}.` : '\nNo Stable-Baselines3 to compare with.',
          );
        if (results.some(({ passed }) => !passed)) process.exitCode = 1;
      },
    );
  const workers = new Command('workers')
    .description('Env-steps a second with 0, 1 and 2 env threads, of envs that do nothing but work.')
    .option(
      '--seconds <number>',
      'length of a round; 5 of each side in turns make a case, and the best counts',
      above(0),
      1,
    )
    .option('--json', 'the results as JSON')
    .action(async ({ json, seconds }: { readonly seconds: number; readonly json?: boolean }) => {
      if (!json) console.log(WORKERS_HEAD);
      const results = await benchWorkers(seconds, (result) => {
        if (!json) console.log(workersRow(result));
      });
      if (json) console.log(JSON.stringify(results, undefined, 2));
      if (results.some(({ passed }) => !passed)) process.exitCode = 1;
    });
  const memory = new Command('memory')
    .description('Experience replay at a million entries: bytes of frames, and what priorities cost.')
    .option('--json', 'the results as JSON')
    .action(async ({ json }: { readonly json?: boolean }) => {
      const frames = benchFrames(); // first: memory that was freed would be taken again, and not be seen
      const priorities = await benchPriorities();
      if (json) console.log(JSON.stringify({ frames, priorities }, undefined, 2));
      else console.log(`${framesText(frames)}\n${prioritiesText(priorities)}`);
      if (!frames.passed || !priorities.passed) process.exitCode = 1;
    });
  const metrics = new Command('metrics')
    .description('What counting a step for /metrics adds to what the step takes, in turns in one run.')
    .option('--json', 'the result as JSON')
    .action(async ({ json }: { readonly json?: boolean }) => {
      const result = await benchMetrics();
      const { counted, uncounted, served, share, passed } = result;
      if (json) console.log(JSON.stringify(result, undefined, 2));
      else
        console.log(
          `A step of CartPole-v1 in its session: ${counted.toFixed(2)} µs, ${uncounted.toFixed(2)} µs uncounted. ` +
            `Of the ${served.toFixed(1)} µs that it takes the server: ${(100 * share).toFixed(1)}%${passed ? '' : '  above its bar'}`,
        );
      if (!passed) process.exitCode = 1;
    });
  return new Command('bench')
    .description('Measure farstep on this machine.')
    .addCommand(server)
    .addCommand(envs)
    .addCommand(nn)
    .addCommand(train)
    .addCommand(workers)
    .addCommand(memory)
    .addCommand(metrics)
    .addCommand(benchPythonCommand())
    .addCommand(loadCommand())
    .addCommand(abuseCommand());
}
