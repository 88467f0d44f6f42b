/**
 * Memory for outgoing frames. The socket may hold a frame until the kernel has taken it, so a frame is taken, written,
 * sent, and comes back when the send has completed: a steady stream of steps allocates nothing.
 */
export class FramePool {
  readonly #free: Frame[] = [];

  /**
   * @param onSent - called when a frame has been sent.
   * @param keep - frames kept for reuse; more than that are left to the garbage collector.
   */
  constructor(
    private readonly onSent: () => void,
    private readonly keep = 4,
  ) {}

  /** A frame of at least `size` bytes. */
  take(size: number): Frame {
    const frame = this.#free.pop();
    if (frame && frame.bytes.length >= size) return frame;
    const made: Frame = {
      bytes: Buffer.allocUnsafeSlow(size),
      sent: () => {
        if (this.#free.length < this.keep) this.#free.push(made);
        this.onSent();
      },
    };
    return made;
  }
}

export interface Frame {
  readonly bytes: Buffer;
  /** Gives the frame back. Called once, when the socket is done with it. */
  readonly sent: () => void;
}

/** Room that a WebSocket header takes at most, from a server: two bytes, and eight of length. */
export const FRAME_HEADER_BYTES = 10;

/**
 * Writes the header of a final, unmasked binary frame (RFC 6455, 5.2) so that it ends at `FRAME_HEADER_BYTES`, where
 * the payload begins. Gives the offset at which it begins.
 */
export function writeFrameHeader(bytes: Buffer, length: number): number {
  const start = length < 126 ? 8 : length < 0x10000 ? 6 : 0;
  bytes[start] = 0x82;
  if (start === 8) {
    bytes[9] = length;
  } else if (start === 6) {
    bytes[7] = 126;
    bytes.writeUInt16BE(length, 8);
  } else {
    bytes[1] = 127;
    bytes.writeBigUInt64BE(BigInt(length), 2);
  }
  return start;
}
