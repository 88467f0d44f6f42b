import { WebSocket } from 'ws';

/** A frame that ws refuses closes the connection with one of these; the client is told why in our own words first. */
const REFUSED: Readonly<Record<number, 'bad_frame' | 'frame_too_large'>> = {
  1002: 'bad_frame',
  1007: 'bad_frame',
  1008: 'bad_frame', // too many fragments
  1009: 'frame_too_large',
};

/** What ws keeps of a message that has not come to its end. It has no public word for that. */
interface Receiver {
  /** What has come and is not taken in yet, in pieces. */
  _buffers: Buffer[];
  _bufferedBytes: number;
  readonly _fragmented: number;
  readonly _state: number;
  /** Of the frame that is coming. */
  readonly _payloadLength: number;
  _mask: Buffer;
  _write: Write;
  /** Whether it gives all messages that came in one piece at once; the option `allowSynchronousEvents`. */
  _allowSynchronousEvents: boolean;
  _maxPayload: number;
  /** Whether it goes on to the next message of what has come. */
  _loop: boolean;
  /** Goes on with what has come. */
  startLoop(done: Done): void;
}

/** It can take more, or failed. */
type Done = (error?: Error) => void;
/** Takes a piece. */
type Write = (piece: Buffer, encoding: BufferEncoding, done: Done) => void;

/** The receiver is amid the payload of a frame. */
const GET_DATA = 4;
const NO_MASK = Buffer.alloc(4);
/** Bytes that have come of a frame, from which on it is put together piece by piece. */
const LARGE = 2 ** 18;

/** A large frame's payload, put together and unmasked as its pieces come: ws does it at the end, at once. */
class LargePayload {
  readonly #bytes: Buffer;
  #length = 0;

  constructor(private readonly receiver: Receiver) {
    this.#bytes = Buffer.allocUnsafeSlow(receiver._payloadLength);
    for (const piece of receiver._buffers) this.#take(piece);
    receiver._buffers = [];
    receiver._bufferedBytes = 0;
  }

  /** Takes the next piece; true where it was the last, which goes back to the receiver with what is behind it. */
  add(piece: Buffer): boolean {
    const rest = this.#take(piece);
    if (this.#length < this.#bytes.length) return false;
    this.receiver._buffers = rest.length > 0 ? [this.#bytes, rest] : [this.#bytes];
    this.receiver._bufferedBytes = this.#bytes.length + rest.length;
    this.receiver._mask = NO_MASK;
    return true;
  }

  #take(piece: Buffer): Buffer {
    const start = this.#length;
    const bytes = this.#bytes;
    const mask = this.receiver._mask;
    this.#length += piece.copy(bytes, start);
    for (let i = start; i < this.#length; i++) bytes[i]! ^= mask[i & 3]!;
    return piece.subarray(this.#length - start);
  }
}

/** ws's WebSocket, which tells its owner why ws closes it before it does. */
export class ServerSocket extends WebSocket {
  /** A frame is refused: there may be something to say. */
  onRefused: ((code: 'bad_frame' | 'frame_too_large') => void) | undefined;
  #isHeld = false;
  /** Of the piece that is being handled. */
  #done: Done = () => {};
  /** The client closes with this code. The event `close` comes later, when all is over. */
  onClosing: ((code: number) => void) | undefined;

  override close(code?: number, reason?: string | Buffer): void {
    const refusal = code === undefined || reason !== undefined ? undefined : REFUSED[code];
    if (this.readyState === WebSocket.OPEN) {
      if (refusal) this.onRefused?.(refusal);
      else this.onClosing?.(code ?? 1005);
    }
    super.close(code, refusal ?? reason);
  }

  get #receiver(): Receiver | null {
    return (this as unknown as { readonly _receiver: Receiver | null })._receiver;
  }

  /** To be called once, before anything has come. */
  takeOver(): void {
    const receiver = this.#receiver;
    if (!receiver) return;
    const write: Write = receiver._write.bind(receiver);
    let large: LargePayload | undefined;
    receiver._write = (piece, encoding, done) => {
      if (receiver._state === GET_DATA && receiver._bufferedBytes >= LARGE)
        large = new LargePayload(receiver);
      if (!large) {
        write(piece, encoding, done);
      } else if (large.add(piece)) {
        large = undefined;
        receiver.startLoop(done);
      } else {
        setImmediate(done);
      }
    };
    // While messages of a piece are held it is not done: another piece in between, and ws would lose track of both.
    const loop = receiver.startLoop.bind(receiver);
    const handled: Done = (error) => {
      if (this.#isHeld && !error) return;
      const done = this.#done;
      this.#done = () => {};
      done(error);
    };
    receiver.startLoop = (done) => {
      if (done !== handled) this.#done = done;
      if (!this.#isHeld) loop(handled);
    };
    this.#goOn = () => receiver.startLoop(handled);
  }

  #goOn = (): void => {};

  /** No further message is given, not even one that has come with the last. */
  hold(): void {
    const receiver = this.#receiver;
    if (!receiver || this.#isHeld || this.readyState !== WebSocket.OPEN) return;
    this.#isHeld = true;
    receiver._loop = false;
  }

  /** Messages are given again from the next turn of the event loop on, those first that have come. */
  release(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    setImmediate(this.#goOn);
  }

  /** Whether a part of a message has come. */
  get isAmidMessage(): boolean {
    const receiver = this.#receiver;
    return (
      receiver !== null && (receiver._bufferedBytes > 0 || receiver._fragmented > 0 || receiver._state > 0)
    );
  }

  /** Takes messages of up to so many bytes from here on. */
  setMaxPayload(bytes: number): void {
    const receiver = this.#receiver;
    if (receiver) receiver._maxPayload = bytes;
  }

  /** Whether everybody else has a turn between two messages, also where these came in one piece. */
  setYielding(isYielding: boolean): void {
    const receiver = this.#receiver;
    if (receiver) receiver._allowSynchronousEvents = !isYielding;
  }
}
