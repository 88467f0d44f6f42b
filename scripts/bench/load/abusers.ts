/** Clients that nobody wants, one of each kind. Each does what it does until its process ends. */
import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { StepEncoder } from '../../../protocol/frames.js';
import { packMessage, unpackMessage } from '../../../protocol/messages.js';
import { HELLO } from './paced-session.js';

/** Whom they bother. */
export interface Target {
  readonly url: string;
  /** The token of a stream of one of the others. */
  readonly stream: string;
}

/** Resolves when it is at it. */
type Abuser = (target: Target) => Promise<void>;

const MANY = 1000;

async function open(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url, { perMessageDeflate: false, autoPong: false });
  socket.on('error', () => {}); // it is asking for it
  await once(socket, 'open');
  return socket;
}

async function ask(socket: WebSocket, message: Uint8Array): Promise<ReturnType<typeof unpackMessage>> {
  socket.send(message);
  const [reply] = (await once(socket, 'message')) as [Buffer];
  return unpackMessage(reply);
}

async function welcomed(url: string): Promise<WebSocket> {
  const socket = await open(url);
  await ask(socket, packMessage(HELLO));
  return socket;
}

/** With an env whose handle is 1. */
async function withEnv(url: string, env: string, numEnvs: number): Promise<WebSocket> {
  const socket = await welcomed(url);
  await ask(socket, packMessage({ type: 'make', id: 1, env, numEnvs, autoreset: 'same_step' }));
  await ask(socket, packMessage({ type: 'reset', id: 2, env: 1 }));
  return socket;
}

/** Calls `send` for as long as the socket takes more. */
async function flood(socket: WebSocket, send: (id: number) => void): Promise<void> {
  for (let id = 3; socket.readyState === WebSocket.OPEN; id++) {
    send(id);
    if (socket.bufferedAmount > 2 ** 20) await sleep(1);
  }
}

/** Does it again when it is over. */
function forever(what: () => Promise<void>): void {
  void what()
    .catch(() => sleep(10))
    .then(() => forever(what));
}

const tcpOf = (socket: WebSocket): Socket => (socket as unknown as { readonly _socket: Socket })._socket;

const steps = (numEnvs: number) => {
  const encoder = new StepEncoder();
  const actions = [new Int32Array(numEnvs)];
  return (id: number) => encoder.encode(id, 1, actions).slice();
};

export const ABUSERS: Readonly<Record<string, Abuser>> = {
  'half-open: answers nothing, not even pings': async ({ url }) => {
    const socket = await withEnv(url, 'CartPole-v1', MANY);
    tcpOf(socket).pause();
  },
  'asks for large replies and stops reading': async ({ url }) => {
    const socket = await withEnv(url, 'MinAtar/Breakout-v1', MANY);
    tcpOf(socket).pause();
    const step = steps(MANY);
    void flood(socket, (id) => socket.send(step(id)));
  },
  'sends a byte a second': async ({ url }) => {
    const socket = await welcomed(url);
    const tcp = tcpOf(socket);
    tcp.write(Uint8Array.of(0x82, 0xfe, 0xff, 0xff, 0, 0, 0, 0));
    setInterval(() => tcp.write(Uint8Array.of(0)), 1000);
  },
  'never says hello': async ({ url }) => {
    forever(async () => {
      const socket = await open(url);
      await once(socket, 'close');
    });
  },
  'connects and connects': async ({ url }) => {
    const sockets: WebSocket[] = [];
    for (let i = 0; i < 32; i++) {
      forever(async () => {
        sockets.push(await open(url));
        if (sockets.length > 2 * MANY) sockets.shift()!.terminate();
      });
    }
  },
  'connects and says nothing, not even HTTP': async ({ url }) => {
    const { hostname, port } = new URL(url);
    const sockets: Socket[] = [];
    for (let i = 0; i < 32; i++) {
      forever(async () => {
        const socket = connectTcp(Number(port), hostname);
        // Refused or not, it goes on at once.
        await once(socket, 'connect').catch(() => {});
        sockets.push(socket.on('error', () => {}));
        if (sockets.length > 2 * MANY) sockets.shift()!.destroy();
      });
    }
  },
  'sends frames of 16 MB': async ({ url }) => {
    const frame = packMessage({
      type: 'rewards',
      id: 3,
      env: 1,
      achieved: new Uint8Array(16e6),
      desired: new Uint8Array(),
    });
    forever(async () => {
      const socket = await withEnv(url, 'CartPole-v1', 1);
      await flood(socket, () => socket.send(frame));
    });
  },
  'sends frames of a million values': async ({ url }) => {
    const frame = packMessage({
      type: 'reset',
      id: 3,
      env: 1,
      ids: Array.from({ length: 1_000_000 }, () => 0),
    });
    forever(async () => {
      const socket = await withEnv(url, 'CartPole-v1', 1);
      await flood(socket, () => socket.send(frame));
    });
  },
  'sends frames that are too large': async ({ url }) => {
    forever(async () => {
      const socket = await welcomed(url);
      tcpOf(socket).write(Uint8Array.of(0x82, 0xff, 0, 0, 0, 0, 0x7f, 0, 0, 0, 0, 0, 0, 0));
      await once(socket, 'close');
    });
  },
  'pipelines steps and does not read': async ({ url }) => {
    const socket = await withEnv(url, 'CartPole-v1', 1);
    tcpOf(socket).pause();
    const step = steps(1);
    void flood(socket, (id) => socket.send(step(id)));
  },
  'pipelines steps beyond the limit': async ({ url }) => {
    const socket = await withEnv(url, 'CartPole-v1', 1);
    const step = steps(1);
    void flood(socket, (id) => socket.send(step(id)));
  },
  'asks for pictures as fast as it can': async ({ url }) => {
    const socket = await withEnv(url, 'CartPole-v1', 1);
    const render = (id: number) => packMessage({ type: 'render', id, env: 1, index: 0, format: 'png' });
    let id = 3;
    socket.on('message', () => socket.send(render(id++)));
    for (let i = 0; i < 32; i++) socket.send(render(id++));
  },
  'makes and closes envs as fast as it can': async ({ url }) => {
    const socket = await welcomed(url);
    const make = (id: number) => packMessage({ type: 'make', id, env: 'MinAtar/Breakout-v1', numEnvs: 64 });
    let id = 1;
    socket.on('message', (data) => {
      const reply = unpackMessage(data as Buffer);
      if (reply.type === 'made')
        socket.send(packMessage({ type: 'close', id: id++, env: Number(reply.env) }));
      else socket.send(make(id++));
    });
    for (let i = 0; i < 32; i++) socket.send(make(id++));
  },
  'subscribes and does not read': async ({ url, stream }) => {
    const socket = await welcomed(url);
    await ask(socket, packMessage({ type: 'subscribe', id: 1, token: stream, credits: 1_000_000 }));
    tcpOf(socket).pause();
  },
};
