/**
 * Physics/Sumo-v1: push the opponent out of the ring, and stay in it.
 *
 * - Observation: own position and velocity, then the opponent's. Actions: thrust along x and y, at most 1 in length.
 * - Both are discs of the same mass, with momentum and a little bounce, in a ring without a wall.
 * - The opponent is scripted (sumo-opponent.ts), with `opponent_strength` of the player's thrust.
 * - Start: opposite each other around the middle, at a random angle.
 * - Reward: 1 for winning, -1 for losing, 0 otherwise. Terminated: somebody's middle is outside the ring; who leaves
 *   in the same engine step as the other has neither won nor lost.
 *
 * Lengths are radii of the ring. Velocities are a second; a step is 0.05 s.
 */
import { Box, type Space, type View } from '../../protocol/spaces/index.js';
import type { Env, Image } from '../env.js';
import type { ExpertEnvDefinition } from '../expert.js';
import type { Rng } from '../rng/rng.js';
import { positionX, positionY } from './body.js';
import { sumoExpert } from './experts/sumo.js';
import type { Painter } from './painter.js';
import { FRAME, HAND, LINE, OBJECT, TABLE } from './palette.js';
import { pictureOptions, renderScene, type Scene, withPictures } from './pictures.js';
import { RING_RADIUS, SUMO_VIEW, SumoMatch, WRESTLER_RADIUS } from './sumo-match.js';
import { sumoOpponent } from './sumo-opponent.js';
import { openBox, TABLE_FRAME } from './table.js';

const PLAYER = 0;
const OPPONENT = 1;

class Sumo implements Env<Float32Array>, Scene {
  readonly observationSpace = openBox(SUMO_VIEW);
  readonly actionSpace = new Box(-1, 1, [2]);
  readonly infoSpaces: Readonly<Record<string, Space>> = { is_success: new Box(0, 1, [], 'bool') };
  readonly frame = TABLE_FRAME;
  readonly background = FRAME;
  reward = 0;
  terminated = false;

  readonly #match = new SumoMatch();
  readonly #strength: number;
  readonly #opponentView = new Float32Array(SUMO_VIEW);
  readonly #opponentAction = new Float32Array(2);

  constructor(strength: number) {
    this.#strength = strength;
  }

  reset(rng: Rng): void {
    this.#match.begin(rng);
    this.reward = 0;
    this.terminated = false;
  }

  step(action: Float32Array): void {
    this.#match.writeView(OPPONENT, this.#opponentView);
    sumoOpponent(this.#opponentView, this.#strength, this.#opponentAction);
    this.#match.step(action, this.#opponentAction);
    this.#judge();
  }

  #judge(): void {
    const lost = this.#match.isOut(PLAYER);
    const won = this.#match.isOut(OPPONENT);
    this.reward = Number(won) - Number(lost);
    this.terminated = won || lost;
  }

  observe(out: View): void {
    this.#match.writeView(PLAYER, out as Float32Array);
  }

  writeInfo(out: Readonly<Record<string, View>>): void {
    (out.is_success as Uint8Array)[0] = this.reward > 0 ? 1 : 0;
  }

  snapshot(): unknown {
    return this.#match.save();
  }

  restore(snapshot: unknown): void {
    this.#match.load(snapshot);
    this.#judge();
  }

  draw(painter: Painter): void {
    drawMatch(painter, this.#match, PLAYER);
  }

  render(): Image {
    return renderScene(this);
  }
}

/** The ring and the two in it as the one in a seat sees them: itself in the colour of the hand. */
export function drawMatch(painter: Painter, { wrestlers }: SumoMatch, seat: 0 | 1): void {
  const self = wrestlers[seat];
  const other = wrestlers[1 - seat]!;
  painter.disc(0, 0, RING_RADIUS, LINE);
  painter.disc(0, 0, RING_RADIUS - 0.04, TABLE);
  painter.disc(positionX(other), positionY(other), WRESTLER_RADIUS, OBJECT);
  painter.disc(positionX(self), positionY(self), WRESTLER_RADIUS, HAND);
}

export const sumo: ExpertEnvDefinition = {
  spec: {
    id: 'Physics/Sumo-v1',
    description: 'Push the opponent out of the ring, and stay in it.',
    source: 'farstep',
    players: 1,
    maxEpisodeSteps: 200,
    rewardRange: [-1, 1],
    rewardThreshold: 0.9,
    renderModes: ['rgb_array'],
    options: {
      opponent_strength: {
        type: 'number',
        default: 0.7,
        min: 0,
        max: 1,
        description: "Thrust of the scripted opponent, as a share of the player's.",
      },
      ...pictureOptions,
    },
  },
  rng: 'pcg64',
  create: (options) => withPictures(new Sumo(options.opponent_strength as number), options),
  expert: sumoExpert,
};
