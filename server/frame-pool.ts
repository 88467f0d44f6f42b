/** Room that a WebSocket header takes at most, from a server: two bytes, and eight of length. */
const HEADER_BYTES = 10;

/** What a frame is sent on. It is told when the kernel has taken it. */
export interface FrameCarrier {
  onSent(): void;
}

/** One outgoing message with its WebSocket header in front. It goes back to its pool when nobody holds it any more. */
export class Frame {
  /** Of the request that it answers. */
  id = 0;
  readonly #bytes: Buffer;
  #start = 0;
  #end = 0;
  #holds = 0;
  #carrier: FrameCarrier | undefined;
  #sent = (): void => {};

  /** @param size - the longest payload that fits. */
  constructor(
    size: number,
    private readonly pool: FramePool,
  ) {
    this.#bytes = Buffer.allocUnsafeSlow(size + HEADER_BYTES);
  }

  /** Bytes of memory that it takes. */
  get capacity(): number {
    return this.#bytes.length;
  }

  /** Bytes of header and payload. */
  get length(): number {
    return this.#end - this.#start;
  }

  /** Whether a payload of so many bytes goes in, and does not waste most of the memory. */
  fits(size: number): boolean {
    const { length } = this.#bytes;
    return size + HEADER_BYTES <= length && length <= 4 * size + 1024;
  }

  /** Puts in what `write` writes, which gives the length. */
  fill(write: (target: Uint8Array) => number): void {
    const length = write(this.#bytes.subarray(HEADER_BYTES));
    this.#start = writeFrameHeader(this.#bytes, length);
    this.#end = HEADER_BYTES + length;
  }

  /** Header and payload. */
  get content(): Uint8Array {
    return this.#bytes.subarray(this.#start, this.#end);
  }

  get payload(): Uint8Array {
    return this.#bytes.subarray(HEADER_BYTES, this.#end);
  }

  hold(): void {
    this.#holds++;
  }

  readonly release = (): void => {
    if (--this.#holds === 0) this.pool.giveBack(this);
  };

  /** To be called when `carrier` has sent it: releases it once, and tells the carrier. */
  sentOn(carrier: FrameCarrier): () => void {
    // Made once for all frames of a connection that this memory serves: a step allocates nothing.
    if (this.#carrier !== carrier) {
      this.#carrier = carrier;
      this.#sent = () => {
        this.release();
        carrier.onSent();
      };
    }
    return this.#sent;
  }
}

/**
 * Memory for outgoing frames, which are held until the kernel has taken them and the client has shown that it has them:
 * a steady stream of steps allocates nothing.
 */
export class FramePool {
  readonly #free: Frame[] = [];
  #freeBytes = 0;

  /**
   * @param keepBytes - memory kept for reuse; one frame is kept whatever its size.
   * @param keep - frames kept for reuse.
   */
  constructor(
    private readonly keepBytes: number,
    private readonly keep = 4,
  ) {}

  /** A frame for a payload of at most `size` bytes. */
  take(size: number): Frame {
    for (let i = this.#free.length - 1; i >= 0; i--) {
      const frame = this.#free[i]!;
      if (!frame.fits(size)) continue;
      this.#free[i] = this.#free.at(-1)!;
      this.#free.pop();
      this.#freeBytes -= frame.capacity;
      return frame;
    }
    return new Frame(size, this);
  }

  /** The frames that have been free for longest make room, for the garbage collector. */
  giveBack(frame: Frame): void {
    this.#free.push(frame);
    this.#freeBytes += frame.capacity;
    while (this.#free.length > this.keep || (this.#freeBytes > this.keepBytes && this.#free.length > 1)) {
      this.#freeBytes -= this.#free.shift()!.capacity;
    }
  }
}

/**
 * Writes the header of a final, unmasked binary frame (RFC 6455, 5.2) so that it ends where the payload begins. Gives
 * the offset at which it begins.
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
