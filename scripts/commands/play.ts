import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import { Random } from '../../agents/random.js';
import { arrayType, Discrete, type RemoteVectorEnv, sizeOf, type TypedArray } from '../../protocol/index.js';
import { openServer } from '../open-server.js';
import { above, assignment, integer, optionValues } from '../options.js';
import { terminalPicture } from '../terminal-picture.js';

interface PlayOptions {
  readonly option?: Readonly<Record<string, string>>;
  readonly seed?: number;
  readonly fps: number;
  readonly random?: boolean;
  readonly steps?: number;
  readonly url?: string;
}

/** What the keys ask for, between two steps. */
interface Keys {
  /** That of the digit pressed last. */
  action: number;
  quit: boolean;
  reset: boolean;
  paused: boolean;
}

const HELP = 'digits: action (held until the next key), space: action 0, p: pause, r: new episode, q: quit';

/** Takes single key presses from the terminal until the function it gives is called. */
function readKeys(keys: Keys): () => void {
  const { stdin } = process;
  const onData = (data: Buffer): void => {
    const text = data.toString();
    if (text === 'q' || text === '\x03' || text === '\x1b') keys.quit = true;
    else if (text === 'r') keys.reset = true;
    else if (text === 'p') keys.paused = !keys.paused;
    else if (text === ' ') keys.action = 0;
    else if (/^[0-9]$/.test(text)) keys.action = Number(text);
  };
  stdin.setRawMode(true).resume().on('data', onData);
  return () => {
    stdin.off('data', onData).setRawMode(false).pause();
  };
}

function actionOf(env: RemoteVectorEnv, keys: Keys, random: Random | undefined): readonly TypedArray[] {
  const { actionSpace } = env;
  const slabs = actionSpace.leaves.map(({ dtype, shape }) => new (arrayType(dtype))(sizeOf(shape)));
  if (actionSpace instanceof Discrete && !random) {
    slabs[0]![0] = (actionSpace.start + Math.min(keys.action, actionSpace.n - 1)) as never;
  } else {
    actionSpace.write(actionSpace.sample(random!), slabs, 0);
  }
  return slabs;
}

async function draw(env: RemoteVectorEnv, text: string): Promise<void> {
  const { columns, rows } = process.stdout;
  const picture = terminalPicture(await env.render(), columns, rows - 3);
  process.stdout.write(`\x1b[H${picture}\x1b[J\n${text.slice(0, columns)}\n${HELP.slice(0, columns)}`);
}

export function playCommand(): Command {
  return new Command('play')
    .description('Play an env in the terminal, or watch it played at random.')
    .argument('<env>', 'see farstep envs')
    .option('--option <name=value>', 'an option of the env (repeatable)', assignment)
    .option('--seed <number>', 'of the env', integer(0))
    .option('--fps <number>', 'steps a second', above(0), 10)
    .option('--random', 'random actions (always so where actions are not Discrete)')
    .option('--steps <number>', 'end after so many', integer(1))
    .option('--url <ws-url>', 'the server to play on; without it, one is started')
    .action(async (id: string, { option, seed, fps, random, steps = Infinity, url }: PlayOptions) => {
      if (!process.stdout.isTTY)
        throw new Error('play needs a terminal; farstep eval --record makes a picture file');
      const server = await openServer(url ?? null);
      const keys: Keys = { action: 0, quit: false, reset: false, paused: false };
      const release = process.stdin.isTTY ? readKeys(keys) : () => {};
      try {
        const env = await server.client.make(id, {
          options: optionValues(option),
          seed,
          autoreset: 'disabled',
        });
        const source =
          random || !(env.actionSpace instanceof Discrete) ? new Random(seed ?? 0, 'play') : undefined;
        process.stdout.write('\x1b[2J');
        let earned = 0;
        let over = true;
        for (let step = 0; step < steps && !keys.quit; ) {
          if (over || keys.reset) {
            await env.reset();
            [earned, over, keys.reset] = [0, false, false];
          }
          if (!keys.paused) {
            const result = await env.step(actionOf(env, keys, source));
            earned += result.rewards[0]!;
            over = result.terminated[0] === 1 || result.truncated[0] === 1;
            step++;
          }
          await draw(
            env,
            `${id}  step ${step}  return ${Number(earned.toPrecision(6))}${over ? '  the episode is over' : ''}`,
          );
          await sleep(over ? 1500 : 1000 / fps);
        }
      } finally {
        release();
        process.stdout.write('\n');
        await server.close();
      }
    });
}
