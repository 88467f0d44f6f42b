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
import { invalidSnapshot, stateIntegers } from '../snapshot.js';

/** What the cards of a suit count, an ace as 1: ace to ten, and jack, queen and king. */
const VALUES = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10, 10, 10] as const;
const CARDS = VALUES.length;

const SUITS = ['CLUBS', 'DIAMONDS', 'HEARTS', 'SPADES'] as const;
const FACES = ['J', 'Q', 'K'] as const;

/**
 * What matters of a hand is the sum with every ace as 1, and whether there is an ace: a hand is twice the one plus the
 * other, an index of tables. No hand comes above this sum.
 */
const MAX_SUM = 31;
const HANDS = 2 * (MAX_SUM + 1);
const NO_CARDS = 0;
const handOf = (sum: number, hasAce: boolean): number => 2 * Math.min(sum, MAX_SUM) + Number(hasAce);

/** The hand that a card makes of a hand, [hands, cards]. */
const WITH_CARD = Uint8Array.from({ length: HANDS * CARDS }, (_, i) => {
  const hand = Math.floor(i / CARDS);
  const card = VALUES[i % CARDS]!;
  return handOf((hand >> 1) + card, hand % 2 === 1 || card === 1);
});
/** Whether an ace of the hand can count 11. */
const HAS_USABLE_ACE = Uint8Array.from({ length: HANDS }, (_, hand) =>
  Number(hand % 2 === 1 && hand >> 1 <= 11),
);
const SUM = HAS_USABLE_ACE.map((isUsable, hand) => (hand >> 1) + 10 * isUsable);
/** The sum, 0 if it exceeds 21. */
const SCORE = SUM.map((sum) => (sum > 21 ? 0 : sum));

class Blackjack implements Env<number> {
  readonly observationSpace = new Tuple([new Discrete(32), new Discrete(11), new Discrete(2)]);
  readonly actionSpace = new Discrete(2);
  reward = 0;
  terminated = false;

  #player = NO_CARDS;
  #dealer = NO_CARDS;
  #hasHit = false;
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
    const open = WITH_CARD[rng.integers(0, CARDS)]!;
    this.#openCard = open >> 1;
    this.#dealer = WITH_CARD[open * CARDS + rng.integers(0, CARDS)]!;
    const first = WITH_CARD[rng.integers(0, CARDS)]!;
    this.#player = WITH_CARD[first * CARDS + rng.integers(0, CARDS)]!;
    this.#suit = rng.integers(0, SUITS.length);
    if (open >> 1 === 10) this.#face = rng.integers(0, FACES.length);
    this.#hasHit = false;
    this.reward = 0;
    this.terminated = false;
  }

  step(action: number): void {
    const rng = this.#rng!;
    let player = this.#player;
    if (action === 1) {
      player = WITH_CARD[player * CARDS + rng.integers(0, CARDS)]!;
      this.#player = player;
      this.#hasHit = true;
      this.terminated = SCORE[player] === 0;
      this.reward = this.terminated ? -1 : 0;
      return;
    }
    let dealer = this.#dealer;
    // An ace and a ten from the start: who has 21 with two cards takes no more.
    const isNatural = !this.#hasHit && SUM[player] === 21;
    const isDealersNatural = SUM[dealer] === 21;
    while (SUM[dealer]! < 17) dealer = WITH_CARD[dealer * CARDS + rng.integers(0, CARDS)]!;
    this.#dealer = dealer;
    this.terminated = true;
    const lead = SCORE[player]! - SCORE[dealer]!;
    this.reward = (lead >> 31) | (-lead >>> 31); // its sign, without a branch
    if (this.sab) {
      if (isNatural && !isDealersNatural) this.reward = 1;
    } else if (this.natural && isNatural && this.reward === 1) {
      this.reward = 1.5;
    }
  }

  observe(out: readonly [Int32Array, Int32Array, Int32Array]): void {
    out[0][0] = SUM[this.#player]!;
    out[1][0] = this.#openCard;
    out[2][0] = HAS_USABLE_ACE[this.#player]!;
  }

  snapshot(): number[] {
    return [this.#openCard, this.#suit, this.#face, this.#player, this.#dealer, Number(this.#hasHit)];
  }

  restore(snapshot: unknown): void {
    const [openCard, suit, face, player, dealer, hasHit] = stateIntegers(snapshot, 6, 0, HANDS - 1);
    if (openCard! > 10 || suit! >= SUITS.length || face! >= FACES.length) {
      throw invalidSnapshot('state: no card of Blackjack');
    }
    this.#openCard = openCard!;
    this.#suit = suit!;
    this.#face = face!;
    this.#player = player!;
    this.#dealer = dealer!;
    this.#hasHit = hasHit !== 0;
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
    canvas.text(`${SUM[this.#player]}`, 24, 208, WHITE, 12);
    if (HAS_USABLE_ACE[this.#player]) canvas.text('USABLE ACE', 150, 240, WHITE, 4);
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
