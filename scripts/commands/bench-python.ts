import { Command } from 'commander';
import { benchPython, type PythonResult, passes, type TrainingResult } from '../bench/python.js';
import { thousands } from '../format.js';
import { above } from '../options.js';

function row(result: PythonResult): string {
  const { envs, tcp, unix, echo, sync } = result;
  const beside =
    sync === undefined ? `${((100 * tcp) / echo).toFixed(0)}%` : `${(tcp / sync).toFixed(1)} times`;
  const cells = [envs, ...[tcp, unix, sync, echo].map((x) => (x === undefined ? '' : thousands(x * envs)))];
  return `| ${cells.join(' | ')} | ${beside} |${passes(result) ? '' : '  below its bar'}`;
}

const trainingText = ({ farstep, inProcess }: TrainingResult): string =>
  `PPO of Stable-Baselines3 trains on 8 CartPoles at ${thousands(farstep)} steps/s over farstep, at ${thousands(inProcess)} on its own.`;

export function benchPythonCommand(): Command {
  return new Command('python')
    .description(
      'The Python client, CartPole: env-steps a second beside Gymnasium in the same process, and a bare echo.',
    )
    .option(
      '--seconds <number>',
      'length of a round; 15 of each side in turns, the best counts',
      above(0),
      0.2,
    )
    .option('--json', 'the results as JSON')
    .addHelpText(
      'after',
      '\nFARSTEP_PYTHON names a Python that has what the tests of protocol/python need: `npm run -s setup:python` makes one\nand prints its path, with `-- full` one that has stable_baselines3 too, and then a training is measured besides.\nWithout it, python3 is tried.',
    )
    .action(async ({ json, seconds }: { readonly seconds: number; readonly json?: boolean }) => {
      const { rows, training } = await benchPython(seconds);
      if (json) {
        console.log(JSON.stringify({ rows, training }, undefined, 2));
      } else {
        console.log(
          '| envs | farstep | over a unix socket | SyncVectorEnv | websockets echo | |\n|-|-|-|-|-|-|',
        );
        for (const result of rows) console.log(row(result));
        if (training) console.log(`\n${trainingText(training)}`);
      }
      if (!rows.every(passes)) process.exitCode = 1;
    });
}
