import { Box, Discrete, type Space, type View } from '../../protocol/spaces/index.js';
import type { Env, Image } from '../env.js';
import type { Rng } from '../rng/rng.js';
import { Camera, photograph } from './camera.js';
import type { PixelGame } from './game.js';
import { MAX_COLORS } from './palette.js';
import { readMap, readNumbers, readRuns, saveRuns } from './saved.js';
import { HEIGHT, WIDTH } from './size.js';

/** What an agent sees of a game and how it acts on it, in words of ALE and gymnasium.wrappers.AtariPreprocessing. */
export interface FrameSettings {
  /** The screen in colours or in gray, or the game's few numbers. */
  readonly obsType: 'rgb' | 'grayscale' | 'state';
  /** Width and height that the screen shrinks to; null for 160 by 210. */
  readonly screenSize: number | null;
  /** Whether the picture is the brighter of the last two frames, where a step has two. */
  readonly maxPool: boolean;
  /** Frames a step. */
  readonly frameSkip: number;
  /** An episode begins with 1 to this many frames at rest; 0 for none. */
  readonly noopMax: number;
  /** Probability, in every frame, that the joystick stays where it was. */
  readonly repeatActionProbability: number;
  readonly terminalOnLifeLoss: boolean;
  /** Whether a step's reward is its sign. */
  readonly clipReward: boolean;
  /** Whether pictures are float32 from 0 to 1. */
  readonly scaleObs: boolean;
}

const MAX_FRAMES = 2 ** 31 - 1;

/**
 * An env of a game: a step holds the joystick for some frames, sums their rewards up and takes a picture of the end.
 *
 * - The joystick is as sticky as ALE's (Machado et al., Revisiting the Arcade Learning Environment, 2018): the coin is
 *   tossed in every frame, and an episode begins with it at rest.
 * - A reset always begins a new game, also where `terminalOnLifeLoss` ended the episode before, as AtariPreprocessing has
 *   it.
 * - An episode that ends amid a step shows its very last frame; AtariPreprocessing shows the last ones of the step before.
 */
export class AtariFrame<A = View> implements Env<A> {
  readonly observationSpace: Box;
  readonly actionSpace: Space;
  readonly infoSpaces: Readonly<Record<string, Space>>;
  readonly rewardRange?: readonly [number, number];
  reward = 0;
  terminated = false;

  readonly #game: PixelGame<A>;
  readonly #settings: FrameSettings;
  /** None if the agent sees numbers. */
  readonly #camera: Camera | undefined;
  #rng: Rng | undefined;
  /** Frames since the reset. */
  #frames = 0;

  /** `maxLives` are those of a new game. */
  constructor(game: PixelGame<A>, maxLives: number, settings: FrameSettings) {
    this.#game = game;
    this.#settings = settings;
    const { obsType, screenSize, scaleObs } = settings;
    if (obsType === 'state') {
      this.observationSpace = game.stateSpace;
    } else {
      const channels = obsType === 'rgb' ? game.palette.rgb : [game.palette.gray];
      const maxPool = settings.maxPool && settings.frameSkip > 1;
      this.#camera = new Camera(game.screen, { channels, size: screenSize, maxPool });
      this.observationSpace = scaleObs
        ? new Box(0, 1, this.#camera.shape, 'float32')
        : new Box(0, 255, this.#camera.shape, 'uint8');
    }
    this.actionSpace = game.actionSpace;
    if (settings.clipReward) this.rewardRange = [-1, 1];
    this.infoSpaces = {
      lives: new Discrete(maxLives + 1),
      episode_frame_number: new Box(0, MAX_FRAMES, [], 'int32'),
    };
  }

  reset(rng: Rng): void {
    const game = this.#game;
    const { noopMax } = this.#settings;
    this.#rng = rng;
    this.#frames = 0;
    game.start(rng);
    const noops = noopMax > 0 ? rng.integers(1, noopMax + 1) : 0;
    for (let i = 0; i < noops; i++) {
      game.playFrame();
      this.#frames++;
      if (game.isOver) {
        game.start(rng);
        this.#frames = 0;
      }
    }
    this.reward = 0;
    this.terminated = false;
    this.#rememberFrame();
    this.#shoot();
  }

  step(action: A): void {
    const game = this.#game;
    const { frameSkip, repeatActionProbability, terminalOnLifeLoss, clipReward } = this.#settings;
    const { lives } = game;
    let reward = 0;
    let terminated = false;
    for (let frame = 1; frame <= frameSkip && !terminated; frame++) {
      if (this.#rng!.random() >= repeatActionProbability) game.hold(action);
      reward += game.playFrame();
      this.#frames++;
      terminated = game.isOver || (terminalOnLifeLoss && game.lives < lives);
      if (frame === frameSkip - 1 || terminated) this.#rememberFrame();
    }
    this.reward = clipReward ? Math.sign(reward) : reward;
    this.terminated = terminated;
    this.#shoot();
  }

  observe(out: Float32Array | Uint8Array): void {
    if (this.#camera === undefined) {
      this.#game.observe(out as Float32Array);
      return;
    }
    const { picture } = this.#camera;
    if (this.#settings.scaleObs) for (let i = 0; i < picture.length; i++) out[i] = picture[i]! / 255;
    else out.set(picture);
  }

  writeInfo({ lives, episode_frame_number: frames }: Record<string, Int32Array>): void {
    lives![0] = this.#game.lives;
    frames![0] = this.#frames;
  }

  snapshot(): unknown {
    const before = this.#camera?.before;
    return { game: this.#game.save(), frames: this.#frames, before: before ? saveRuns(before) : null };
  }

  restore(snapshot: unknown): void {
    const map = readMap(snapshot);
    const { frames } = readNumbers(map, { frames: [0, MAX_FRAMES] });
    const pools = this.#camera?.before !== undefined;
    const before = pools ? readRuns(map.before, WIDTH * HEIGHT, MAX_COLORS) : undefined;
    this.#game.load(map.game);
    this.#frames = frames;
    this.reward = 0;
    this.terminated = false;
    if (this.#camera === undefined) return;
    this.#game.draw();
    this.#camera.retake(before);
  }

  render(): Image {
    this.#game.draw();
    return photograph(this.#game.screen, this.#game.palette);
  }

  /** The frame at hand becomes the one before the last. */
  #rememberFrame(): void {
    if (this.#camera?.before === undefined) return;
    this.#game.draw();
    this.#camera.remember();
  }

  #shoot(): void {
    if (this.#camera === undefined) return;
    this.#game.draw();
    this.#camera.shoot();
  }
}
