/**
 * Matrix products in tiles of registers: C [m, n] = start + A [m, k] · B [k, n], optionally through a relu.
 *
 * A tile of 6 rows and 8 columns keeps twelve vector accumulators in registers while k runs; each element of A is
 * loaded into all four lanes and multiplied with two vectors of B. A is read through two strides, so that Aᵀ·B (the
 * gradient of weights) costs what A·B costs. Where A has many zeros, sparse-product.ts leaves them out.
 */
import {
  type Call,
  type Code,
  type FunctionWriter,
  f32,
  f32x4,
  forLoop,
  i32,
  type Local,
  type ModuleWriter,
  plus,
  v128,
  when,
  whileLoop,
} from './assembler.js';
import { storeLanes, transposeFour } from './elementwise.js';
import { callProduct, PRODUCT, type ProductLocals } from './product.js';
import { SPARSE_BYTES, writeSparseProduct } from './sparse-product.js';

const FLOAT_BYTES = 4;
const VECTOR_BYTES = 16;
/** One row of a panel of B: as many columns as a tile has. */
const PANEL_ROW_BYTES = 2 * VECTOR_BYTES;
/** Rows of B that are worked on at a time: as many as the first cache has room for. */
export const PANEL_ROWS = 192;
/** What a product needs beside its matrices. */
export const PANEL_BYTES = SPARSE_BYTES * PANEL_ROWS;

const TILE = {
  a: 'i32',
  b: 'i32',
  c: 'i32',
  k: 'i32',
  aRow: 'i32',
  aStep: 'i32',
  bRow: 'i32',
  cRow: 'i32',
  start: 'i32',
  startRow: 'i32',
  relu: 'i32',
  lanes: 'i32',
} as const;

/**
 * A tile of `rows` rows and `vectors` · 4 columns. Columns past n are computed from whatever lies behind a row of B
 * and never stored: only `lanes` of the last vector are. (Both allocators keep some bytes of their own behind an array,
 * so that a read past its end stays inside the memory.)
 */
function writeTile(module: ModuleWriter, rows: number, vectors: number): Call {
  return module.func(`tile${rows}x${vectors}`, TILE, (p, f) => {
    const row = [...Array(rows).keys()];
    const column = [...Array(vectors).keys()];
    const accumulators = row.map(() => column.map(() => f.local('v128')));
    const weights = column.map(() => f.local('v128'));
    const input = f.local('v128');
    const aRows = row.map(() => f.local('i32'));
    const pointer = f.local('i32');
    const bEnd = f.local('i32');

    const loadStart = when(p.start.get, [
      pointer.set(p.start.get),
      accumulators.map((vector) => [
        vector.map((accumulator, j) => accumulator.set(v128.load(pointer.get, j * VECTOR_BYTES))),
        plus(pointer, p.startRow.get),
      ]),
    ]);
    const pointAtRows = aRows.map((aRow, r) =>
      aRow.set(r === 0 ? p.a.get : i32.add(aRows[r - 1]!.get, p.aRow.get)),
    );
    const multiply = whileLoop(i32.lt(p.b.get, bEnd.get), [
      weights.map((weight, j) => weight.set(v128.load(p.b.get, j * VECTOR_BYTES))),
      row.map((r) => [
        input.set(v128.splatLoad(aRows[r]!.get)),
        accumulators[r]!.map((accumulator, j) =>
          accumulator.set(f32x4.relaxedMadd(input.get, weights[j]!.get, accumulator.get)),
        ),
        plus(aRows[r]!, p.aStep.get),
      ]),
      plus(p.b, p.bRow.get),
    ]);
    const store = accumulators.map((vector) => [
      vector.map((accumulator, j) => {
        const address = j === 0 ? p.c.get : i32.add(p.c.get, i32.const(j * VECTOR_BYTES));
        return j === vectors - 1
          ? storeLanes(address, accumulator.get, p.lanes.get)
          : v128.store(address, accumulator.get);
      }),
      plus(p.c, p.cRow.get),
    ]);
    // On what was stored: were the accumulators its operands, V8 would not keep all of them in registers in the loop.
    const zero = f32x4.splat(f32.const(0));
    const applyRelu = when(p.relu.get, [
      row.map(() => [
        p.c.set(i32.sub(p.c.get, p.cRow.get)),
        column.map((j) => {
          const address = i32.add(p.c.get, i32.const(j * VECTOR_BYTES));
          const value = f32x4.pmax(v128.load(address), zero);
          return j === vectors - 1 ? storeLanes(address, value, p.lanes.get) : v128.store(address, value);
        }),
      ]),
    ]);
    return [
      bEnd.set(i32.add(p.b.get, i32.mul(p.k.get, p.bRow.get))),
      loadStart,
      pointAtRows,
      multiply,
      store,
      applyRelu,
    ];
  });
}

