/** A network between clients and a server that breaks. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** Both halves of a connection. */
interface Pair {
  readonly client: Socket;
  readonly server: Socket;
}

export class CuttingProxy {
  /** Where clients connect. */
  url = '';
  /** Connections that were cut. */
  cuts = 0;
  readonly #pairs = new Set<Pair>();
  /** What connections are made of while nothing gets through. */
  #isHeld = false;

  private constructor(
    private readonly listener: Server,
    private readonly budget: () => number,
  ) {}

  /**
   * @param target - where the server of the next connection is.
   * @param budget - how many bytes, of both directions, the next connection lets through before it is cut.
   */
  static async start(
    target: () => string,
    budget: () => number = () => Number.POSITIVE_INFINITY,
  ): Promise<CuttingProxy> {
    const listener = createServer((client) => {
      const { hostname, port } = new URL(target());
      proxy.#join({ client, server: connect(Number(port), hostname) });
    });
    const proxy = new CuttingProxy(listener, budget);
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    proxy.url = `ws://127.0.0.1:${(listener.address() as AddressInfo).port}`;
    return proxy;
  }

  close(): void {
    this.cut();
    this.listener.close();
  }

  /** Cuts every connection there is. */
  cut(): void {
    for (const pair of this.#pairs) this.#cut(pair);
  }

  /** From now on no byte gets through, though nobody is told; or again. */
  hold(isHeld: boolean): void {
    this.#isHeld = isHeld;
  }

  #join(pair: Pair): void {
    this.#pairs.add(pair);
    let left = this.budget();
    const forward = (from: Socket, to: Socket): void => {
      from.on('data', (chunk: Buffer) => {
        if (this.#isHeld) return;
        const passed = chunk.subarray(0, left);
        left -= passed.length;
        if (left > 0) to.write(passed);
        else to.write(passed, () => this.#cut(pair));
      });
      from.on('error', () => {});
      from.on('close', () => {
        this.#pairs.delete(pair);
        to.destroy();
      });
    };
    forward(pair.client, pair.server);
    forward(pair.server, pair.client);
  }

  #cut(pair: Pair): void {
    if (!this.#pairs.delete(pair)) return;
    this.cuts++;
    pair.client.destroy();
    pair.server.destroy();
  }
}
