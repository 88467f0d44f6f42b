/** msgpack written in every form that there is: what a sender MAY do, and a receiver has to understand. */

/** How values are written. */
export interface Style {
  /** The forms of the integers in a message, in turns. */
  readonly integers: readonly IntegerForm[];
  /** Bytes of the length of strings, bins, arrays and maps; 0 for the shortest form that there is. */
  readonly lengths: 0 | 2 | 4;
}

export const INTEGER_FORMS = [
  'short',
  'uint64',
  'uint8',
  'float64',
  'int32',
  'uint16',
  'int64',
  'int8',
  'float32',
  'uint32',
  'int16',
] as const;
export type IntegerForm = (typeof INTEGER_FORMS)[number];

export const SHORT: Style = { integers: ['short'], lengths: 0 };

/** One value in a style. Integers that do not fit their form are written as short as can be. */
export function pack(root: unknown, style: Style = SHORT): Buffer {
  const parts: Buffer[] = [];
  let integers = 0;
  const write = (value: unknown): void => {
    if (value === null || value === undefined) parts.push(Buffer.of(0xc0));
    else if (typeof value === 'boolean') parts.push(Buffer.of(value ? 0xc3 : 0xc2));
    else if (typeof value === 'number') {
      const form = style.integers[integers % style.integers.length]!;
      if (Number.isSafeInteger(value)) integers++;
      parts.push(number(value, form));
    } else if (typeof value === 'string') {
      const text = Buffer.from(value);
      parts.push(header(text.length, style, { fix: [0xa0, 32], wide: [0xd9, 0xda, 0xdb] }), text);
    } else if (value instanceof Uint8Array) {
      parts.push(header(value.length, style, { wide: [0xc4, 0xc5, 0xc6] }), Buffer.from(value));
    } else if (Array.isArray(value)) {
      parts.push(header(value.length, style, { fix: [0x90, 16], wide: [undefined, 0xdc, 0xdd] }));
      for (const element of value) write(element);
    } else {
      const entries = Object.entries(value).filter(([, field]) => field !== undefined);
      parts.push(header(entries.length, style, { fix: [0x80, 16], wide: [undefined, 0xde, 0xdf] }));
      for (const [name, field] of entries) {
        write(name);
        write(field);
      }
    }
  };
  write(root);
  return Buffer.concat(parts);
}

interface Headers {
  /** First byte and number of lengths of the form that holds its length in the type byte. */
  readonly fix?: readonly [byte: number, count: number];
  /** Type bytes with one, two and four bytes of length. */
  readonly wide: readonly [one: number | undefined, two: number, four: number];
}

function header(length: number, { lengths }: Style, { fix, wide: [one, two, four] }: Headers): Buffer {
  if (lengths === 0 && fix && length < fix[1]) return Buffer.of(fix[0] | length);
  if (lengths === 0 && one !== undefined && length < 2 ** 8) return Buffer.of(one, length);
  const bytes = Buffer.alloc(5);
  if (lengths <= 2 && length < 2 ** 16) {
    bytes[0] = two;
    bytes.writeUInt16BE(length, 1);
    return bytes.subarray(0, 3);
  }
  bytes[0] = four;
  bytes.writeUInt32BE(length, 1);
  return bytes;
}

/** Writes an integer in a form; undefined where that does not hold it. */
const WRITERS: Readonly<Record<Exclude<IntegerForm, 'short'>, (value: number) => Buffer | undefined>> = {
  uint8: (value) => (value >= 0 && value < 2 ** 8 ? Buffer.of(0xcc, value) : undefined),
  uint16: (value) => (value >= 0 && value < 2 ** 16 ? unsigned(0xcd, value, 2) : undefined),
  uint32: (value) => (value >= 0 && value < 2 ** 32 ? unsigned(0xce, value, 4) : undefined),
  uint64: (value) => (value >= 0 ? wide(0xcf, value) : undefined),
  int8: (value) => (Math.abs(value) < 2 ** 7 ? signed(0xd0, value, 1) : undefined),
  int16: (value) => (Math.abs(value) < 2 ** 15 ? signed(0xd1, value, 2) : undefined),
  int32: (value) => (Math.abs(value) < 2 ** 31 ? signed(0xd2, value, 4) : undefined),
  int64: (value) => wide(0xd3, value),
  float32(value) {
    const bytes = Buffer.alloc(5, 0xca);
    bytes.writeFloatBE(value, 1);
    return bytes.readFloatBE(1) === value ? bytes : undefined;
  },
  float64,
};

function unsigned(type: number, value: number, width: number): Buffer {
  const bytes = Buffer.alloc(1 + width, type);
  bytes.writeUIntBE(value, 1, width);
  return bytes;
}

function signed(type: number, value: number, width: number): Buffer {
  const bytes = Buffer.alloc(1 + width, type);
  bytes.writeIntBE(value, 1, width);
  return bytes;
}

function wide(type: number, value: number): Buffer {
  const bytes = Buffer.alloc(9, type);
  bytes.writeBigInt64BE(BigInt(value), 1);
  return bytes;
}

function float64(value: number): Buffer {
  const bytes = Buffer.alloc(9, 0xcb);
  bytes.writeDoubleBE(value, 1);
  return bytes;
}

function number(value: number, form: IntegerForm): Buffer {
  if (!Number.isSafeInteger(value)) return float64(value);
  const styled = form === 'short' ? undefined : WRITERS[form](value);
  if (styled) return styled;
  if (value >= 0 && value < 2 ** 7) return Buffer.of(value);
  if (value >= -(2 ** 5) && value < 0) return Buffer.of(0x100 + value);
  return WRITERS.uint8(value) ?? WRITERS.uint16(value) ?? WRITERS.int32(value) ?? WRITERS.int64(value)!;
}
