/**
 * Pictures as observations, for any env that can draw itself.
 *
 * | `obs_type` | observation is a Dict (goal-conditioned) | observation is a Box |
 * |-|-|-|
 * | `state` | as it is | as it is |
 * | `image` | the picture in place of `observation` | the picture |
 * | `both` | with the picture as `image` | Dict of `observation` and `image` |
 *
 * A picture is uint8, 84 by 84, RGB, or gray with `grayscale`. With `image_goal` there is also `goal_image`, a
 * picture of the goal achieved, and the goal is then not marked in the other one.
 */
import { Box, Dict, type Space, type View } from '../../protocol/spaces/index.js';
import type { Env, Image, OptionSpec, Options } from '../env.js';
import type { Color } from '../raster.js';
import type { Rng } from '../rng/rng.js';
import { type Frame, Painter } from './painter.js';

/** What to draw: the state, the state with a mark where the goal is, or a state in which the goal is achieved. */
export type Motif = 'state' | 'marked' | 'goal';

/** What can be drawn. */
export interface Drawable {
  readonly frame: Frame;
  readonly background: Color;
  draw(painter: Painter, motif: Motif): void;
}

/** What somebody sees: a state in numbers, which `observe` writes, and what can be drawn. */
export interface Sight extends Drawable {
  readonly observationSpace: Space;
  observe(out: View): void;
}

/** An env that can be drawn. */
export interface Scene extends Env<Float32Array>, Sight {
  render(): Image;
}

/** Pixels along a side of an observed picture. */
const SIZE = 84;
/** Pixels along the longer side of a picture for people. */
const RENDER_SIZE = 480;

export const pictureOptions: Readonly<Record<string, OptionSpec>> = {
  obs_type: {
    type: 'string',
    default: 'state',
    choices: ['state', 'image', 'both'],
    description: 'Observe the state, a picture of 84 by 84 pixels, or both.',
  },
  grayscale: { type: 'boolean', default: false, description: 'Pictures in gray in place of RGB.' },
};

export const goalPictureOptions: Readonly<Record<string, OptionSpec>> = {
  ...pictureOptions,
  image_goal: {
    type: 'boolean',
    default: false,
    description: 'Observe a picture of the goal achieved, as goal_image.',
  },
};

const isPlain = (options: Options): boolean => options.obs_type === 'state' && options.image_goal !== true;

/** A sight as the options want it observed. */
export const sightWithPictures = (
  sight: Sight,
  options: Options,
): Pick<Sight, 'observationSpace' | 'observe'> =>
  isPlain(options) ? sight : new PictureSight(sight, options);

/** A scene as the options want it observed. */
export const withPictures = (scene: Scene, options: Options): Env<Float32Array> =>
  isPlain(options) ? scene : new Pictures(scene, options);

/** The picture of a scene that `Env.render` and `World.render` give. */
export function renderScene(scene: Drawable): Image {
  const { width, height } = scene.frame;
  const scale = RENDER_SIZE / Math.max(width, height);
  const painter = new Painter([Math.round(height * scale), Math.round(width * scale), 3], scene.frame);
  const data = new Uint8Array(painter.width * painter.height * 3);
  painter.begin(data, scene.background);
  scene.draw(painter, 'marked');
  return { width: painter.width, height: painter.height, data };
}

type Views = Record<string, View>;

class PictureSight {
  readonly observationSpace: Space;
  readonly #sight: Sight;
  readonly #painter: Painter;
  readonly #motif: Motif;
  readonly #goalPicture: Uint8Array | undefined;
  /** Where the sight writes its state while nobody wants to see that. */
  readonly #unseen: Float32Array | undefined;
  /** What the sight gets to write its observation into, if that is a Dict. */
  readonly #views: Views = {};
  /** The keys of a Dict that it observes. */
  readonly #keys: readonly string[] | undefined;

  constructor(sight: Sight, { obs_type: type, grayscale, image_goal: imageGoal }: Options) {
    this.#sight = sight;
    const channels = grayscale ? 1 : 3;
    this.#painter = new Painter([SIZE, SIZE, channels], sight.frame);
    this.#motif = imageGoal ? 'state' : 'marked';
    const picture = new Box(0, 255, [SIZE, SIZE, channels], 'uint8');
    if (imageGoal) this.#goalPicture = new Uint8Array(picture.size);

    const inner = sight.observationSpace;
    const spaces = inner instanceof Dict ? inner.spaces : { observation: inner };
    if (inner instanceof Dict) this.#keys = Object.keys(spaces);
    if (type === 'image') this.#unseen = new Float32Array((spaces.observation as Box).size);
    this.observationSpace =
      type === 'image' && !(inner instanceof Dict)
        ? picture
        : new Dict({
            ...spaces,
            ...(type === 'image' && { observation: picture }),
            ...(type === 'both' && { image: picture }),
            ...(imageGoal && { goal_image: picture }),
          });
  }

  observe(view: View): void {
    if (this.observationSpace instanceof Box) {
      this.#draw(view as Uint8Array, this.#motif);
      return;
    }
    const out = view as Readonly<Views>;
    const state = this.#unseen ?? out.observation!;
    if (this.#keys === undefined) {
      this.#sight.observe(state);
    } else {
      for (const key of this.#keys) this.#views[key] = out[key]!;
      this.#views.observation = state;
      this.#sight.observe(this.#views);
    }
    const picture = this.#unseen === undefined ? out.image : out.observation;
    if (picture !== undefined) this.#draw(picture as Uint8Array, this.#motif);
    if (this.#goalPicture !== undefined) (out.goal_image as Uint8Array).set(this.#goalPicture);
  }

  /** The goal stays for an episode, and so does its picture. */
  drawGoal(): void {
    if (this.#goalPicture !== undefined) this.#draw(this.#goalPicture, 'goal');
  }

  #draw(out: Uint8Array, motif: Motif): void {
    this.#painter.begin(out, this.#sight.background);
    this.#sight.draw(this.#painter, motif);
  }
}

/** A scene whose observation has pictures. */
class Pictures implements Env<Float32Array> {
  readonly observationSpace: Space;
  readonly actionSpace: Space;
  readonly infoSpaces: Readonly<Record<string, Space>>;
  readonly #scene: Scene;
  readonly #sight: PictureSight;

  constructor(scene: Scene, options: Options) {
    this.#scene = scene;
    this.#sight = new PictureSight(scene, options);
    this.observationSpace = this.#sight.observationSpace;
    this.actionSpace = scene.actionSpace;
    this.infoSpaces = scene.infoSpaces ?? {};
  }

  get reward(): number {
    return this.#scene.reward;
  }

  get terminated(): boolean {
    return this.#scene.terminated;
  }

  reset(rng: Rng, options?: Readonly<Record<string, unknown>>): void {
    this.#scene.reset(rng, options);
    this.#sight.drawGoal();
  }

  step(action: Float32Array): void {
    this.#scene.step(action);
  }

  observe(view: View): void {
    this.#sight.observe(view);
  }

  writeInfo(out: Readonly<Record<string, View>>): void {
    this.#scene.writeInfo?.(out);
  }

  snapshot(): unknown {
    return this.#scene.snapshot();
  }

  restore(snapshot: unknown): void {
    this.#scene.restore(snapshot);
    this.#sight.drawGoal();
  }

  render(): Image {
    return this.#scene.render();
  }
}
