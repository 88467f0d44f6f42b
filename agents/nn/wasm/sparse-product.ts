/**
 * Products A · B where much of A is zero, as what a relu leaves is, and gradients that come through one: rows of A are
 * taken without their zeros. To add nothing is exact, so where B is finite the numbers are those of the dense product.
 *
 * For each number of a row of A that is not zero, 32 columns of a row of B are multiplied with it and added to eight
 * vector accumulators, which is as much as the processor can have under way. Few rows are multiplied this way too, however
 * many zeros they have: a tile of one row keeps two accumulators, which wait for each other.
 */
import {
  type Call,
  type Code,
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
import { callProduct, PRODUCT } from './product.js';

const FLOAT_BYTES = 4;
const VECTOR_BYTES = 16;
const ACCUMULATORS = 8;
const COLUMNS = 4 * ACCUMULATORS;
const PANEL_ROW_BYTES = FLOAT_BYTES * COLUMNS;
/** A number that is not zero, and how far into B its row begins. */
const ENTRY_BYTES = 8;
/** Rows of A whose entries are kept. */
const BLOCK_ROWS = 128;
/** Room for one step of k: 32 columns of B and an entry of every row, with some to spare for ends. */
export const SPARSE_BYTES = PANEL_ROW_BYTES + ENTRY_BYTES * BLOCK_ROWS + 16;

/** Rows of a block that are looked at first. */
const SAMPLED = 4;
/** Fewer columns than this do not make up for taking the zeros out, nor do rows of which more than three fifths are left. */
const LEAST_COLUMNS = 96;
const [MOST_LEFT, OF] = [3, 5];

/**
 * Adds `matmulStretch`, with the arguments of `dense`: block after block of rows of A either without its zeros or, from the
 * first on that has few, by `dense`.
 */
export function writeSparseProduct(module: ModuleWriter, dense: Call, packTransposed: Call): Call {
  const takeEntries = writeTakeEntries(module);
  const sparseRow = writeSparseRow(module);
  const copyColumns = writeCopyColumns(module);
  const sparseBlock = module.func('sparseBlock', PRODUCT, (p, f) => {
    const int = (): Local => f.local('i32');
    const [i, left, row, list, end, ends, lists] = [int(), int(), int(), int(), int(), int(), int()];
    const [a, b, c, start] = [int(), int(), int(), int()];
    const areNeighbours = i32.eq(p.bColumn.get, i32.const(FLOAT_BYTES));
    const areFew = i32.lt(p.m.get, i32.const(SAMPLED));
    const endOfRow = i32.add(ends.get, i32.shl(i.get, 2));
    const packed = [0, 1, 2, 3].map((part) =>
      packTransposed(
        i32.add(p.b.get, i32.mul(p.bColumn.get, i32.const(8 * part))),
        ...[
          p.bColumn.get,
          p.k.get,
          i32.add(p.panel.get, i32.const(8 * FLOAT_BYTES * part)),
          row.get,
          i32.const(8),
        ],
      ),
    );
    const copied = copyColumns(p.b.get, p.bRow.get, p.k.get, p.panel.get);
    const columns = [
      when(areFew, b.set(p.b.get), [when(areNeighbours, copied, packed), b.set(p.panel.get)]),
      [i.set(i32.const(0)), list.set(lists.get), c.set(p.c.get), start.set(p.start.get)],
      forLoop(i, p.m.get, 1, [
        end.set(i32.load(endOfRow)),
        sparseRow(list.get, end.get, b.get, c.get, start.get, p.relu.get),
        list.set(end.get),
        plus(c, p.cRow.get),
        when(start.get, plus(start, p.startRow.get)),
      ]),
      plus(p.b, i32.mul(p.bColumn.get, i32.const(COLUMNS))),
      plus(p.c, i32.const(PANEL_ROW_BYTES)),
      when(p.start.get, plus(p.start, i32.const(PANEL_ROW_BYTES))),
      left.set(i32.sub(left.get, i32.const(COLUMNS))),
    ];
    return [
      when(areFew, row.set(p.bRow.get), row.set(i32.const(PANEL_ROW_BYTES))),
      ends.set(i32.add(p.panel.get, i32.mul(p.k.get, i32.const(PANEL_ROW_BYTES)))),
      lists.set(i32.add(ends.get, i32.const(FLOAT_BYTES * BLOCK_ROWS))),
      [i.set(i32.const(0)), list.set(lists.get), a.set(p.a.get)],
      forLoop(i, p.m.get, 1, [
        list.set(takeEntries(a.get, p.aStep.get, p.k.get, row.get, list.get)),
        i32.store(endOfRow, list.get),
        plus(a, p.aRow.get),
      ]),
      left.set(p.n.get),
      whileLoop(i32.lt(i32.const(COLUMNS - 1), left.get), columns),
      when(left.get, callProduct(dense, p, { n: left.get })),
    ];
  });

  return module.func('matmulStretch', PRODUCT, (p, f) => {
    const [rows, isSparse, list, a] = [f.local('i32'), f.local('i32'), f.local('i32'), f.local('i32')];
    const sample = [
      [list.set(p.panel.get), a.set(p.a.get)],
      Array.from({ length: SAMPLED }, () => [
        list.set(takeEntries(a.get, p.aStep.get, p.k.get, i32.const(0), list.get)),
        plus(a, i32.mul(i32.shr(rows.get, 2), p.aRow.get)),
      ]),
      isSparse.set(
        i32.lt(
          i32.mul(i32.sub(list.get, p.panel.get), i32.const(OF)),
          i32.mul(p.k.get, i32.const(ENTRY_BYTES * SAMPLED * MOST_LEFT)),
        ),
      ),
    ];
    const areFew = i32.lt(rows.get, i32.const(SAMPLED));
    const least = i32.const(LEAST_COLUMNS);
    return whileLoop(i32.lt(i32.const(0), p.m.get), [
      rows.set(p.m.get),
      when(i32.lt(i32.const(BLOCK_ROWS), rows.get), rows.set(i32.const(BLOCK_ROWS))),
      isSparse.set(i32.const(0)),
      when(
        areFew,
        isSparse.set(
          i32.and(i32.eq(p.bColumn.get, i32.const(FLOAT_BYTES)), i32.lt(i32.const(COLUMNS - 1), p.n.get)),
        ),
        when(i32.le(least, p.n.get), sample),
      ),
      when(
        isSparse.get,
        [
          callProduct(sparseBlock, p, { m: rows.get }),
          plus(p.a, i32.mul(rows.get, p.aRow.get)),
          plus(p.c, i32.mul(rows.get, p.cRow.get)),
          when(p.start.get, plus(p.start, i32.mul(rows.get, p.startRow.get))),
          p.m.set(i32.sub(p.m.get, rows.get)),
        ],
        [callProduct(dense, p, {}), p.m.set(i32.const(0))],
      ),
    ]);
  });
}

/**
 * Adds `takeEntries(a, aStep, k, bRow, list)`: writes the entries of a row of A, and one that does not count, to `list`.
 * Gives where they end.
 */
function writeTakeEntries(module: ModuleWriter): Call {
  const params = { a: 'i32', aStep: 'i32', k: 'i32', bRow: 'i32', list: 'i32' } as const;
  return module.func(
    'takeEntries',
    params,
    ({ a, aStep, k, bRow, list }, f) => {
      const [t, offset, value] = [f.local('i32'), f.local('i32'), f.local('f32')];
      return [
        forLoop(t, k.get, 1, [
          value.set(f32.load(a.get)),
          f32.store(list.get, value.get),
          i32.store(list.get, offset.get, FLOAT_BYTES),
          // Without a branch, which would be guessed wrong half of the time.
          plus(list, i32.shl(f32.ne(value.get, f32.const(0)), 3)),
          plus(a, aStep.get),
          plus(offset, bRow.get),
        ]),
        list.get,
      ];
    },
    'i32',
  );
}

/**
 * Adds `copyColumns(b, bRow, k, panel)`: 32 columns of B with no gaps between their rows. Rows as far apart as powers of
 * two would push each other out of the cache.
 */
function writeCopyColumns(module: ModuleWriter): Call {
  const params = { b: 'i32', bRow: 'i32', k: 'i32', panel: 'i32' } as const;
  return module.func('copyColumns', params, ({ b, bRow, k, panel }, f) =>
    forLoop(f.local('i32'), k.get, 1, [
      Array.from({ length: ACCUMULATORS }, (_, j) =>
        v128.store(panel.get, v128.load(b.get, VECTOR_BYTES * j), VECTOR_BYTES * j),
      ),
      plus(b, bRow.get),
      plus(panel, i32.const(PANEL_ROW_BYTES)),
    ]),
  );
}

/** Adds `sparseRow(list, end, b, c, start, relu)`: 32 columns of one row of C. */
function writeSparseRow(module: ModuleWriter): Call {
  const params = { list: 'i32', end: 'i32', b: 'i32', c: 'i32', start: 'i32', relu: 'i32' } as const;
  return module.func('sparseRow', params, ({ list, end, b, c, start, relu }, f) => {
    const accumulators = Array.from({ length: ACCUMULATORS }, () => f.local('v128'));
    const [input, from] = [f.local('v128'), f.local('i32')];
    const zero = f32x4.splat(f32.const(0));
    const each = (code: (accumulator: Local, offset: number) => Code): Code =>
      accumulators.map((accumulator, j) => code(accumulator, VECTOR_BYTES * j));
    return [
      when(
        start.get,
        each((accumulator, at) => accumulator.set(v128.load(start.get, at))),
      ),
      whileLoop(i32.lt(list.get, end.get), [
        from.set(i32.add(b.get, i32.load(list.get, FLOAT_BYTES))),
        input.set(v128.splatLoad(list.get)),
        each((accumulator, at) =>
          accumulator.set(f32x4.relaxedMadd(input.get, v128.load(from.get, at), accumulator.get)),
        ),
        plus(list, i32.const(ENTRY_BYTES)),
      ]),
      each((accumulator, at) => v128.store(c.get, accumulator.get, at)),
      when(
        relu.get,
        each((_, at) => v128.store(c.get, f32x4.pmax(v128.load(c.get, at), zero), at)),
      ),
    ];
  });
}
