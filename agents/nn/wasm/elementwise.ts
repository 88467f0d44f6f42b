/** Loops over arrays of floats: pointwise formulas, sums, transposes and conversions. */
import type { Arithmetic, Pointwise } from '../pointwise.js';
import {
  type Code,
  type FunctionWriter,
  f32,
  f32x4,
  forLoop,
  i32,
  i32x4,
  type Local,
  type ModuleWriter,
  plus,
  v128,
  when,
} from './assembler.js';

/** Stores the first `lanes` (1 to 4) floats of a vector. */
export function storeLanes(address: Code, value: Code, lanes: Code): Code {
  return when(i32.lt(i32.const(3), lanes), v128.store(address, value), [
    v128.storeLane(address, value, 0),
    when(i32.lt(i32.const(1), lanes), v128.storeLane(address, value, 1)),
    when(i32.lt(i32.const(2), lanes), v128.storeLane(address, value, 2)),
  ]);
}

/**
 * @param prologue gets the code that comes before the loop: constants stay in variables, which costs a load where making
 *   them anew costs three instructions
 * @param statements gets the code of values that are used more than once
 */
function vectorArithmetic(f: FunctionWriter, prologue: Code[], statements: Code[]): Arithmetic<Code> {
  const constants = new Map<number, Code>();
  const products = new Map<Code, [Code, Code]>();
  const madd = (a: Code, b: Code): Code | undefined => {
    const factors = products.get(a);
    return factors && f32x4.relaxedMadd(...factors, b);
  };
  return {
    constant(value) {
      let constant = constants.get(value);
      if (constant === undefined) {
        const [local, set] = f.let('v128', f32x4.splat(f32.const(value)));
        prologue.push(set);
        constant = local.get;
        constants.set(value, constant);
      }
      return constant;
    },
    add: (a, b) => madd(a, b) ?? madd(b, a) ?? f32x4.add(a, b),
    sub: f32x4.sub,
    mul(a, b) {
      const product = f32x4.mul(a, b);
      products.set(product, [a, b]);
      return product;
    },
    div: f32x4.div,
    max: f32x4.pmax,
    min: f32x4.pmin,
    sqrt: f32x4.sqrt,
    abs: f32x4.abs,
    ifGreater: (a, b, then, otherwise) => v128.select(then, otherwise, f32x4.gt(a, b)),
    once: (value) => {
      const [local, set] = f.let('v128', value);
      statements.push(set);
      return local.get;
    },
  };
}

/**
 * Adds `name(...arrays, ...scalars, n)`: the formula over n floats, four at a time. `arrays` are pointers, first those
 * read and then those only written. A last vector may read up to 12 bytes past the arrays; it writes none of them. Where
 * arrays are gapped, it is `name(...arrays, ...scalars, n, rows, gap)`: rows of n floats, and `gap` bytes between those
 * of the gapped arrays.
 */
export function writePointwise(module: ModuleWriter, name: string, pointwise: Pointwise): void {
  const { reads, writes, scalars, gapped = [] } = pointwise;
  const arrays = [...new Set([...reads, ...writes])];
  const params = Object.fromEntries([
    ...arrays.map((array) => [array, 'i32'] as const),
    ...scalars.map((scalar) => [scalar, 'f32'] as const),
    ['n', 'i32'] as const,
    ...(gapped.length > 0 ? [['rows', 'i32'] as const, ['gap', 'i32'] as const] : []),
  ]);
  module.func(name, params, (p, f) => {
    const values: Record<string, Code> = {};
    const prologue: Code[] = [];
    for (const scalar of scalars) {
      const [local, set] = f.let('v128', f32x4.splat(p[scalar]!.get));
      prologue.push(set);
      values[scalar] = local.get;
    }
    const body: Code[] = [];
    for (const array of reads) {
      const [local, set] = f.let('v128', v128.load(p[array]!.get));
      body.push(set);
      values[array] = local.get;
    }
    const results = pointwise.formula(vectorArithmetic(f, prologue, body), values);
    const stores = writes.map((array) => {
      const [local, set] = f.let('v128', results[array]!);
      body.push(set);
      return [p[array]!.get, local.get] as const;
    });
    const i = f.local('i32');
    const rest = i32.and(p.n!.get, i32.const(3));
    const advance = (all: readonly string[], bytes: Code): Code[] =>
      all.map((array) => p[array]!.set(i32.add(p[array]!.get, bytes)));
    const row = [
      i.set(i32.const(3)),
      forLoop(i, p.n!.get, 4, [
        body,
        stores.map(([at, value]) => v128.store(at, value)),
        advance(arrays, i32.const(16)),
      ]),
      when(rest, [body, stores.map(([at, value]) => storeLanes(at, value, rest))]),
    ];
    if (gapped.length === 0) return [prologue, row];
    const next = [advance(arrays, i32.shl(rest, 2)), advance(gapped, p.gap!.get)];
    return [prologue, forLoop(f.local('i32'), p.rows!.get, 1, [row, next])];
  });
}

