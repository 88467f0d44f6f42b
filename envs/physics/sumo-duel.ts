/**
 * Physics/SumoDuel-v1: Physics/Sumo-v1 for two agents.
 *
 * - Seats `wrestler_0` and `wrestler_1`, which both move in every step. Each observes its own position and velocity,
 *   then the other's; actions are thrust along x and y, at most 1 in length. In pictures (`obs_type`) each is itself in
 *   the same colour, so that one who learned in one seat can sit in the other.
 * - Reward: 1 for winning, -1 for losing, 0 otherwise. Both are done when somebody's middle is outside the ring; where
 *   both leave in the same engine step nobody has won.
 * - The default action is no thrust.
 */
import { Box, type Space, type View } from '../../protocol/spaces/index.js';
import type { Image, Options } from '../env.js';
import type { Rng } from '../rng/rng.js';
import type { World, WorldDefinition } from '../world.js';
import type { Painter } from './painter.js';
import { FRAME } from './palette.js';
import { pictureOptions, renderScene, type Sight, sightWithPictures } from './pictures.js';
import { drawMatch } from './sumo.js';
import { SUMO_VIEW, SumoMatch } from './sumo-match.js';
import { openBox, TABLE_FRAME } from './table.js';

/** A match as the one in a seat sees it. */
class Corner implements Sight {
  readonly observationSpace = openBox(SUMO_VIEW);
  readonly frame = TABLE_FRAME;
  readonly background = FRAME;
  readonly #match: SumoMatch;
  readonly #seat: 0 | 1;

  constructor(match: SumoMatch, seat: 0 | 1) {
    this.#match = match;
    this.#seat = seat;
  }

  observe(out: View): void {
    this.#match.writeView(this.#seat, out as Float32Array);
  }

  draw(painter: Painter): void {
    drawMatch(painter, this.#match, this.#seat);
  }
}

class SumoDuel implements World<Float32Array> {
  readonly observationSpace: Space;
  readonly actionSpace = new Box(-1, 1, [2]);
  readonly infoSpaces: Readonly<Record<string, Space>> = { is_success: new Box(0, 1, [], 'bool') };
  readonly turn = 0;
  readonly rewards = new Float64Array(2);
  readonly terminated = new Uint8Array(2);
  readonly #match = new SumoMatch();
  readonly #corners = [new Corner(this.#match, 0), new Corner(this.#match, 1)] as const;
  /** What each seat observes. */
  readonly #sights: readonly Pick<Sight, 'observationSpace' | 'observe'>[];

  constructor(options: Options) {
    this.#sights = this.#corners.map((corner) => sightWithPictures(corner, options));
    this.observationSpace = this.#sights[0]!.observationSpace;
  }

  reset(rng: Rng): void {
    this.#match.begin(rng);
    this.#judge();
  }

  step(actions: readonly Float32Array[]): void {
    this.#match.step(actions[0]!, actions[1]!);
    this.#judge();
  }

  #judge(): void {
    const firstOut = this.#match.isOut(0);
    const secondOut = this.#match.isOut(1);
    this.rewards[0] = Number(secondOut) - Number(firstOut);
    this.rewards[1] = Number(firstOut) - Number(secondOut);
    this.terminated.fill(firstOut || secondOut ? 1 : 0);
  }

  defaultAction(): Float32Array {
    return REST;
  }

  observe(seat: number, out: View): void {
    this.#sights[seat]!.observe(out);
  }

  writeInfo(seat: number, out: Readonly<Record<string, View>>): void {
    (out.is_success as Uint8Array)[0] = this.rewards[seat]! > 0 ? 1 : 0;
  }

  snapshot(): unknown {
    return this.#match.save();
  }

  restore(snapshot: unknown): void {
    this.#match.load(snapshot);
    this.#judge();
  }

  render(): Image {
    return renderScene(this.#corners[0]);
  }
}

const REST = new Float32Array(2);

export const sumoDuel: WorldDefinition = {
  spec: {
    id: 'Physics/SumoDuel-v1',
    description: 'Two wrestlers push each other out of a ring.',
    source: 'farstep',
    players: 2,
    maxEpisodeSteps: 200,
    rewardRange: [-1, 1],
    renderModes: ['rgb_array'],
    options: pictureOptions,
  },
  seats: ['wrestler_0', 'wrestler_1'],
  turns: false,
  defaultAction: 'no thrust',
  rng: 'pcg64',
  create: (options) => new SumoDuel(options),
};
