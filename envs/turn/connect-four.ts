/**
 * ConnectFour-v3: two players drop tokens into seven columns in turn; who first has four in a row wins.
 *
 * - Observation, int8 (6, 7, 2), rows from the top: 1 in plane 0 where the observing seat has a token, in plane 1 where
 *   the other has one.
 * - Actions: the column, 0 to 6 from the left. Info `action_mask`: 1 for each column that has room, for the seat whose
 *   turn it is; zeros for the other.
 * - Four in a row, a column or a diagonal: 1 for who made it, -1 for the other. A full board without: 0 for both.
 * - A token in a column without room: the game ends, -1 for who tried, 0 for the other.
 * - player_0 begins. The default action is the leftmost column that has room.
 *
 * Source: connect_four_v3 of pettingzoo 1.27.0, with its TerminateIllegalWrapper (which calls the seats of a game that a
 * forbidden move has ended truncated, too).
 */
import { Box, Discrete, MultiBinary, type Space, type View } from '../../protocol/spaces/index.js';
import type { Image } from '../env.js';
import { Canvas, type Color } from '../raster.js';
import { invalidSnapshot, stateIntegers } from '../snapshot.js';
import type { World, WorldDefinition } from '../world.js';

const ROWS = 6;
const COLUMNS = 7;
const CELLS = ROWS * COLUMNS;
const LINE = 4;
/** Right, down, and the two diagonals: as steps in row and column. */
const DIRECTIONS = [
  [0, 1],
  [1, 0],
  [1, 1],
  [1, -1],
] as const;

class ConnectFour implements World<number> {
  readonly observationSpace = new Box(0, 1, [ROWS, COLUMNS, 2], 'int8');
  readonly actionSpace = new Discrete(COLUMNS);
  readonly infoSpaces: Readonly<Record<string, Space>> = { action_mask: new MultiBinary([COLUMNS]) };
  readonly rewards = new Float64Array(2);
  readonly terminated = new Uint8Array(2);
  turn = 0;
  /** 0 for an empty cell, 1 and 2 for the tokens of the two seats; row-major from the top left. */
  readonly #board = new Uint8Array(CELLS);
  /** Whether a move that the rules forbid has ended the game. */
  #isForfeit = false;

  reset(): void {
    this.#board.fill(0);
    this.#isForfeit = false;
    this.turn = 0;
    this.rewards.fill(0);
    this.terminated.fill(0);
  }

  step(actions: readonly number[]): void {
    const seat = this.turn;
    const column = actions[seat]!;
    this.rewards.fill(0);
    this.turn = 1 - seat;
    if (!this.#hasRoom(column)) {
      this.#isForfeit = true;
      this.rewards[seat] = -1;
      this.terminated.fill(1);
      return;
    }
    let cell = CELLS - COLUMNS + column;
    while (this.#board[cell] !== 0) cell -= COLUMNS;
    this.#board[cell] = seat + 1;
    if (this.#isInLine(cell)) {
      this.rewards[seat] = 1;
      this.rewards[1 - seat] = -1;
      this.terminated.fill(1);
    } else if (this.#isFull()) {
      this.terminated.fill(1);
    }
  }

  defaultAction(): number {
    let column = 0;
    while (!this.#hasRoom(column)) column++;
    return column;
  }

  observe(seat: number, out: View): void {
    const planes = out as Int8Array;
    for (let cell = 0; cell < CELLS; cell++) {
      const token = this.#board[cell]!;
      planes[2 * cell] = token === seat + 1 ? 1 : 0;
      planes[2 * cell + 1] = token === 2 - seat ? 1 : 0;
    }
  }

  writeInfo(seat: number, out: Readonly<Record<string, View>>): void {
    const mask = out.action_mask as Int8Array;
    const moves = seat === this.turn && this.terminated[seat] === 0;
    for (let column = 0; column < COLUMNS; column++) mask[column] = moves && this.#hasRoom(column) ? 1 : 0;
  }

  snapshot(): unknown {
    return [Number(this.#isForfeit), this.turn, ...this.#board];
  }

  restore(snapshot: unknown): void {
    const [forfeit, turn, ...board] = stateIntegers(snapshot, CELLS + 2, 0, 2) as [
      number,
      number,
      ...number[],
    ];
    const floats = (x: number, cell: number) => x !== 0 && board[cell + COLUMNS] === 0;
    if (board.some(floats) || turn > 1 || forfeit > 1) {
      throw invalidSnapshot('state: expected a forfeit, a turn and a board of Connect Four');
    }
    this.#board.set(board);
    this.#isForfeit = forfeit === 1;
    this.turn = turn;
    this.rewards.fill(0);
    const isOver =
      this.#isForfeit || this.#isFull() || board.some((x, cell) => x !== 0 && this.#isInLine(cell));
    this.terminated.fill(isOver ? 1 : 0);
  }

  render(): Image {
    return draw(this.#board);
  }

  #hasRoom(column: number): boolean {
    return this.#board[column] === 0;
  }

  #isFull(): boolean {
    for (let column = 0; column < COLUMNS; column++) if (this.#hasRoom(column)) return false;
    return true;
  }

  /** Whether the token in a cell is one of four of its colour in a line. */
  #isInLine(cell: number): boolean {
    for (const [down, right] of DIRECTIONS) {
      if (1 + this.#run(cell, down, right) + this.#run(cell, -down, -right) >= LINE) return true;
    }
    return false;
  }

  /** Tokens of the same colour that follow a cell in a direction. */
  #run(cell: number, down: number, right: number): number {
    const token = this.#board[cell];
    let row = Math.floor(cell / COLUMNS) + down;
    let column = (cell % COLUMNS) + right;
    let length = 0;
    while (row >= 0 && row < ROWS && column >= 0 && column < COLUMNS) {
      if (this.#board[row * COLUMNS + column] !== token) break;
      length++;
      row += down;
      column += right;
    }
    return length;
  }
}

/** Pixels along a side of a cell. */
const CELL = 48;
const FRAME: Color = [52, 92, 168];
/** An empty cell, and the tokens of the two seats. */
const COLORS: readonly [Color, Color, Color] = [
  [240, 240, 236],
  [214, 60, 60],
  [236, 190, 50],
];

function draw(board: Uint8Array): Image {
  const canvas = new Canvas(COLUMNS * CELL, ROWS * CELL, FRAME);
  for (const [cell, token] of board.entries()) {
    const x = ((cell % COLUMNS) + 0.5) * CELL;
    const y = (Math.floor(cell / COLUMNS) + 0.5) * CELL;
    canvas.circle(x, y, 0.4 * CELL, COLORS[token]!);
  }
  return canvas;
}

export const connectFour: WorldDefinition = {
  spec: {
    id: 'ConnectFour-v3',
    description: 'Drop tokens into seven columns in turn; who first has four in a row wins.',
    source: 'pettingzoo 1.27.0',
    players: 2,
    rewardRange: [-1, 1],
    renderModes: ['rgb_array'],
    options: {},
  },
  seats: ['player_0', 'player_1'],
  turns: true,
  defaultAction: 'the leftmost column that has room',
  rng: 'pcg64',
  create: () => new ConnectFour(),
};