/** Adds `sumOfSquares(x, n)`: a NaN or infinity anywhere shows in the result. */
export function writeSumOfSquares(module: ModuleWriter): void {
  module.func(
    'sumOfSquares',
    { x: 'i32', n: 'i32' },
    ({ x, n }, f) => {
      // Four sums, so that one addition need not wait for the last one's result.
      const sums = [0, 1, 2, 3].map(() => f.local('v128'));
      const value = f.local('v128');
      const rest = f.local('f32');
      const i = f.local('i32');
      const add = (sum: Local, offset: number): Code => [
        value.set(v128.load(x.get, offset)),
        sum.set(f32x4.add(sum.get, f32x4.mul(value.get, value.get))),
      ];
      const [a, b, c, d] = sums.map((sum) => sum.get) as [Code, Code, Code, Code];
      return [
        i.set(i32.const(15)),
        forLoop(i, n.get, 16, [
          sums.map((sum, lane) => add(sum, 16 * lane)),
          x.set(i32.add(x.get, i32.const(64))),
        ]),
        i.set(i32.sub(i.get, i32.const(15))),
        forLoop(i, n.get, 1, [
          rest.set(f32.add(rest.get, f32.mul(f32.load(x.get), f32.load(x.get)))),
          x.set(i32.add(x.get, i32.const(4))),
        ]),
        value.set(f32x4.add(f32x4.add(a, b), f32x4.add(c, d))),
        [0, 1, 2, 3].map((lane) => rest.set(f32.add(rest.get, f32x4.extract(value.get, lane)))),
        rest.get,
      ];
    },
    'f32',
  );
}

/** Adds `copyRows(from, fromStride, to, toStride, rows, n)`: rows of n floats, the strides in bytes. */
export function writeCopyRows(module: ModuleWriter): void {
  const params = {
    from: 'i32',
    fromStride: 'i32',
    to: 'i32',
    toStride: 'i32',
    rows: 'i32',
    n: 'i32',
  } as const;
  module.func('copyRows', params, ({ from, fromStride, to, toStride, rows, n }, f) => {
    const [row, i, source, target] = [f.local('i32'), f.local('i32'), f.local('i32'), f.local('i32')];
    const both = (bytes: number): Code => [plus(source, i32.const(bytes)), plus(target, i32.const(bytes))];
    return forLoop(row, rows.get, 1, [
      [source.set(from.get), target.set(to.get), i.set(i32.const(3))],
      forLoop(i, n.get, 4, [v128.store(target.get, v128.load(source.get)), both(16)]),
      i.set(i32.sub(i.get, i32.const(3))),
      forLoop(i, n.get, 1, [f32.store(target.get, f32.load(source.get)), both(4)]),
      [plus(from, fromStride.get), plus(to, toStride.get)],
    ]);
  });
}

/** Adds `columnSums(x, out, rows, columns)`: out [columns] = the sum over the rows of x [rows, columns]. */
export function writeColumnSums(module: ModuleWriter): void {
  const params = { x: 'i32', out: 'i32', rows: 'i32', columns: 'i32' } as const;
  module.func('columnSums', params, ({ x, out, rows, columns }, f) => {
    const left = f.local('i32');
    const i = f.local('i32');
    const at = f.local('i32');
    const sum = f.local('v128');
    const stride = i32.shl(columns.get, 2);
    return [
      left.set(columns.get),
      when(left.get, [
        0x03,
        0x40,
        [at.set(x.get), sum.set(f32x4.splat(f32.const(0))), i.set(i32.const(0))],
        forLoop(i, rows.get, 1, [
          sum.set(f32x4.add(sum.get, v128.load(at.get))),
          at.set(i32.add(at.get, stride)),
        ]),
        storeLanes(out.get, sum.get, left.get),
        x.set(i32.add(x.get, i32.const(16))),
        out.set(i32.add(out.get, i32.const(16))),
        left.set(i32.sub(left.get, i32.const(4))),
        i32.lt(i32.const(0), left.get),
        0x0d,
        0,
        0x0b,
      ]),
    ];
  });
}

