/** The little of a WebSocket that the client needs, over `ws` in Node and over the browser's own elsewhere. */
export interface Socket {
  /** Whether the server's pings are told. */
  readonly hearsPings: boolean;
  send(frame: Uint8Array): void;
  close(code: number, reason: string): void;
  /** Gives up a connection that is dead: nothing is said, and no event comes. */
  abandon(): void;
}

export interface SocketEvents {
  onOpen(): void;
  onFrame(frame: Uint8Array): void;
  onPing(): void;
  /** Once, at the end; also when the connection could not be made. `reason` is a sentence or empty. */
  onClose(code: number, reason: string): void;
}

const inNode = typeof process !== 'undefined' && process.versions?.node !== undefined;

/** Dials `url`. Resolves at once; the events tell the rest. */
export async function openSocket(url: string, events: SocketEvents): Promise<Socket> {
  return inNode ? openNodeSocket(url, events) : openBrowserSocket(url, events);
}

async function openNodeSocket(url: string, events: SocketEvents): Promise<Socket> {
  const { WebSocket } = await import('ws');
  // The server's frames hold observations of any size; it is the user who chose the server.
  const socket = new WebSocket(url, {
    perMessageDeflate: false,
    maxPayload: 2 ** 31 - 1,
    skipUTF8Validation: true,
  });
  let failure = '';
  socket.on('open', () => events.onOpen());
  socket.on('message', (data) => events.onFrame(data as Buffer));
  socket.on('ping', () => events.onPing());
  socket.on('error', (error) => {
    failure = error.message;
  });
  socket.on('close', (code, reason) => events.onClose(code, failure || reason.toString()));
  const binary = { binary: true, compress: false };
  return {
    hearsPings: true,
    send: (frame) => socket.send(frame, binary),
    close: (code, reason) => socket.close(code, reason),
    abandon: () => {
      socket.removeAllListeners();
      socket.on('error', () => {});
      socket.terminate();
    },
  };
}

function openBrowserSocket(url: string, events: SocketEvents): Socket {
  const socket = new WebSocket(url);
  socket.binaryType = 'arraybuffer';
  socket.onopen = () => events.onOpen();
  socket.onmessage = ({ data }) => {
    if (data instanceof ArrayBuffer) events.onFrame(new Uint8Array(data));
  };
  socket.onclose = ({ code, reason }) => events.onClose(code, reason);
  return {
    hearsPings: false,
    send: (frame) => socket.send(frame as Uint8Array<ArrayBuffer>),
    close: (code, reason) => socket.close(code, reason),
    abandon: () => {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close(4000);
    },
  };
}
