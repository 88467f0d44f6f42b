/** The peer of `farstep bench server`: a bare `ws` server that answers every message with `?reply=N` bytes. */
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';

const server = new WebSocketServer({
  port: 0,
  host: '127.0.0.1',
  perMessageDeflate: false,
  skipUTF8Validation: true,
});
server.on('listening', () =>
  process.send!({ url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}` }),
);
server.on('connection', (socket, request) => {
  const size = Number(new URL(request.url!, 'http://localhost').searchParams.get('reply'));
  const answer = Buffer.alloc(size);
  socket.on('message', () => socket.send(answer, { binary: true }));
});
process.on('disconnect', () => process.exit(0));
