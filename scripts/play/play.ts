import type { SampleSource, Value } from '../../protocol/spaces/index.js';
import type { Image } from '../../protocol/spec.js';
import type { Controls } from './controls.js';
import type { Game } from './game.js';

export interface PlayOptions {
  /** Undefined where there are no keys. */
  readonly controls: Controls | undefined;
  /** The seats that they play; the others move at random. */
  readonly own: readonly string[];
  /** Whether the game waits until an action is chosen. */
  readonly waits: boolean;
  readonly fps: number;
  /** End after so many. */
  readonly steps: number;
  readonly random: SampleSource;
  /** Shows a picture and what is to be said of it. */
  readonly draw: (picture: Image, text: string) => void;
  readonly sleep: (ms: number) => Promise<unknown>;
}

/** How long the end of a game stays, milliseconds. */
const END_MS = 1500;

/** Plays one game after the other until the keys say that it is enough, or there were so many steps. */
export async function play(game: Game, options: PlayOptions): Promise<void> {
  const { controls, own, waits, fps, random, draw, sleep } = options;
  let step = 0;

  const isAlone = game.seats.length === 1;
  const tell = (seat: string): string => {
    const name = own.length === 1 && own[0] === seat ? `you (${seat})` : seat;
    return `${isAlone ? 'return' : name} ${Number(game.returns[seat]!.toPrecision(6))}`;
  };
  const show = async (remark = ''): Promise<void> => {
    const keys = controls && own.length > 1 && !game.turns ? `keys: ${own[controls.seat]}` : '';
    const parts = [game.id, `step ${step}`, ...game.seats.map(tell), keys, remark];
    draw(await game.render(), parts.filter(Boolean).join('  '));
  };
  /** The seats of the keys that move next. */
  const mine = () => game.movers.filter((seat) => own.includes(seat));

  while (step < options.steps && !controls?.quit) {
    const presses = controls?.presses ?? 0;
    if (game.movers.length === 0 || controls?.reset) {
      await game.begin();
      if (controls) controls.reset = false;
      await show();
    }
    // In a game of turns the keys are those of whoever moves.
    const [mover] = mine();
    if (controls && mover !== undefined && game.turns) controls.seat = own.indexOf(mover);

    if (controls) {
      const { paused, single } = controls;
      const awaits = waits && mover !== undefined && !controls.chosen;
      if ((paused && !single) || awaits) {
        await show(paused ? 'paused' : isAlone ? 'your move' : `${own[controls.seat]}: your move`);
        await controls.pressed(presses);
        continue;
      }
      controls.single = controls.chosen = false;
    }

    const actions: Record<string, Value> = {};
    for (const seat of game.movers) {
      const mask = game.mask(seat);
      const isMine = mine().includes(seat);
      actions[seat] = isMine ? controls!.action(own.indexOf(seat)) : game.actionSpace.sample(random, mask);
    }
    const forbidden = game.movers.find((seat) => game.mask(seat)?.[actions[seat] as number] === 0);
    if (forbidden !== undefined) {
      await show('that is not allowed now');
      await controls!.pressed(presses);
      continue;
    }
    await game.step(actions);
    step++;
    const isOver = game.movers.length === 0;
    await show(isOver ? 'the game is over' : '');
    await sleep(isOver ? END_MS : 1000 / fps);
  }
}
