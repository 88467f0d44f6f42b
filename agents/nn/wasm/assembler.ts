/**
 * A WebAssembly assembler of the few instructions that the kernels need. Code is a nested list of bytes in the order
 * of the binary format (https://webassembly.github.io/spec/core/binary/), so an expression is written as a call:
 * `f32x4.add(a, b)` is the code of `a`, the code of `b`, and the instruction. `encodeModule` makes the bytes.
 */

export type Code = number | readonly Code[];
export type ValueType = keyof typeof VALUE_TYPES;

const VALUE_TYPES = { i32: 0x7f, f32: 0x7d, v128: 0x7b } as const;
const EMPTY_BLOCK = 0x40;
const SHARED = 3;
/** Of a memory, 64 KiB each. */
export const MOST_PAGES = 65536;

/** Makes the code of a call. */
export type Call = (...args: Code[]) => Code;

/** A variable of a function: its own value as code, and the code that sets it. */
export interface Local {
  readonly get: Code;
  set(value: Code): Code;
}

/** One exported function while it is written. */
export interface FunctionWriter {
  /** A new local variable. */
  local(type: ValueType): Local;
  /** A new local and the code that sets it, for `const [x, setX] = f.let('i32', value)`. */
  let(type: ValueType, value: Code): [Local, Code];
}

interface FunctionType {
  readonly params: ValueType[];
  readonly result: ValueType | undefined;
}

interface WrittenFunction extends FunctionType {
  readonly name: string;
  readonly locals: ValueType[];
  readonly body: Code;
}

/** Unsigned LEB128. */
function u32(value: number): number[] {
  const bytes: number[] = [];
  let rest = value >>> 0;
  do {
    const more = rest > 0x7f;
    bytes.push((rest & 0x7f) | (more ? 0x80 : 0));
    rest >>>= 7;
  } while (rest !== 0);
  return bytes;
}

/** Signed LEB128. */
function s32(value: number): number[] {
  const bytes: number[] = [];
  let rest = value | 0;
  for (;;) {
    const byte = rest & 0x7f;
    rest >>= 7;
    if ((rest === 0 && (byte & 0x40) === 0) || (rest === -1 && (byte & 0x40) !== 0)) {
      bytes.push(byte);
      return bytes;
    }
    bytes.push(byte | 0x80);
  }
}

function float32(value: number): number[] {
  return [...new Uint8Array(new Float32Array([value]).buffer)];
}

const simd = (opcode: number, ...operands: Code[]): Code => [operands, 0xfd, u32(opcode)];
/** Alignment hint 2^2 and the constant byte offset of a load or store. */
const memarg = (offset: number): Code => [2, u32(offset)];

export const i32 = {
  const: (value: number): Code => [0x41, s32(value)],
  add: (a: Code, b: Code): Code => [a, b, 0x6a],
  sub: (a: Code, b: Code): Code => [a, b, 0x6b],
  mul: (a: Code, b: Code): Code => [a, b, 0x6c],
  and: (a: Code, b: Code): Code => [a, b, 0x71],
  shl: (a: Code, bits: number): Code => [a, i32.const(bits), 0x74],
  /** Of numbers from 0 on. */
  shr: (a: Code, bits: number): Code => [a, i32.const(bits), 0x76],
  eq: (a: Code, b: Code): Code => [a, b, 0x46],
  lt: (a: Code, b: Code): Code => [a, b, 0x48],
  le: (a: Code, b: Code): Code => [a, b, 0x4c],
  load: (address: Code, offset = 0): Code => [address, 0x28, memarg(offset)],
  store: (address: Code, value: Code, offset = 0): Code => [address, value, 0x36, memarg(offset)],
  load8u: (address: Code): Code => [address, 0x2d, 0, u32(0)],
};

export const f32 = {
  const: (value: number): Code => [0x43, float32(value)],
  load: (address: Code, offset = 0): Code => [address, 0x2a, memarg(offset)],
  store: (address: Code, value: Code, offset = 0): Code => [address, value, 0x38, memarg(offset)],
  add: (a: Code, b: Code): Code => [a, b, 0x92],
  sub: (a: Code, b: Code): Code => [a, b, 0x93],
  mul: (a: Code, b: Code): Code => [a, b, 0x94],
  div: (a: Code, b: Code): Code => [a, b, 0x95],
  min: (a: Code, b: Code): Code => [a, b, 0x96],
  max: (a: Code, b: Code): Code => [a, b, 0x97],
  sqrt: (a: Code): Code => [a, 0x91],
  gt: (a: Code, b: Code): Code => [a, b, 0x5e],
  ne: (a: Code, b: Code): Code => [a, b, 0x5c],
  fromU32: (a: Code): Code => [a, 0xb3],
};

export const v128 = {
  load: (address: Code, offset = 0): Code => [address, 0xfd, u32(0), memarg(offset)],
  store: (address: Code, value: Code, offset = 0): Code => [address, value, 0xfd, u32(11), memarg(offset)],
  /** Loads one float into all four lanes. */
  splatLoad: (address: Code, offset = 0): Code => [address, 0xfd, u32(9), memarg(offset)],
  /** Loads four unsigned bytes' worth of 16 bits each from eight bytes. */
  load8x8u: (address: Code, offset = 0): Code => [address, 0xfd, u32(2), 0, u32(offset)],
  storeLane: (address: Code, value: Code, lane: number): Code => [
    address,
    value,
    0xfd,
    u32(90),
    memarg(4 * lane),
    lane,
  ],
  and: (a: Code, b: Code): Code => simd(78, a, b),
  /** Bits of `a` where `mask` is set, else of `b`. */
  select: (a: Code, b: Code, mask: Code): Code => simd(82, a, b, mask),
  /** Four of the eight lanes of `a` and `b`, by number. */
  shuffle: (a: Code, b: Code, lanes: [number, number, number, number]): Code => [
    a,
    b,
    0xfd,
    u32(13),
    lanes.flatMap((lane) => [4 * lane, 4 * lane + 1, 4 * lane + 2, 4 * lane + 3]),
  ],
};

