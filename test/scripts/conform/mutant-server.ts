/** A server with a fault: a real one, behind a proxy that spoils what goes through it. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Packr, Unpackr } from 'msgpackr';
import { type RawData, type ServerOptions, WebSocket, WebSocketServer } from 'ws';
import { Server } from '../../../server/index.js';

export type Fields = Readonly<Record<string, unknown>>;
export type Value = Fields | readonly unknown[];

/** What is known of the connection when a reply is spoiled. */
export interface Context {
  /** The last thing that the client sent: its value, or undefined where it is none. */
  readonly last: Value | undefined;
  /** The number of the connection, from 1. */
  readonly connection: number;
  /** How many replies of this type there have been on it, this one included. */
  readonly count: number;
}

/** A fault. What it returns goes on in place of what came; undefined leaves that as it is. */
export interface Fault {
  readonly listen?: Pick<ServerOptions, 'path' | 'perMessageDeflate'>;
  request?(value: Value | undefined, frame: Buffer, connection: number): unknown;
  /** A string goes out as text, bytes as they are. */
  reply?(value: Value, context: Context): unknown;
  close?(code: number, reason: string): readonly [code: number, reason: string];
}

const packr = new Packr({ useRecords: false, variableMapSize: true, int64AsType: 'number' });
const unpackr = new Unpackr({ useRecords: false, int64AsType: 'number' });

function unpack(frame: Buffer): Value | undefined {
  try {
    return unpackr.unpack(frame) as Value;
  } catch {
    return undefined;
  }
}

const packed = (value: unknown): Buffer | string =>
  typeof value === 'string' || value instanceof Buffer ? value : packr.pack(value);

/** The type of a message; `stepped` for the reply to a step. */
export const typeOf = (value: Value): string =>
  Array.isArray(value) ? 'stepped' : String((value as Fields).type);

/** Calls `use` with the url of a server that has that fault. */
export async function withMutant(fault: Fault, use: (url: string) => Promise<void>): Promise<void> {
  const server = await Server.start({ limits: { frameBytes: 4096, requestsInFlight: 4 } });
  const proxy = new WebSocketServer({ port: 0, host: '127.0.0.1', ...fault.listen });
  await once(proxy, 'listening');
  let connections = 0;
  proxy.on('connection', (client) => {
    const connection = ++connections;
    const behind = new WebSocket(server.url, { perMessageDeflate: false });
    const waiting: (Buffer | string)[] = [];
    const counts = new Map<string, number>();
    let last: Value | undefined;
    const forward = (data: Buffer | string): void => {
      if (behind.readyState === WebSocket.OPEN) behind.send(data);
      else waiting.push(data);
    };
    behind.on('open', () => {
      for (const data of waiting.splice(0)) behind.send(data);
    });
    client.on('message', (data: RawData, isBinary) => {
      const frame = data as Buffer;
      last = isBinary ? unpack(frame) : undefined;
      const other = isBinary ? fault.request?.(last, frame, connection) : undefined;
      forward(other === undefined ? (isBinary ? frame : frame.toString()) : packed(other));
    });
    behind.on('message', (data: RawData) => {
      const value = unpack(data as Buffer)!;
      const type = typeOf(value);
      const count = (counts.get(type) ?? 0) + 1;
      counts.set(type, count);
      const other = fault.reply?.(value, { last, connection, count });
      client.send(other === undefined ? (data as Buffer) : packed(other));
    });
    behind.on('close', (code, reason) => {
      const [otherCode, otherReason] = fault.close?.(code, reason.toString()) ?? [code, reason.toString()];
      client.close(otherCode === 1005 || otherCode === 1006 ? 1000 : otherCode, otherReason);
    });
    client.on('close', (code) => (code === 1006 ? behind.terminate() : behind.close()));
    for (const socket of [client, behind]) socket.on('error', () => socket.terminate());
  });
  const { port } = proxy.address() as AddressInfo;
  try {
    await use(`ws://127.0.0.1:${port}`);
  } finally {
    for (const client of proxy.clients) client.terminate();
    proxy.close();
    await server.close(0);
  }
}
