import type { Box, Space, View } from '../../protocol/spaces/index.js';
import type { Rng } from '../rng/rng.js';
import type { Palette } from './palette.js';
import type { Screen } from './screen.js';

/**
 * A game as a console plays it: a joystick that stays where it is held, and 60 frames a second. What an agent sees of it,
 * and how many frames one of its steps takes, is `AtariFrame`'s business.
 *
 * A game counts in whole numbers and draws its chances from the generator of the last `start`, so that it is the same on
 * every machine. It allocates nothing while it is played.
 *
 * @typeParam A - an action, as in `Env`
 */
export interface PixelGame<A = View> {
  readonly screen: Screen;
  readonly palette: Palette;
  readonly actionSpace: Space;
  /** What `observe` writes. */
  readonly stateSpace: Box;
  /** Lives left; 0 throughout if the game has none. */
  readonly lives: number;
  readonly isOver: boolean;

  /** Begins a game, with the joystick at rest. */
  start(rng: Rng): void;
  /** Moves the joystick to where the action has it, for all frames to come. */
  hold(action: A): void;
  /** Plays a frame and returns its reward. */
  playFrame(): number;
  /** Brings the screen up to date. */
  draw(): void;
  /** Writes the state of the game as a few numbers between -1 and 1. */
  observe(out: Float32Array): void;

  /** Everything that the next frames depend on, apart from the generator, as plain values. */
  save(): unknown;
  /** Takes back what `save` gave. Throws `bad_snapshot` if it is nothing that it can have given, and changes nothing. */
  load(saved: unknown): void;
}
