/** WebSocket frames as a client sends them, and as none should (RFC 6455, 5.2). */
export const [CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG] = [0, 1, 2, 8, 9, 10] as const;

const MASK = [0x37, 0xfa, 0x21, 0x3d] as const;

export interface FrameBits {
  readonly fin?: boolean;
  readonly rsv?: number;
  /** How long it says that it is. */
  readonly length?: number;
}

/** A masked frame. */
export function frame(
  opcode: number,
  payload: Uint8Array | string = '',
  { fin = true, rsv = 0, length }: FrameBits = {},
): Buffer {
  const data = Buffer.from(payload as Uint8Array);
  const n = length ?? data.length;
  const [short, size] = n < 126 ? [n, 0] : n < 2 ** 16 ? [126, 2] : [127, 8];
  const head = Buffer.alloc(2 + size + MASK.length);
  head.set([(fin ? 0x80 : 0) | (rsv << 4) | opcode, 0x80 | short]);
  if (size > 0) head.writeUIntBE(n, size === 2 ? 2 : 4, size === 2 ? 2 : 6);
  head.set(MASK, 2 + size);
  for (let i = 0; i < data.length; i++) data[i]! ^= MASK[i & 3]!;
  return Buffer.concat([head, data]);
}