/**
 * Adds `matmul(a, b, c, m, n, k, aRow, aStep, bRow, bColumn, cRow, start, startRow, relu, panel, depth)`. Pointers and
 * strides are in bytes: element (i, t) of A lies at `a + i·aRow + t·aStep`, element (t, j) of B at `b + t·bRow +
 * j·bColumn`, row i of C at `c + i·cRow`. `start` points at what C begins with, rows `startRow` apart: 0 for nothing, a
 * bias with `startRow` 0, or C itself to accumulate. k runs in stretches of `depth`, at most PANEL_ROWS. Where the columns
 * of B are not neighbours but its rows lie as columns, a tile's columns are brought side by side first. `panel` is
 * PANEL_BYTES of room.
 */
export function writeMatmul(module: ModuleWriter): void {
  // Of the processor's 16 registers, V8 keeps one; twelve accumulators leave two for B and one for A.
  const tiles = [2, 1].map((vectors) => [1, 2, 3, 4, 5, 6].map((rows) => writeTile(module, rows, vectors)));
  const packTransposed = writePackTransposed(module);
  const dense = module.func('matmulDense', PRODUCT, (p, f) => columnsFromLeft(f, p, tiles, packTransposed));
  const stretch = writeSparseProduct(module, dense, packTransposed);
  module.func('matmul', { ...PRODUCT, depth: 'i32' }, (p, f) => {
    const step = f.local('i32');
    const along = (pointer: Local, stride: Local): Code =>
      pointer.set(i32.add(pointer.get, i32.mul(step.get, stride.get)));
    return [
      step.set(p.depth.get),
      whileLoop(i32.lt(step.get, p.k.get), [
        callProduct(stretch, p, { k: step.get, relu: i32.const(0) }),
        [along(p.a, p.aStep), along(p.b, p.bRow), p.k.set(i32.sub(p.k.get, step.get))],
        [p.start.set(p.c.get), p.startRow.set(p.cRow.get)],
      ]),
      callProduct(stretch, p, {}),
    ];
  });
}

/**
 * Adds `packTransposed(b, column, k, panel, row, columns)`: up to eight columns of B, each a row in memory, side by side
 * in rows of `row` bytes.
 */
function writePackTransposed(module: ModuleWriter): Call {
  const params = { b: 'i32', column: 'i32', k: 'i32', panel: 'i32', row: 'i32', columns: 'i32' } as const;
  return module.func('packTransposed', params, ({ b, column, k, panel, row, columns }, f) => {
    const [t, j, from, to] = [f.local('i32'), f.local('i32'), f.local('i32'), f.local('i32')];
    const vectors = [0, 1, 2, 3, 4, 5, 6, 7].map(() => f.local('v128'));
    const fourRows = [
      from.set(i32.add(b.get, i32.shl(t.get, 2))),
      vectors.map((vector) => [vector.set(v128.load(from.get)), plus(from, column.get)]),
      [vectors.slice(0, 4), vectors.slice(4)].map((half, side) => {
        const [mix, rows] = transposeFour(f, half);
        const stores = rows.map((four) => [v128.store(to.get, four, VECTOR_BYTES * side), plus(to, row.get)]);
        return [mix, to.set(panel.get), stores];
      }),
      panel.set(to.get),
    ];
    const oneByOne = forLoop(j, columns.get, 1, [
      from.set(i32.add(b.get, i32.add(i32.mul(j.get, column.get), i32.shl(t.get, 2)))),
      to.set(i32.add(panel.get, i32.shl(j.get, 2))),
      f32.store(to.get, f32.load(from.get)),
    ]);
    return [
      when(i32.eq(columns.get, i32.const(8)), forLoop(t, i32.sub(k.get, i32.const(3)), 4, fourRows)),
      forLoop(t, k.get, 1, [j.set(i32.const(0)), oneByOne, plus(panel, row.get)]),
    ];
  });
}

