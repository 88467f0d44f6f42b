import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';

/** What came from the server: a frame, text where no text may come, or the end of the connection. */
export type Arrival =
  | { readonly frame: Buffer }
  | { readonly text: string }
  | { readonly code: number; readonly reason: string };

/** A WebSocket that sends whatever it is told, and keeps what comes in order. */
export class RawClient {
  readonly #arrivals: Arrival[] = [];
  #onArrival: (() => void) | undefined;

  private constructor(private readonly socket: WebSocket) {
    socket.on('message', (data, isBinary) => {
      this.#arrive(isBinary ? { frame: data as Buffer } : { text: (data as Buffer).toString() });
    });
    socket.on('error', () => {}); // the close that follows tells
    socket.on('close', (code, reason) => this.#arrive({ code, reason: reason.toString() }));
  }

  /** Connects; rejects with what the network says. `compression` offers permessage-deflate. */
  static async open(url: string, compression = false): Promise<RawClient> {
    const client = new RawClient(
      new WebSocket(url, {
        perMessageDeflate: compression,
        maxPayload: 2 ** 31 - 1,
        handshakeTimeout: 10_000,
      }),
    );
    await once(client.socket, 'open');
    return client;
  }

  /** The extensions that were agreed on, as the handshake names them. */
  get extensions(): string {
    return this.socket.extensions;
  }

  /** Sends a binary message, or a text message where it is a string. */
  send(data: Uint8Array | string): void {
    this.socket.send(data);
  }

  /** Sends the beginning of a message. */
  sendPart(): void {
    this.#tcp.write(Buffer.of(0x82, 0x80 | 100, 0, 0, 0, 0)); // binary, masked, to be 100 bytes long
  }

  /** Sends what `send` is called with meanwhile in one write. */
  inOneWrite(act: () => void): void {
    this.#tcp.cork();
    act();
    this.#tcp.uncork();
  }

  /** What comes next; undefined where nothing has come within so many milliseconds. */
  async next(timeoutMs: number): Promise<Arrival | undefined> {
    if (this.#arrivals.length === 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, timeoutMs);
        this.#onArrival = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#onArrival = undefined;
    }
    return this.#arrivals.shift();
  }

  close(code = 1000): void {
    this.socket.close(code);
  }

  /** Cuts the connection without a word. */
  terminate(): void {
    this.socket.terminate();
  }

  get #tcp(): Duplex {
    return (this.socket as unknown as { readonly _socket: Duplex })._socket;
  }

  #arrive(arrival: Arrival): void {
    this.#arrivals.push(arrival);
    this.#onArrival?.();
  }
}
