/** Large messages, put together as their pieces come: the same bytes as sent, and turns for others in between. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { WebSocketServer } from 'ws';
import { ServerSocket } from '../../server/server-socket.js';
import { BINARY, CONTINUATION, frame } from './websocket-frame.js';

/** A client's TCP connection, upgraded, and the server's end of it. */
async function connected(t: Test): Promise<{ client: Socket; socket: ServerSocket; stream: Socket }> {
  const http = createServer();
  const sockets = new WebSocketServer({ noServer: true, WebSocket: ServerSocket, perMessageDeflate: false });
  const upgraded = new Promise<{ socket: ServerSocket; stream: Socket }>((resolve) => {
    http.on('upgrade', (request, stream, head) =>
      sockets.handleUpgrade(request, stream, head, (socket) =>
        resolve({ socket: socket as ServerSocket, stream: stream as Socket }),
      ),
    );
  });
  await once(http.listen(0, '127.0.0.1'), 'listening');
  const client = connect((http.address() as AddressInfo).port, '127.0.0.1');
  client.write(
    'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
  );
  const { socket, stream } = await upgraded;
  socket.takeOver();
  socket.setMaxPayload(2 ** 24);
  t.teardown(() => {
    client.destroy();
    http.close();
  });
  return { client, socket, stream };
}

t.test('messages of all sizes, one behind the other, in pieces of odd lengths', async (t) => {
  const { client, socket } = await connected(t);
  const sizes = [3, 2 ** 18 - 1, 2 ** 18, 2 ** 18 + 1, 1_000_003, 0, 5_000_001, 7, 300_000, 300_001];
  const messages = sizes.map((size) => randomBytes(size));
  const fragments = [randomBytes(1_000_001), randomBytes(5), randomBytes(2_000_003)];
  const expected = [...messages, Buffer.concat(fragments)];
  const arrived: Buffer[] = [];
  const all = new Promise<void>((resolve) => {
    socket.on('message', (data) => {
      arrived.push(data as Buffer);
      if (arrived.length === expected.length) resolve();
    });
  });
  const bytes = Buffer.concat([
    ...messages.map((message) => frame(BINARY, message)),
    ...fragments.map((each, i) => frame(i === 0 ? BINARY : CONTINUATION, each, { fin: i === 2 })),
  ]);
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const length = 1 + ((i * 7919) % 99_991);
    client.write(bytes.subarray(at, at + length));
    at += length;
  }
  await all;
  for (const [i, message] of expected.entries()) t.ok(message.equals(arrived[i]!), `message ${i}`);
});

t.test('others have a turn after each piece of a large one', async (t) => {
  const { client, socket, stream } = await connected(t);
  const turns: number[] = [];
  let [last, isOver] = [stream.bytesRead, false];
  const look = (): void => {
    turns.push(stream.bytesRead - last);
    last = stream.bytesRead;
    if (!isOver) setImmediate(look);
  };
  look();
  const message = once(socket, 'message');
  client.write(frame(BINARY, randomBytes(2 ** 24)));
  await message;
  isOver = true;
  const most = Math.max(...turns);
  t.ok(most <= 2 ** 19, `at most ${most} bytes between two turns`);
});

t.test('messages that are held come in their order, with those of the next pieces behind them', async (t) => {
  const { client, socket } = await connected(t);
  const piece = (...names: string[]): Buffer => Buffer.concat(names.map((name) => frame(BINARY, name)));
  const arrived: string[] = [];
  const all = new Promise<void>((resolve) => {
    socket.on('message', (data: Buffer) => {
      arrived.push(data.toString());
      if (arrived.length === 1) {
        socket.setYielding(true);
        socket.hold();
        socket.release();
        // It comes while the second message of the first piece waits for its turn.
        client.write(piece('d', 'e'));
      } else if (arrived.length === 3) {
        client.write(piece('f'));
      } else if (arrived.length === 6) {
        resolve();
      }
    });
  });
  client.setNoDelay(true).write(piece('a', 'b', 'c'));
  await all;
  t.same(arrived, ['a', 'b', 'c', 'd', 'e', 'f']);
});