/** All panels of columns of a product. */
function columnsFromLeft(f: FunctionWriter, p: ProductLocals, tiles: Call[][], packTransposed: Call): Code {
  const left = f.local('i32');
  const [b, bRow] = [f.local('i32'), f.local('i32')];
  const columns = (vectors: number, lanes: Code): Code =>
    columnPanel(f, { ...p, b, bRow }, tiles[2 - vectors]!, lanes);
  const asItLies: Code = [b.set(p.b.get), bRow.set(p.bRow.get)];
  const transposed = (count: Code): Code => [
    packTransposed(p.b.get, p.bColumn.get, p.k.get, p.panel.get, i32.const(PANEL_ROW_BYTES), count),
    [b.set(p.panel.get), bRow.set(i32.const(PANEL_ROW_BYTES))],
  ];
  const next = (count: number): Code => [
    p.b.set(i32.add(p.b.get, i32.mul(p.bColumn.get, i32.const(count)))),
    p.c.set(i32.add(p.c.get, i32.const(FLOAT_BYTES * count))),
    when(p.start.get, p.start.set(i32.add(p.start.get, i32.const(FLOAT_BYTES * count)))),
    left.set(i32.sub(left.get, i32.const(count))),
  ];
  const four = i32.const(4);
  const areNeighbours = i32.eq(p.bColumn.get, i32.const(FLOAT_BYTES));
  return [
    left.set(p.n.get),
    whileLoop(i32.lt(i32.const(7), left.get), [
      when(areNeighbours, asItLies, transposed(i32.const(8))),
      columns(2, four),
      next(8),
    ]),
    when(left.get, [
      when(areNeighbours, asItLies, transposed(left.get)),
      when(i32.lt(i32.const(3), left.get), [
        columns(1, four),
        next(4),
        b.set(i32.add(b.get, i32.const(VECTOR_BYTES))),
      ]),
      when(left.get, columns(1, left.get)),
    ]),
  ];
}

/** All rows of one panel of columns: the largest tiles, then one of the rest. */
function columnPanel(f: FunctionWriter, p: ProductLocals, tiles: Call[], lanes: Code): Code {
  const i = f.local('i32');
  const a = f.local('i32');
  const c = f.local('i32');
  const start = f.local('i32');
  const call = (rows: number): Code =>
    tiles[rows - 1]!(
      ...[a.get, p.b.get, c.get, p.k.get, p.aRow.get, p.aStep.get, p.bRow.get, p.cRow.get],
      ...[start.get, p.startRow.get, p.relu.get, lanes],
    );
  const most = tiles.length;
  const down = (pointer: Local, row: Code): Code =>
    pointer.set(i32.add(pointer.get, i32.mul(row, i32.const(most))));
  const advance = [down(a, p.aRow.get), down(c, p.cRow.get), when(start.get, down(start, p.startRow.get))];
  return [
    [i.set(i32.const(most - 1)), a.set(p.a.get), c.set(p.c.get), start.set(p.start.get)],
    forLoop(i, p.m.get, most, [call(most), advance]),
    i.set(i32.sub(i32.add(p.m.get, i32.const(most - 1)), i.get)),
    tiles.slice(1).map((_, rest) => when(i32.eq(i.get, i32.const(rest + 1)), call(rest + 1))),
  ];
}
