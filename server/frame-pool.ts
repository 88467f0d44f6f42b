/**
 * Memory for outgoing frames. The socket may hold a frame until the kernel has taken it, so a frame is taken, written,
 * sent, and comes back when the send has completed: a steady stream of steps allocates nothing.
 */
export class FramePool {
  readonly #free: Frame[] = [];

  /** @param keep - frames kept for reuse; more than that are left to the garbage collector. */
  constructor(private readonly keep = 4) {}

  /** A frame of at least `size` bytes. */
  take(size: number): Frame {
    const frame = this.#free.pop();
    if (frame && frame.bytes.length >= size) return frame;
    const made: Frame = {
      bytes: Buffer.allocUnsafeSlow(size),
      release: () => {
        if (this.#free.length < this.keep) this.#free.push(made);
      },
    };
    return made;
  }
}

export interface Frame {
  readonly bytes: Buffer;
  /** Gives the frame back. Once. */
  readonly release: () => void;
}
