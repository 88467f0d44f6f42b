/**
 * A duel for two agents, as PettingZoo's Atari games are: both see the same screen, and both move in every step.
 *
 * - Seats `first_0` and `second_0`. What one wins the other loses.
 * - Options are those of the pixel envs, and mean the same. The coin of `repeat_action_probability` is tossed once a
 *   frame, for both joysticks. With `obs_type: 'state'` each seat sees the game from its own side.
 * - The default action is 0, NOOP.
 */
import { type Box, Discrete, type Space, type View } from '../../protocol/spaces/index.js';
import type { Image } from '../env.js';
import type { Rng } from '../rng/rng.js';
import { stateIntegers } from '../snapshot.js';
import type { World, WorldDefinition } from '../world.js';
import { AtariFrame, type FrameSettings } from './atari-frame.js';
import { FRAME_OPTIONS, frameSettings, MAX_STEPS } from './define.js';
import type { Duel } from './duel.js';
import type { PixelGame } from './game.js';
import type { Palette } from './palette.js';
import { readMap } from './saved.js';
import type { Screen } from './screen.js';

/** An action of each of two players. */
type Pair = readonly number[];

/** A duel as a game of one who has both joysticks. */
class BothJoysticks implements PixelGame<Pair> {
  readonly screen: Screen;
  readonly palette: Palette;
  /** Of each of the two. */
  readonly actionSpace: Discrete;
  readonly stateSpace: Box;
  readonly lives = 0;
  /** Whose view `observe` writes. */
  viewer: 0 | 1 = 0;

  readonly #duel: Duel;
  readonly #joysticks: readonly number[];
  readonly #held = [0, 0];

  constructor(duel: Duel, joysticks: readonly number[]) {
    this.screen = duel.screen;
    this.palette = duel.palette;
    this.stateSpace = duel.stateSpace;
    this.actionSpace = new Discrete(joysticks.length);
    this.#duel = duel;
    this.#joysticks = joysticks;
  }

  get isOver(): boolean {
    return this.#duel.isOver;
  }

  start(rng: Rng): void {
    this.#held.fill(0);
    this.#duel.start(rng);
  }

  hold(actions: Pair): void {
    this.#held[0] = actions[0]!;
    this.#held[1] = actions[1]!;
  }

  playFrame(): number {
    return this.#duel.playFrame(this.#joysticks[this.#held[0]!]!, this.#joysticks[this.#held[1]!]!);
  }

  draw(): void {
    this.#duel.draw();
  }

  observe(out: Float32Array): void {
    this.#duel.observe(out, this.viewer);
  }

  save(): unknown {
    return { held: [...this.#held], duel: this.#duel.save() };
  }

  load(saved: unknown): void {
    const map = readMap(saved);
    const held = stateIntegers(map.held, 2, 0, this.#joysticks.length - 1);
    this.#duel.load(map.duel);
    this.hold(held);
  }
}

class DuelWorld implements World<number> {
  readonly observationSpace: Box;
  readonly actionSpace: Space;
  readonly infoSpaces: Readonly<Record<string, Space>>;
  readonly rewardRange?: readonly [number, number];
  readonly turn = 0;
  readonly rewards = new Float64Array(2);
  readonly terminated = new Uint8Array(2);
  readonly #game: BothJoysticks;
  readonly #frame: AtariFrame<Pair>;

  constructor(game: BothJoysticks, settings: FrameSettings) {
    this.#game = game;
    this.#frame = new AtariFrame(game, game.lives, settings);
    this.observationSpace = this.#frame.observationSpace;
    this.actionSpace = game.actionSpace;
    this.infoSpaces = this.#frame.infoSpaces;
    if (this.#frame.rewardRange) this.rewardRange = this.#frame.rewardRange;
  }

  reset(rng: Rng): void {
    this.#frame.reset(rng);
    this.#judge();
  }

  step(actions: Pair): void {
    this.#frame.step(actions);
    this.#judge();
  }

  #judge(): void {
    const { reward, terminated } = this.#frame;
    this.rewards[0] = reward;
    this.rewards[1] = 0 - reward; // not -reward, which makes a negative zero
    this.terminated.fill(terminated ? 1 : 0);
  }

  defaultAction(): number {
    return 0;
  }

  observe(seat: number, out: View): void {
    this.#game.viewer = seat === 0 ? 0 : 1;
    this.#frame.observe(out as Uint8Array);
  }

  writeInfo(_seat: number, out: Readonly<Record<string, View>>): void {
    this.#frame.writeInfo(out as Record<string, Int32Array>);
  }

  snapshot(): unknown {
    return this.#frame.snapshot();
  }

  restore(snapshot: unknown): void {
    this.#frame.restore(snapshot);
    this.rewards.fill(0);
    this.terminated.fill(this.#game.isOver ? 1 : 0);
  }

  render(): Image {
    return this.#frame.render();
  }
}

export interface DuelRules {
  /** The game's name in its id: `Pixel/<name>Duel-v1`. */
  readonly name: string;
  readonly description: string;
  readonly source: string;
  readonly rewardRange: readonly [number, number];
  /** What each action holds, the first of them at rest. */
  readonly joysticks: readonly number[];
  create(): Duel;
}

export const duelWorld = (rules: DuelRules): WorldDefinition => ({
  spec: {
    id: `Pixel/${rules.name}Duel-v1`,
    description: rules.description,
    source: rules.source,
    players: 2,
    maxEpisodeSteps: MAX_STEPS,
    rewardRange: rules.rewardRange,
    renderModes: ['rgb_array'],
    options: FRAME_OPTIONS,
  },
  seats: ['first_0', 'second_0'],
  turns: false,
  defaultAction: '0, NOOP',
  rng: 'pcg64',
  create: (options) =>
    new DuelWorld(new BothJoysticks(rules.create(), rules.joysticks), frameSettings(options)),
});