/** The four columns of four rows in registers: code that comes first, and then the value of each. */
export function transposeFour(f: FunctionWriter, rows: readonly Local[]): [mix: Code, columns: Code[]] {
  const [a, b, c, d] = rows.map((row) => row.get) as [Code, Code, Code, Code];
  const [p, q, r, s] = [0, 1, 2, 3].map(() => f.local('v128')) as [Local, Local, Local, Local];
  return [
    [
      p.set(v128.shuffle(a, b, [0, 4, 1, 5])),
      q.set(v128.shuffle(a, b, [2, 6, 3, 7])),
      r.set(v128.shuffle(c, d, [0, 4, 1, 5])),
      s.set(v128.shuffle(c, d, [2, 6, 3, 7])),
    ],
    [
      v128.shuffle(p.get, r.get, [0, 1, 4, 5]),
      v128.shuffle(p.get, r.get, [2, 3, 6, 7]),
      v128.shuffle(q.get, s.get, [0, 1, 4, 5]),
      v128.shuffle(q.get, s.get, [2, 3, 6, 7]),
    ],
  ];
}

/** Adds `transpose(x, out, rows, columns)`: out [columns, rows] = xᵀ. */
export function writeTranspose(module: ModuleWriter): void {
  const params = { x: 'i32', out: 'i32', rows: 'i32', columns: 'i32' } as const;
  module.func('transpose', params, ({ x, out, rows, columns }, f) => {
    const i = f.local('i32');
    const j = f.local('i32');
    const from = f.local('i32');
    const to = f.local('i32');
    const inRow = f.local('i32');
    const outRow = f.local('i32');
    const lanes = [0, 1, 2, 3].map(() => f.local('v128'));
    const [mix, columnsOfFour] = transposeFour(f, lanes);
    const four = i32.const(4);
    const remainder = f.local('i32');
    // Sixteen floats at a time through registers; what is left of the columns one by one.
    const block: Code = [
      lanes.map((lane) => [lane.set(v128.load(from.get)), plus(from, inRow.get)]),
      mix,
      columnsOfFour.map((column) => [v128.store(to.get, column), plus(to, outRow.get)]),
    ];
    const single = (count: Code): Code => [
      remainder.set(i32.const(0)),
      forLoop(remainder, count, 1, [
        f32.store(to.get, f32.load(from.get)),
        plus(from, inRow.get),
        plus(to, four),
      ]),
    ];
    const column = (count: Code): Code => [
      from.set(i32.add(x.get, i32.add(i32.mul(i.get, inRow.get), i32.shl(j.get, 2)))),
      to.set(i32.add(out.get, i32.add(i32.mul(j.get, outRow.get), i32.shl(i.get, 2)))),
      single(count),
    ];
    return [
      inRow.set(i32.shl(columns.get, 2)),
      outRow.set(i32.shl(rows.get, 2)),
      forLoop(i, i32.sub(rows.get, i32.const(3)), 4, [
        j.set(i32.const(0)),
        forLoop(j, i32.sub(columns.get, i32.const(3)), 4, [
          from.set(i32.add(x.get, i32.add(i32.mul(i.get, inRow.get), i32.shl(j.get, 2)))),
          to.set(i32.add(out.get, i32.add(i32.mul(j.get, outRow.get), i32.shl(i.get, 2)))),
          block,
        ]),
        forLoop(j, columns.get, 1, column(four)),
      ]),
      j.set(i32.const(0)),
      forLoop(j, columns.get, 1, column(i32.sub(rows.get, i.get))),
    ];
  });
}

/** Adds `bytesToFloats(bytes, out, n, scale)`: out [n] = bytes [n] · scale. `bytes` may be the last n of out's 4·n. */
export function writeBytesToFloats(module: ModuleWriter): void {
  const params = { bytes: 'i32', out: 'i32', n: 'i32', scale: 'f32' } as const;
  module.func('bytesToFloats', params, ({ bytes, out, n, scale }, f) => {
    const i = f.local('i32');
    const eight = f.local('v128');
    const factor = f.local('v128');
    const half = (lanes: Code): Code => f32x4.mul(f32x4.fromU32x4(lanes), factor.get);
    return [
      factor.set(f32x4.splat(scale.get)),
      i.set(i32.const(7)),
      forLoop(i, n.get, 8, [
        eight.set(v128.load8x8u(bytes.get)),
        v128.store(out.get, half(i32x4.extendLow16u(eight.get))),
        v128.store(out.get, half(i32x4.extendHigh16u(eight.get)), 16),
        plus(bytes, i32.const(8)),
        plus(out, i32.const(32)),
      ]),
      i.set(i32.sub(i.get, i32.const(7))),
      forLoop(i, n.get, 1, [
        f32.store(out.get, f32.mul(f32.fromU32(i32.load8u(bytes.get)), scale.get)),
        plus(bytes, i32.const(1)),
        plus(out, i32.const(4)),
      ]),
    ];
  });
}
