/**
 * A matrix product that threads share. It lies as numbers in an array over shared memory; each thread takes one part
 * after another until there are none. Who computes a part makes no difference to its numbers.
 */

/** `matmul` of the kernels. */
export type Matmul = (
  ...args: [
    ...[a: number, b: number, c: number, m: number, n: number, k: number],
    ...[aRow: number, aStep: number, bRow: number, bColumn: number, cRow: number],
    ...[start: number, startRow: number, relu: number, panel: number, depth: number],
  ]
) => void;

/** Where things are in the array. */
export const AT = {
  /** The number of the product, times 256, and how many of its parts are left to take. */
  next: 0,
  /** Parts that other threads have computed. */
  done: 1,
  /** Threads that sleep until `next` changes. */
  sleeping: 2,
  /** 1 while the thread that shares the product sleeps until `done` changes. */
  waiting: 3,
  /** Rows and columns of a part. */
  part: 4,
  /** The arguments of `matmul`. */
  product: 6,
} as const;

export const CONTROL_LENGTH = AT.product + 16;
export const MOST_PARTS = 255;

/**
 * Looks at the array before a thread sleeps until it changes: about a tenth of a millisecond, as waking up takes about as
 * long.
 */
export const LOOKS = 50_000;

/**
 * Takes parts and computes them until none is left.
 * @param panel this thread's own room
 * @returns how many
 */
export function takeParts(control: Int32Array, matmul: Matmul, panel: number): number {
  for (let taken = 0; ; ) {
    const next = Atomics.load(control, AT.next);
    const left = next & MOST_PARTS;
    if (left === 0) return taken;
    const [partRows, partColumns] = [control[AT.part]!, control[AT.part + 1]!];
    const at = (argument: number): number => control[AT.product + argument]!;
    const [a, b, c, m, n, k] = [at(0), at(1), at(2), at(3), at(4), at(5)];
    const [aRow, aStep, bRow, bColumn, cRow] = [at(6), at(7), at(8), at(9), at(10)];
    const [start, startRow, relu, depth] = [at(11), at(12), at(13), at(15)];
    // What was read is of this product if nobody has taken a part or begun another product meanwhile.
    if (Atomics.compareExchange(control, AT.next, next, next - 1) !== next) continue;
    const columns = Math.ceil(n / partColumns);
    const [row, column] = [Math.floor((left - 1) / columns) * partRows, ((left - 1) % columns) * partColumns];
    matmul(
      ...[a + row * aRow, b + column * bColumn, c + row * cRow + 4 * column],
      ...[Math.min(partRows, m - row), Math.min(partColumns, n - column), k],
      ...[aRow, aStep, bRow, bColumn, cRow],
      ...[start === 0 ? 0 : start + row * startRow + 4 * column, startRow, relu, panel, depth],
    );
    taken += 1;
  }
}
