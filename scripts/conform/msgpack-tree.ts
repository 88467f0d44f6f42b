/** A msgpack value with the place of each of its parts, for those who show or compare bytes. */

/** One value, from byte `start` to before byte `end`. */
export interface Node {
  readonly start: number;
  /** End of the header: of the whole value, where it holds no others. */
  readonly head: number;
  readonly end: number;
  /** Of a value that holds no others; a bin is a view into the frame. */
  readonly value?: unknown;
  readonly entries?: readonly (readonly [key: Node, value: Node])[];
  readonly elements?: readonly Node[];
}

/** The value that begins at byte `start` of a well-formed frame. */
export function parseTree(frame: Buffer, start = 0): Node {
  const byte = frame[start]!;
  const leaf = (end: number, value: unknown): Node => ({ start, head: end, end, value });
  const array = (length: number, head: number) => {
    const elements: Node[] = [];
    let end = head;
    for (let i = 0; i < length; i++) {
      const element = parseTree(frame, end);
      elements.push(element);
      end = element.end;
    }
    return { start, head, end, elements };
  };
  const map = (length: number, head: number): Node => {
    const { elements, end } = array(2 * length, head);
    const entries = Array.from({ length }, (_, i) => [elements[2 * i]!, elements[2 * i + 1]!] as const);
    return { start, head, end, entries };
  };
  const text = (length: number, head: number): Node =>
    leaf(head + length, frame.toString('utf8', head, head + length));
  const bin = (length: number, head: number): Node =>
    leaf(head + length, frame.subarray(head, head + length));
  const at = start + 1;

  if (byte < 0x80) return leaf(at, byte);
  if (byte >= 0xe0) return leaf(at, byte - 256);
  if (byte < 0x90) return map(byte & 0x0f, at);
  if (byte < 0xa0) return array(byte & 0x0f, at);
  if (byte < 0xc0) return text(byte & 0x1f, at);
  switch (byte) {
    case 0xc0:
      return leaf(at, null);
    case 0xc2:
    case 0xc3:
      return leaf(at, byte === 0xc3);
    case 0xc4:
      return bin(frame[at]!, at + 1);
    case 0xc5:
      return bin(frame.readUInt16BE(at), at + 2);
    case 0xc6:
      return bin(frame.readUInt32BE(at), at + 4);
    case 0xca:
      return leaf(at + 4, frame.readFloatBE(at));
    case 0xcb:
      return leaf(at + 8, frame.readDoubleBE(at));
    case 0xcc:
    case 0xcd:
    case 0xce: {
      const width = 1 << (byte - 0xcc);
      return leaf(at + width, frame.readUIntBE(at, width));
    }
    case 0xcf:
      return leaf(at + 8, Number(frame.readBigUInt64BE(at)));
    case 0xd0:
    case 0xd1:
    case 0xd2: {
      const width = 1 << (byte - 0xd0);
      return leaf(at + width, frame.readIntBE(at, width));
    }
    case 0xd3:
      return leaf(at + 8, Number(frame.readBigInt64BE(at)));
    case 0xd9:
      return text(frame[at]!, at + 1);
    case 0xda:
      return text(frame.readUInt16BE(at), at + 2);
    case 0xdb:
      return text(frame.readUInt32BE(at), at + 4);
    case 0xdc:
      return array(frame.readUInt16BE(at), at + 2);
    case 0xdd:
      return array(frame.readUInt32BE(at), at + 4);
    case 0xde:
      return map(frame.readUInt16BE(at), at + 2);
    case 0xdf:
      return map(frame.readUInt32BE(at), at + 4);
    default:
      throw new Error(`byte ${start}: 0x${byte.toString(16)} is an extension type or unused`);
  }
}

/** The value as JavaScript has it; a bin is a view into the frame. */
export function plain({ value, entries, elements }: Node): unknown {
  if (entries) return Object.fromEntries(entries.map(([key, child]) => [String(plain(key)), plain(child)]));
  return elements ? elements.map(plain) : value;
}
