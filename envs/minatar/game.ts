import { Box, Discrete } from '../../protocol/spaces/index.js';
import type { Env, EnvDefinition, Image } from '../env.js';
import { BLACK, Canvas, type Color } from '../raster.js';
import type { Rng } from '../rng/rng.js';
import { StickyActions } from '../wrappers/sticky-actions.js';

/** The six actions of every MinAtar game, by the numbers that the original gives them. */
export const Action = { noop: 0, left: 1, up: 2, right: 3, down: 4, fire: 5 } as const;
export type Action = (typeof Action)[keyof typeof Action];

/** Cells along a side of the screen. */
export const SIZE = 10;

/**
 * What the five games of MinAtar share: a screen of 10 by 10 cells, a bool channel for each kind of object, and a set of
 * actions. A game is drawn afresh into every observation.
 *
 * Source: Young and Tian, MinAtar: An Atari-Inspired Testbed for Thorough and Reproducible Reinforcement Learning
 * Experiments (2019); package MinAtar 1.0.15.
 */
export abstract class MinAtarGame implements Env<number> {
  readonly observationSpace: Box;
  readonly actionSpace: Discrete;
  reward = 0;
  terminated = false;

  readonly #actions: readonly Action[];
  readonly #palette: readonly Color[];

  /** `actions` are those an agent may choose from, in the order of their numbers. */
  constructor(
    readonly channels: number,
    actions: readonly Action[],
  ) {
    this.observationSpace = new Box(0, 1, [SIZE, SIZE, channels], 'bool');
    this.actionSpace = new Discrete(actions.length);
    this.#actions = actions;
    this.#palette = [BLACK, ...cubehelix(channels)];
  }

  /** Sets up a new game. */
  protected abstract start(rng: Rng): void;
  /** Plays one frame: returns its reward and sets `terminated` when the game is over. */
  protected abstract act(action: Action): number;
  /** Marks every object in `out` (bool [10, 10, channels], all zero). */
  protected abstract draw(out: Uint8Array): void;
  /** The state of the game as plain values, and back. `load` throws before it changes anything. */
  protected abstract save(): unknown;
  protected abstract load(snapshot: unknown): void;

  reset(rng: Rng): void {
    this.start(rng);
    this.reward = 0;
    this.terminated = false;
  }

  step(action: number): void {
    this.reward = this.act(this.#actions[action]!);
  }

  observe(out: Uint8Array): void {
    out.fill(0);
    this.draw(out);
  }

  snapshot(): unknown {
    return this.save();
  }

  restore(snapshot: unknown): void {
    this.load(snapshot);
    this.reward = 0;
    this.terminated = false;
  }

  /** Each cell in the colour of the last of its channels, as the original shows it. */
  render(): Image {
    const cell = 16;
    const state = new Uint8Array(SIZE * SIZE * this.channels);
    this.draw(state);
    const canvas = new Canvas(SIZE * cell, SIZE * cell, BLACK);
    for (let i = 0; i < SIZE * SIZE; i++) {
      const objects = state.subarray(i * this.channels, (i + 1) * this.channels);
      const color = this.#palette[objects.lastIndexOf(1) + 1]!;
      canvas.rect((i % SIZE) * cell, Math.floor(i / SIZE) * cell, cell, cell, color);
    }
    return canvas;
  }
}

/**
 * `count` colours evenly along the cubehelix scheme without its ends, as seaborn's `color_palette('cubehelix', count)`
 * takes them from matplotlib's table of 256 (Green, A colour scheme for the display of astronomical intensity images,
 * 2011).
 */
function cubehelix(count: number): Color[] {
  return Array.from({ length: count }, (_, i) => {
    const x = Math.floor(((i + 1) / (count + 1)) * 256) / 255;
    const amplitude = (x * (1 - x)) / 2;
    const angle = 2 * Math.PI * (0.5 / 3 - 1.5 * x);
    const channel = (cos: number, sin: number) =>
      Math.round(
        255 * Math.min(Math.max(x + amplitude * (cos * Math.cos(angle) + sin * Math.sin(angle)), 0), 1),
      );
    return [channel(-0.14861, 1.78277), channel(-0.29227, -0.90649), channel(1.97294, 0)];
  });
}

export interface MinAtarRules {
  /** The game's name in its ids: `MinAtar/<name>-v0` and `-v1`. */
  readonly name: string;
  readonly description: string;
  readonly rewardRange: readonly [number, number];
  /** The actions that do something in this game. */
  readonly minimalActions: readonly Action[];
  /** Whether the game has levels of difficulty. */
  readonly ramps: boolean;
  create(actions: readonly Action[], difficultyRamping: boolean): MinAtarGame;
}

/** The two envs of a game, as MinAtar registers them: v0 with all six actions, v1 with those that do something. */
export const minAtarEnvs = (rules: MinAtarRules): EnvDefinition[] => [
  define(rules, 'v0', Object.values(Action)),
  define(rules, 'v1', rules.minimalActions),
];

const define = (rules: MinAtarRules, version: string, actions: readonly Action[]): EnvDefinition => ({
  spec: {
    id: `MinAtar/${rules.name}-${version}`,
    description: rules.description,
    source: 'MinAtar 1.0.15; Young and Tian 2019',
    players: 1,
    rewardRange: rules.rewardRange,
    renderModes: ['rgb_array'],
    options: {
      sticky_action_prob: {
        type: 'number',
        default: 0.1,
        min: 0,
        max: 1,
        description: 'Probability with which the action before is taken in place of the one given.',
      },
      difficulty_ramping: {
        type: 'boolean',
        default: true,
        description: rules.ramps
          ? 'Whether the game becomes harder as it goes on.'
          : 'Without effect: the game stays equally hard.',
      },
    },
  },
  rng: 'mt19937',
  create: (options) =>
    new StickyActions(
      rules.create(actions, options.difficulty_ramping as boolean),
      options.sticky_action_prob as number,
    ),
});
