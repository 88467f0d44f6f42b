import { type Box, Discrete } from '../../protocol/spaces/index.js';
import type { OptionSpec } from '../env.js';
import type { Rng } from '../rng/rng.js';
import type { PixelGame } from './game.js';
import type { Palette } from './palette.js';
import { type Limits, type Numbers, readMap, readNumbers } from './saved.js';
import type { Screen } from './screen.js';

/** A game of two players, each with a joystick, where one wins what the other loses. */
export interface Duel {
  readonly screen: Screen;
  readonly palette: Palette;
  /** What `observe` writes. */
  readonly stateSpace: Box;
  readonly isOver: boolean;

  start(rng: Rng): void;
  /** Plays a frame and returns the first player's reward; the second's is its negative. */
  playFrame(first: number, second: number): number;
  draw(): void;
  /** Writes the state of the game as a player sees it: the first (0) or the second (1). */
  observe(out: Float32Array, player: 0 | 1): void;
  save(): unknown;
  load(saved: unknown): void;
}

/** A scripted second player, which looks at the game as it is. */
export interface Opponent {
  /** What it keeps in mind from one frame to the next, and within which limits. */
  readonly mind: Numbers<string>;
  readonly limits: Limits<string>;

  start(rng: Rng): void;
  /** Where it holds its joystick for the next frame. */
  choose(): number;
}

/** How strong a scripted player is. */
export type Strength = 'easy' | 'medium' | 'hard';

export const OPPONENT_OPTION: OptionSpec = {
  type: 'string',
  default: 'medium',
  choices: ['easy', 'medium', 'hard'],
  description: 'How strong the scripted opponent is.',
};

/** A duel as a game for one: the second player follows a script. */
export class AgainstScript implements PixelGame<number> {
  readonly screen: Screen;
  readonly palette: Palette;
  readonly actionSpace: Discrete;
  readonly stateSpace: Box;
  readonly lives = 0;

  readonly #duel: Duel;
  readonly #opponent: Opponent;
  readonly #actions: readonly number[];
  #action = 0;

  /** `actions` are the joysticks that an agent may choose from, the first of them at rest. */
  constructor(duel: Duel, opponent: Opponent, actions: readonly number[]) {
    this.screen = duel.screen;
    this.palette = duel.palette;
    this.stateSpace = duel.stateSpace;
    this.actionSpace = new Discrete(actions.length);
    this.#duel = duel;
    this.#opponent = opponent;
    this.#actions = actions;
  }

  get isOver(): boolean {
    return this.#duel.isOver;
  }

  start(rng: Rng): void {
    this.#action = 0;
    this.#duel.start(rng);
    this.#opponent.start(rng);
  }

  hold(action: number): void {
    this.#action = action;
  }

  playFrame(): number {
    return this.#duel.playFrame(this.#actions[this.#action]!, this.#opponent.choose());
  }

  draw(): void {
    this.#duel.draw();
  }

  observe(out: Float32Array): void {
    this.#duel.observe(out, 0);
  }

  save(): unknown {
    return { action: this.#action, opponent: { ...this.#opponent.mind }, duel: this.#duel.save() };
  }

  load(saved: unknown): void {
    const map = readMap(saved);
    const { action } = readNumbers(map, { action: [0, this.#actions.length - 1] });
    const mind = readNumbers(map.opponent, this.#opponent.limits);
    this.#duel.load(map.duel);
    Object.assign(this.#opponent.mind, mind);
    this.#action = action;
  }
}
