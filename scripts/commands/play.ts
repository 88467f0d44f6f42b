import { emitKeypressEvents, type Key } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command, Option } from 'commander';
import { Random } from '../../agents/random.js';
import { openServer } from '../open-server.js';
import { above, assignment, integer, optionValues } from '../options.js';
import { Controls } from '../play/controls.js';
import { openGame } from '../play/game.js';
import { play } from '../play/play.js';
import { terminalPicture } from '../play/terminal-picture.js';

interface PlayCommandOptions {
  readonly option?: Readonly<Record<string, string>>;
  readonly seed?: number;
  readonly fps: number;
  readonly random?: boolean;
  readonly seat?: string;
  readonly hotSeat?: boolean;
  readonly wait?: boolean;
  readonly steps?: number;
  readonly url?: string;
}

/** Hands key presses of the terminal to `controls` until the function it gives is called. */
function readKeys(controls: Controls): () => void {
  const { stdin } = process;
  const onKey = (text: string | undefined, { name, ctrl }: Key): void =>
    controls.press(ctrl && name === 'c' ? 'q' : (name ?? text ?? ''));
  emitKeypressEvents(stdin);
  stdin.setRawMode(true).resume().on('keypress', onKey);
  return () => {
    stdin.off('keypress', onKey).setRawMode(false).pause();
  };
}

export function playCommand(): Command {
  return new Command('play')
    .description('Play an env or a world in the terminal, or watch it played at random.')
    .argument('<env>', 'see farstep envs')
    .option('--option <name=value>', 'an option of the env (repeatable)', assignment)
    .option('--seed <number>', 'of the env', integer(0))
    .option('--fps <number>', 'steps a second', above(0), 10)
    .option('--wait', 'a step with each key and none without, as always in games of turns')
    .option('--seat <name>', 'in a world: the seat to play, else the first; the others move at random')
    .addOption(new Option('--hot-seat', 'in a world: play all seats').conflicts('seat'))
    .option('--random', 'move at random')
    .option('--steps <number>', 'end after so many', integer(1))
    .option('--url <ws-url>', 'the server to play on; without it, one is started')
    .action(async (id: string, options: PlayCommandOptions) => {
      const { stdin, stdout } = process;
      if (!stdout.isTTY) throw new Error('play needs a terminal; farstep eval --record makes a picture file');
      const server = await openServer(options.url ?? null);
      let release = (): void => {};
      try {
        const { seed } = options;
        const game = await openGame(server.client, id, { options: optionValues(options.option), seed });
        const { seats, actionSpace } = game;
        const { seat = seats[0]! } = options;
        if (!seats.includes(seat)) throw new Error(`${id} has no seat ${seat}; it has ${seats.join(', ')}`);
        const canPlay = stdin.isTTY && !options.random && Controls.canPlay(actionSpace);
        const own = canPlay ? (options.hotSeat ? seats : [seat]) : [];
        const controls = stdin.isTTY ? new Controls(actionSpace, own.length) : undefined;
        if (controls) release = readKeys(controls);
        stdout.write('\x1b[2J');
        await play(game, {
          controls,
          own,
          waits: options.wait === true || game.turns,
          fps: options.fps,
          steps: options.steps ?? Infinity,
          random: new Random(seed ?? 0, 'play'),
          draw(picture, text) {
            const { columns, rows } = stdout;
            const lines = [text, controls?.help ?? 'ctrl-c: quit'];
            const below = lines.map((line) => line.slice(0, columns)).join('\n');
            stdout.write(`\x1b[H${terminalPicture(picture, columns, rows - 3)}\x1b[J\n${below}`);
          },
          sleep,
        });
      } finally {
        release();
        stdout.write('\n');
        await server.close();
      }
    });
}
