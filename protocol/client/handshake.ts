import { FarstepError } from '../errors.js';
import { type Hello, packMessage, unpackMessage, type Welcome } from '../messages.js';
import { parseWelcome } from '../replies.js';
import type { Clock } from './clock.js';
import { openSocket, type Socket } from './socket.js';

/** A connection that has been welcomed. */
export interface Link {
  readonly socket: Socket;
  readonly welcome: Welcome;
}

/** What happens on it from then on. */
export interface LinkEvents {
  onFrame(frame: Uint8Array): void;
  /** Once, at the end. `why` is a phrase; `retryAfterMs` is when the server, which is started anew, wants to be asked. */
  onClose(why: string, retryAfterMs?: number): void;
}

/** A server that is started anew closes with it, and tells as the reason when to come back. */
const RESTARTS = 1012;

/**
 * Dials `url` (ws:// or wss://) and exchanges hello and welcome; `onWelcome` takes the connection and says who hears of
 * what comes behind. Rejects with `connection_failed` where nothing answers within `timeoutMs`, or with the server's
 * own error.
 */
export function shakeHands(
  url: string,
  hello: Hello,
  timeoutMs: number,
  clock: Clock,
  onWelcome: (link: Link) => LinkEvents,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let socket: Socket | undefined;
    let events: LinkEvents | undefined;
    let isOver = false;
    // A close with 1000 would end the session that was to be resumed, should the server have heard the hello.
    const drop = (dead: Socket) => (hello.resume === undefined ? dead.close(1000, '') : dead.abandon());
    const fail = (error: FarstepError): void => {
      isOver = true;
      stopTimer();
      if (socket) drop(socket);
      reject(error);
    };
    const failed = (why: string, retryAfterMs?: number) =>
      fail(new FarstepError('connection_failed', `${url}: ${why}`, { retryAfterMs }));
    const stopTimer = clock.after(timeoutMs, () => failed(`no welcome within ${timeoutMs} ms`));
    openSocket(url, {
      onOpen: () => socket!.send(packMessage(hello)),
      onFrame: (frame) => {
        if (events) return events.onFrame(frame);
        if (isOver) return;
        try {
          const welcome = parseWelcome(unpackMessage(frame));
          if (!hello.editions.includes(welcome.edition)) throw notOffered(welcome, hello);
          events = onWelcome({ socket: socket!, welcome });
          stopTimer();
          resolve();
        } catch (error) {
          fail(error as FarstepError);
        }
      },
      onClose: (code, reason) => {
        const isRestart = code === RESTARTS && /^\d{1,9}$/.test(reason);
        const retryAfterMs = isRestart ? Number(reason) : undefined;
        const why = isRestart ? 'the server is started anew' : reason || `close code ${code}`;
        if (events) events.onClose(why, retryAfterMs);
        else failed(isRestart ? why : `${why}. Is a farstep server running there?`, retryAfterMs);
      },
    }).then(
      (opened) => {
        socket = opened;
        if (isOver) drop(opened);
      },
      (error: Error) => failed(error.message),
    );
  });
}

const notOffered = ({ edition }: Welcome, { editions }: Hello): FarstepError =>
  new FarstepError('bad_reply', `welcome.edition: expected one of ${editions.join(', ')}, got ${edition}`);
