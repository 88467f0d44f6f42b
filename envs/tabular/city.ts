/** The city that Taxi plays in: its squares, walls and stands, and the numbers of its states. */
export const SIDE = 5;

/** Rows and columns of the stands R, G, Y and B. */
export const STANDS: readonly (readonly [row: number, column: number])[] = [
  [0, 0],
  [0, 4],
  [4, 0],
  [4, 3],
];

/** Where a passenger is that is at no stand. */
export const IN_TAXI = 4;

/** The rows of the city; ":" between two squares is open, "|" a wall. */
const ROWS = ['|R: | : :G|', '| : | : : |', '| : : : : |', '| | : | : |', '|Y| : |B: |'] as const;

/** Whether no wall stands to that side of a square. */
export const isOpen = (row: number, column: number, side: 'east' | 'west'): boolean =>
  ROWS[row]![2 * column + (side === 'east' ? 2 : 0)] === ':';

export interface TaxiState {
  readonly row: number;
  readonly column: number;
  /** A stand, or `IN_TAXI`. */
  readonly passenger: number;
  /** A stand. */
  readonly destination: number;
}

export const encode = ({ row, column, passenger, destination }: TaxiState): number =>
  ((row * SIDE + column) * 5 + passenger) * 4 + destination;

export const decode = (state: number): TaxiState => ({
  row: Math.floor(state / 100),
  column: Math.floor(state / 20) % SIDE,
  passenger: Math.floor(state / 4) % 5,
  destination: state % 4,
});

/** Whether the taxi is at that stand. */
export const isAt = ({ row, column }: TaxiState, stand: number): boolean =>
  STANDS[stand]![0] === row && STANDS[stand]![1] === column;