export const i32x4 = {
  extendLow16u: (a: Code): Code => simd(169, a),
  extendHigh16u: (a: Code): Code => simd(170, a),
};

export const f32x4 = {
  splat: (a: Code): Code => simd(19, a),
  extract: (a: Code, lane: number): Code => [a, 0xfd, u32(31), lane],
  gt: (a: Code, b: Code): Code => simd(68, a, b),
  abs: (a: Code): Code => simd(224, a),
  neg: (a: Code): Code => simd(225, a),
  sqrt: (a: Code): Code => simd(227, a),
  add: (a: Code, b: Code): Code => simd(228, a, b),
  sub: (a: Code, b: Code): Code => simd(229, a, b),
  mul: (a: Code, b: Code): Code => simd(230, a, b),
  div: (a: Code, b: Code): Code => simd(231, a, b),
  min: (a: Code, b: Code): Code => simd(232, a, b),
  max: (a: Code, b: Code): Code => simd(233, a, b),
  /** `b < a ? b : a` and `a < b ? b : a`: one instruction each, where `min` and `max` are seven. */
  pmin: (a: Code, b: Code): Code => simd(234, a, b),
  pmax: (a: Code, b: Code): Code => simd(235, a, b),
  fromU32x4: (a: Code): Code => simd(251, a),
  /** a · b + c of relaxed SIMD: rounded once where the processor can. */
  relaxedMadd: (a: Code, b: Code, c: Code): Code => simd(261, a, b, c),
};

/** `local += by`. */
export const plus = (local: Local, by: Code): Code => local.set(i32.add(local.get, by));

/** `if (condition) then else otherwise`. */
export function when(condition: Code, then: Code, otherwise?: Code): Code {
  return [condition, 0x04, EMPTY_BLOCK, then, otherwise === undefined ? [] : [0x05, otherwise], 0x0b];
}

/** `while (condition) body`; the condition is tested at the end of each turn too, as an optimizing compiler would. */
export function whileLoop(condition: Code, body: Code): Code {
  return when(condition, [0x03, EMPTY_BLOCK, body, condition, 0x0d, 0, 0x0b]);
}

/** `for (; i < end; i += step) body`. */
export function forLoop(i: Local, end: Code, step: number | Code, body: Code): Code {
  const by = typeof step === 'number' ? i32.const(step) : step;
  return whileLoop(i32.lt(i.get, end), [body, i.set(i32.add(i.get, by))]);
}

/** Writes the functions of one module that works in a memory given to it. */
export class ModuleWriter {
  readonly #functions: WrittenFunction[] = [];

  /**
   * Adds an exported function.
   * @param params types by name; `write` gets them as locals and returns the body
   * @returns a function that makes the code of a call
   */
  func<P extends Record<string, ValueType>>(
    name: string,
    params: P,
    write: (args: { [K in keyof P]: Local }, f: FunctionWriter) => Code,
    result?: ValueType,
  ): Call {
    const names = Object.keys(params);
    const locals: ValueType[] = [];
    const variable = (index: number): Local => ({
      get: [0x20, u32(index)],
      set: (value) => [value, 0x21, u32(index)],
    });
    const writer: FunctionWriter = {
      local: (type) => variable(names.length + locals.push(type) - 1),
      let: (type, value) => {
        const local = writer.local(type);
        return [local, local.set(value)];
      },
    };
    const args = Object.fromEntries(names.map((param, index) => [param, variable(index)]));
    const body = write(args as { [K in keyof P]: Local }, writer);
    const index = this.#functions.push({ name, params: Object.values(params), result, locals, body }) - 1;
    return (...values) => [values, 0x10, u32(index)];
  }

  /** The bytes of the module. It imports its memory, a shared one, as `heap.memory`. */
  encode(): Uint8Array<ArrayBuffer> {
    const functions = this.#functions;
    const text = (name: string): Code => [u32(name.length), [...new TextEncoder().encode(name)]];
    const section = (id: number, items: Code[]): Code => {
      const content = flatten([u32(items.length), items]);
      return [id, u32(content.length), content];
    };
    const type = ({ params, result }: FunctionType): Code => [
      0x60,
      u32(params.length),
      params.map((param) => VALUE_TYPES[param]),
      result === undefined ? u32(0) : [1, VALUE_TYPES[result]],
    ];
    const code = ({ locals, body }: WrittenFunction): Code => {
      const content = flatten([
        u32(locals.length),
        locals.map((local) => [1, VALUE_TYPES[local]]),
        body,
        0x0b,
      ]);
      return [u32(content.length), content];
    };
    return new Uint8Array(
      flatten([
        [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
        section(1, functions.map(type)),
        section(2, [[text('heap'), text('memory'), 2, SHARED, u32(1), u32(MOST_PAGES)]]),
        section(
          3,
          functions.map((_, index) => u32(index)),
        ),
        section(
          7,
          functions.map(({ name }, index) => [text(name), 0, u32(index)]),
        ),
        section(10, functions.map(code)),
      ]),
    );
  }
}

function flatten(code: Code, into: number[] = []): number[] {
  if (typeof code === 'number') into.push(code);
  else for (const part of code) flatten(part, into);
  return into;
}
