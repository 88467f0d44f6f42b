import { lstat, unlink } from 'node:fs/promises';
import { type AddressInfo, connect } from 'node:net';
import { resolve } from 'node:path';

/** What clients connect to: `ws://host:port`, `wss:` with TLS, or `ws+unix:/path` of a unix socket. */
export function urlOf(address: AddressInfo | string, isSecure: boolean): string {
  if (typeof address === 'string') return `ws+unix:${resolve(address)}`;
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return `${isSecure ? 'wss' : 'ws'}://${host}:${address.port}`;
}

/** What every system takes; longer ones are cut silently. */
const MAX_SOCKET_PATH = 103;

/**
 * Makes way for a unix socket: throws where its path is too long, removes what a server left behind that was killed. A
 * socket that is still answered on stays.
 */
export async function prepareSocketFile(path: string): Promise<void> {
  const bytes = Buffer.byteLength(path);
  if (bytes > MAX_SOCKET_PATH) {
    throw new Error(`the path of a unix socket has at most ${MAX_SOCKET_PATH} bytes, got ${bytes}`);
  }
  const found = await lstat(path).catch(() => undefined);
  if (!found?.isSocket()) return;
  const socket = connect(path);
  const failure = await new Promise<string | undefined>((settle) => {
    socket.once('connect', () => settle(undefined));
    socket.once('error', (error: NodeJS.ErrnoException) => settle(error.code));
  });
  socket.destroy();
  if (failure === 'ECONNREFUSED') await unlink(path);
}
