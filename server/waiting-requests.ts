/** Requests that wait for one before them, and whether there is room for more. */
export class WaitingRequests<Request extends { readonly frame: Uint8Array }> {
  readonly #requests: Request[] = [];
  #bytes = 0;
  /** Set while there is none. */
  #room: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined;

  constructor(private readonly maxBytes: number) {}

  get length(): number {
    return this.#requests.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Where so much waits that no more is to be read for now, gives a promise that resolves when there is room. */
  push(request: Request): Promise<void> | undefined {
    this.#requests.push(request);
    this.#bytes += request.frame.length;
    if (this.#bytes > this.maxBytes && !this.#room) {
      let resolve!: () => void;
      const promise = new Promise<void>((settle) => {
        resolve = settle;
      });
      this.#room = { promise, resolve };
    }
    return this.#room?.promise;
  }

  shift(): Request | undefined {
    const next = this.#requests.shift();
    if (next) this.#bytes -= next.frame.length;
    this.#makeRoom();
    return next;
  }

  /** Forgets them all. */
  clear(): void {
    this.#requests.length = 0;
    this.#bytes = 0;
    this.#makeRoom();
  }

  #makeRoom(): void {
    if (this.#bytes > this.maxBytes) return;
    this.#room?.resolve();
    this.#room = undefined;
  }
}
