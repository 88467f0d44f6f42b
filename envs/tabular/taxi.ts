/**
 * Taxi-v4: fetch a passenger in a city of 5 by 5 squares and bring it where it wants to go.
 *
 * - Observation: ((row * 5 + column) * 5 + passenger) * 4 + destination. Passenger and destination are 0 to 3 for the
 *   stands R, G, Y and B; passenger 4 is in the taxi.
 * - Actions: 0 south, 1 north, 2 east, 3 west, 4 pick up, 5 drop off. Walls stop the taxi.
 * - Start: any square, passenger and destination at two different stands.
 * - Reward: -1 a step, 20 for delivering the passenger, -10 for picking up or dropping off where that cannot be.
 * - Terminated: the passenger is delivered.
 * - Info: `prob`, and `action_mask` (1 for the actions that change the state).
 *
 * With `is_rainy`, a move that is possible goes ahead with `rainy_probability`, else to the left or the right of it.
 * With `fickle_passenger`, in a share of `fickle_probability` of the episodes the passenger changes its mind once: as the
 * taxi first moves with it, it wants to go to one of the three other stands.
 *
 * Taxi-v3, as gymnasium up to 1.1 has it, is the same without these options.
 *
 * Source: Dietterich, Hierarchical Reinforcement Learning with the MAXQ Value Function Decomposition (2000), as
 * gymnasium 1.4.0 (toy_text/taxi.py) has it.
 */
import { MultiBinary, type Space } from '../../protocol/spaces/index.js';
import type { EnvDefinition, Image, OptionSpec, Options } from '../env.js';
import type { Rng } from '../rng/rng.js';
import { decode, encode, IN_TAXI, isAt, isOpen, SIDE, STANDS, type TaxiState } from './city.js';
import { buildTable, type Outcome, oncePerOptions, TableModel } from './table.js';
import { PROB_INFO, TableEnv } from './table-env.js';
import { drawTaxi } from './taxi-picture.js';

const NUM_STATES = SIDE * SIDE * 5 * 4;
const NUM_ACTIONS = 6;

/** South, north, east, west. */
const MOVES = [
  [1, 0],
  [-1, 0],
  [0, 1],
  [0, -1],
] as const;
/** The moves to the left and to the right of each. */
const SIDEWAYS = [
  [2, 3],
  [3, 2],
  [1, 0],
  [0, 1],
] as const;

const canMove = ({ row, column }: TaxiState, move: number): boolean =>
  [row < SIDE - 1, row > 0, isOpen(row, column, 'east'), isOpen(row, column, 'west')][move]!;

const move = (from: TaxiState, way: number): TaxiState =>
  canMove(from, way)
    ? { ...from, row: from.row + MOVES[way]![0], column: from.column + MOVES[way]![1] }
    : from;

/** The probability of moving ahead, if it rains. */
type Rain = number | undefined;

function outcomes(state: number, action: number, rain: Rain): Outcome[] {
  const from = decode(state);
  if (action < 4) {
    const ahead = encode(move(from, action));
    if (rain === undefined) return [[1, ahead, -1, false]];
    const aside = (1 - rain) / 2;
    // What cannot move ahead does not drift either.
    const [left, right] = SIDEWAYS[action]!.map((way) =>
      canMove(from, action) ? encode(move(from, way)) : state,
    );
    return [
      [rain, ahead, -1, false],
      [aside, left!, -1, false],
      [aside, right!, -1, false],
    ];
  }
  const refused: Outcome = [1, state, -10, false];
  if (action === 4) {
    const isThere = from.passenger < IN_TAXI && isAt(from, from.passenger);
    return [isThere ? [1, encode({ ...from, passenger: IN_TAXI }), -1, false] : refused];
  }
  const stand = STANDS.findIndex((_, i) => isAt(from, i));
  if (stand < 0 || from.passenger !== IN_TAXI) return [refused];
  const isDelivered = stand === from.destination;
  return [[1, encode({ ...from, passenger: stand }), isDelivered ? 20 : -1, isDelivered]];
}

