/**
 * Blackjack-v1: draw cards to come closer to 21 than the dealer, but not above.
 *
 * - Observation: the player's sum, the dealer's open card (1 is an ace), whether the player has a usable ace.
 * - Actions: 0 stick, 1 hit.
 * - Cards come from an endless deck; face cards count 10, and an ace counts 11 where that does not exceed 21 (it is then
 *   usable), else 1. Both start with two cards. When the player sticks, the dealer draws up to a sum of 17.
 * - Reward: 1 for winning, -1 for losing, 0 for a draw. With `sab` (the book's rules) an ace and a ten from the start win
 *   against anything but the same; without it and with `natural`, winning with them pays 1.5.
 * - Terminated: the player sticks, or exceeds 21.
 *
 * Source: Sutton and Barto, Reinforcement Learning (2018), example 5.1, as gymnasium 1.4.0 (toy_text/blackjack.py) has
 * it.
 */
import { Discrete, Tuple } from '../../protocol/spaces/index.js';
import type { Env, EnvDefinition, Image } from '../env.js';
import { Canvas, type Color, WHITE } from '../raster.js';
import type { Rng } from '../rng/rng.js';
import { stateIntegers } from '../snapshot.js';

/** The cards of a suit: ace to ten, and jack, queen and king. */
const DECK_SIZE = 13;
const draw = (rng: Rng): number => Math.min(rng.integers(0, DECK_SIZE) + 1, 10);

const SUITS = ['CLUBS', 'DIAMONDS', 'HEARTS', 'SPADES'] as const;
const FACES = ['J', 'Q', 'K'] as const;

/** What matters of a hand of cards. */
class Hand {
  /** Sum with every ace as 1. */
  hard = 0;
  aces = 0;
  cards = 0;

  clear(): void {
    this.hard = 0;
    this.aces = 0;
    this.cards = 0;
  }

  add(card: number): void {
    this.hard += card;
    if (card === 1) this.aces++;
    this.cards++;
  }

  get hasUsableAce(): boolean {
    return this.aces > 0 && this.hard + 10 <= 21;
  }

  get sum(): number {
    return this.hasUsableAce ? this.hard + 10 : this.hard;
  }

  /** The sum, 0 if it exceeds 21. */
  get score(): number {
    return this.hard > 21 ? 0 : this.sum;
  }

  get isNatural(): boolean {
    return this.cards === 2 && this.aces === 1 && this.hard === 11;
  }
}

class Blackjack implements Env<number> {
  readonly observationSpace = new Tuple([new Discrete(32), new Discrete(11), new Discrete(2)]);
  readonly actionSpace = new Discrete(2);
  reward = 0;
  terminated = false;

  readonly #player = new Hand();
  readonly #dealer = new Hand();
  #openCard = 1;
  /** What the open card looks like; of no consequence, but drawn from the same stream. */
  #suit = 0;
  #face = 0;
  #rng: Rng | undefined;

  constructor(
    readonly natural: boolean,
    readonly sab: boolean,
  ) {}

  reset(rng: Rng): void {
    this.#rng = rng;
    this.#dealer.clear();
    this.#player.clear();
    this.#openCard = draw(rng);
    this.#dealer.add(this.#openCard);
    this.#dealer.add(draw(rng));
    this.#player.add(draw(rng));
    this.#player.add(draw(rng));
    this.#suit = rng.integers(0, SUITS.length);
    if (this.#openCard === 10) this.#face = rng.integers(0, FACES.length);
    this.reward = 0;
    this.terminated = false;
  }

  step(action: number): void {
    const player = this.#player;
    if (action === 1) {
      player.add(draw(this.#rng!));
      this.terminated = player.hard > 21;
      this.reward = this.terminated ? -1 : 0;
      return;
    }
    const dealer = this.#dealer;
    while (dealer.sum < 17) dealer.add(draw(this.#rng!));
    this.terminated = true;
    this.reward = Math.sign(player.score - dealer.score);
    if (this.sab) {
      if (player.isNatural && !dealer.isNatural) this.reward = 1;
    } else if (this.natural && player.isNatural && this.reward === 1) {
      this.reward = 1.5;
    }
  }

  observe([sum, card, ace]: readonly [Int32Array, Int32Array, Int32Array]): void {
    sum[0] = this.#player.sum;
    card[0] = this.#openCard;
    ace[0] = this.#player.hasUsableAce ? 1 : 0;
  }

  snapshot(): number[] {
    const hands = [this.#player, this.#dealer].flatMap(({ hard, aces, cards }) => [hard, aces, cards]);
    return [this.#openCard, this.#suit, this.#face, ...hands];
  }

  restore(snapshot: unknown): void {
    const [openCard, suit, face, ...hands] = stateIntegers(snapshot, 9, 31);
    this.#openCard = openCard!;
    this.#suit = suit!;
    this.#face = face!;
    for (const [i, hand] of [this.#player, this.#dealer].entries()) {
      [hand.hard, hand.aces, hand.cards] = hands.slice(3 * i) as [number, number, number];
    }
  }

  render(): Image {
    const canvas = new Canvas(360, 300, FELT);
    canvas.text('DEALER', 24, 20, WHITE, 4);
    const name =
      this.#openCard === 10 ? FACES[this.#face]! : this.#openCard === 1 ? 'A' : `${this.#openCard}`;
    const isRed = this.#suit === 1 || this.#suit === 2;
    canvas.rect(24, 52, 72, 96, WHITE);
    canvas.text(name, 44, 64, isRed ? RED : DARK, 8);
    canvas.text(SUITS[this.#suit] ?? '', 30, 128, isRed ? RED : DARK, 2);
    canvas.rect(108, 52, 72, 96, WHITE);
    canvas.rect(114, 58, 60, 84, BACK);
    canvas.text('PLAYER', 24, 172, WHITE, 4);
    canvas.text(`${this.#player.sum}`, 24, 208, WHITE, 12);
    if (this.#player.hasUsableAce) canvas.text('USABLE ACE', 150, 240, WHITE, 4);
    return canvas;
  }
}

const FELT: Color = [40, 110, 70];
const RED: Color = [190, 40, 40];
const DARK: Color = [30, 30, 40];
const BACK: Color = [60, 80, 150];

export const blackjack: EnvDefinition = {
  spec: {
    id: 'Blackjack-v1',
    description: 'Draw cards to come closer to 21 than the dealer, but not above.',
    source: 'gymnasium 1.4.0; Sutton and Barto 2018, example 5.1',
    players: 1,
    rewardRange: [-1, 1.5],
    renderModes: ['rgb_array'],
    options: {
      natural: {
        type: 'boolean',
        default: false,
        description: 'Whether winning with an ace and a ten pays 1.5; without effect with sab.',
      },
      sab: { type: 'boolean', default: true, description: "Whether to play by Sutton and Barto's rules." },
    },
  },
  rng: 'pcg64',
  create: (options) => new Blackjack(options.natural as boolean, options.sab as boolean),
};
