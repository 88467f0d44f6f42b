import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Test } from 'tap';
import { type WebSocket, WebSocketServer } from 'ws';
import { packMessage, unpackMessage } from '../../../protocol/messages.js';

type Message = Readonly<Record<string, unknown>>;

export const WELCOME = {
  type: 'welcome',
  session: 'scripted',
  resume: null,
  edition: 1,
  capabilities: [],
  limits: {
    frameBytes: 2 ** 20,
    requestsInFlight: 64,
    vectorEnvs: 4,
    envs: 64,
    idleMs: 1000,
    graceMs: 60_000,
    keptReplyBytes: 2 ** 20,
    subscriptions: 4,
    streamBytes: 2 ** 20,
    pingMs: 30_000,
  },
  server: 'scripted/1',
} as const;

/** A contract with a Box of two floats to observe, a Discrete(2) to act, one info, and three envs. */
export const CONTRACT = {
  spec: {
    id: 'Scripted-v0',
    description: 'Nothing.',
    source: 'none',
    players: 1,
    rewardRange: [0, 1],
    renderModes: ['rgb_array'],
    options: {},
  },
  numEnvs: 3,
  options: {},
  autoreset: 'next_step',
  maxEpisodeSteps: null,
  observationSpace: { type: 'Box', dtype: 'float32', shape: [2], low: '-inf', high: 'inf' },
  actionSpace: { type: 'Discrete', n: 2, start: 0 },
  infos: [{ name: 'lives', space: { type: 'Discrete', n: 9, start: 0 }, leaves: [] }],
  rewardTasks: [],
  hash: 'none',
} as const;

/** One client of the scripted server. */
export class Peer {
  constructor(readonly socket: WebSocket) {}

  send(message: Message | Uint8Array): void {
    this.socket.send(message instanceof Uint8Array ? message : packMessage(message as never));
  }
}

/** What the server does with a frame behind the hello; the message is undefined where the frame is a step. */
export type Script = (peer: Peer, message: Message | undefined, frame: Uint8Array) => void;

export interface ScriptedServer {
  readonly url: string;
  /** The hellos that came. */
  readonly hellos: readonly Message[];
  /** Resolves with the code with which the next connection that ends is closed. */
  closed(): Promise<number>;
}

/** A server that answers hello with `greeting`, and everything else as the script says. */
export async function startScripted(
  t: Test,
  script: Script = () => {},
  greeting: (hello: Message, peer: Peer) => void = (_hello, peer) => peer.send(WELCOME),
): Promise<ScriptedServer> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const hellos: Message[] = [];
  server.on('connection', (socket) => {
    const peer = new Peer(socket);
    socket.once('message', (first: Buffer) => {
      const hello = unpackMessage(first);
      hellos.push(hello);
      socket.on('message', (frame: Buffer) => {
        const hot = frame[0]! >= 0x90 && frame[0]! <= 0x9f;
        script(peer, hot ? undefined : unpackMessage(frame), frame);
      });
      greeting(hello, peer);
    });
    socket.on('error', () => {});
    socket.on('close', (code) => server.emit('ended', code));
  });
  t.teardown(() => {
    for (const socket of server.clients) socket.terminate();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `ws://127.0.0.1:${port}`,
    hellos,
    closed: async () => {
      const [code] = (await once(server, 'ended')) as [number];
      return code;
    },
  };
}