/** 1 for each action that changes the state. int8 [states, 6] */
const MASKS = Int8Array.from({ length: NUM_STATES * NUM_ACTIONS }, (_, i) => {
  const state = Math.floor(i / NUM_ACTIONS);
  const [[, next]] = outcomes(state, i % NUM_ACTIONS, undefined) as [Outcome];
  return next === state ? 0 : 1;
});

const STARTS = Array.from({ length: NUM_STATES }, (_, state) => state).filter((state) => {
  const { passenger, destination } = decode(state);
  return passenger !== IN_TAXI && passenger !== destination;
});

const modelOf = oncePerOptions(({ is_rainy, rainy_probability }) => {
  const rain = is_rainy ? (rainy_probability as number) : undefined;
  return new TableModel(
    buildTable(NUM_STATES, NUM_ACTIONS, (state, action) => outcomes(state, action, rain)),
    STARTS,
  );
});

class Taxi extends TableEnv {
  override readonly infoSpaces: Readonly<Record<string, Space>> = {
    ...PROB_INFO,
    action_mask: new MultiBinary([NUM_ACTIONS]),
  };
  /** Probability that the passenger will change its mind; undefined if it never does. */
  readonly #fickleness: number | undefined;
  #isFickle = false;

  constructor(model: TableModel, fickleness: number | undefined) {
    super(model);
    this.#fickleness = fickleness;
  }

  override reset(rng: Rng): void {
    super.reset(rng);
    this.#isFickle = this.#fickleness !== undefined && rng.random() < this.#fickleness;
  }

  override step(action: number): void {
    if (!this.#isFickle) {
      super.step(action);
      return;
    }
    const before = decode(this.state);
    super.step(action);
    const after = decode(this.state);
    const hasMoved = before.row !== after.row || before.column !== after.column;
    if (before.passenger === IN_TAXI && hasMoved) {
      this.#isFickle = false;
      const other = this.rng!.integers(0, STANDS.length - 1);
      this.state = encode({ ...after, destination: other < before.destination ? other : other + 1 });
    }
  }

  override writeInfo(out: { readonly prob: Float64Array; readonly action_mask: Int8Array }): void {
    super.writeInfo(out);
    const first = this.state * NUM_ACTIONS;
    for (let i = 0; i < NUM_ACTIONS; i++) out.action_mask[i] = MASKS[first + i]!;
  }

  override snapshot(): unknown {
    return { isFickle: this.#isFickle, table: super.snapshot() };
  }

  override restore(snapshot: unknown): void {
    const { isFickle, table } = (snapshot ?? {}) as { isFickle?: unknown; table?: unknown };
    super.restore(table);
    this.#isFickle = isFickle === true;
  }

  render(): Image {
    return drawTaxi(decode(this.state), this.lastAction);
  }
}

const define = (id: string, options: Readonly<Record<string, OptionSpec>>): EnvDefinition => ({
  spec: {
    id,
    description: 'Drive a taxi to a passenger and take it where it wants to go.',
    source: 'gymnasium 1.4.0; Dietterich 2000',
    players: 1,
    maxEpisodeSteps: 200,
    rewardThreshold: 8,
    rewardRange: [-10, 20],
    renderModes: ['rgb_array'],
    options,
  },
  rng: 'pcg64',
  create: (options: Options) =>
    new Taxi(modelOf(options), options.fickle_passenger ? (options.fickle_probability as number) : undefined),
});

export const taxiEnvs: readonly EnvDefinition[] = [
  define('Taxi-v3', {}),
  define('Taxi-v4', {
    is_rainy: { type: 'boolean', default: false, description: 'Whether the taxi may drift off to a side.' },
    fickle_passenger: {
      type: 'boolean',
      default: false,
      description: 'Whether the passenger may change its mind on the way.',
    },
    rainy_probability: {
      type: 'number',
      default: 0.8,
      min: 0,
      max: 1,
      description: 'When it rains, the probability of moving where the action points.',
    },
    fickle_probability: {
      type: 'number',
      default: 0.3,
      min: 0,
      max: 1,
      description: 'Share of the episodes in which a fickle passenger changes its mind.',
    },
  }),
];
