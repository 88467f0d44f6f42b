import { randomBytes } from 'node:crypto';
import {
  createServer,
  type Server as HttpServer,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { type Logger, pino } from 'pino';
import { WebSocketServer } from 'ws';
import { FarstepError } from '../protocol/errors.js';
import { prepareSocketFile, urlOf } from './address.js';
import { Connection, SERVER } from './connection.js';
import { FrontDoor } from './front-door.js';
import { type EnvHost, inlineHost } from './host.js';
import type { KeyRing } from './keys.js';
import { DEFAULT_LIMITS, type Limits } from './limits.js';
import { Metrics } from './metrics.js';
import type { ServerState } from './metrics-table.js';
import { isWelcomeOrigin } from './origin.js';
import { PendingSockets } from './pending-sockets.js';
import { ServerSocket } from './server-socket.js';
import { Sessions } from './sessions.js';
import { StateDir } from './state-dir.js';
import { Streams } from './streams.js';
import { systemTimers, type Timers } from './timers.js';
import { WorldRooms } from './world-rooms.js';

export interface ServerOptions {
  /** Address to listen on; the loopback where absent. */
  readonly host?: string;
  /** 0 takes a free port. */
  readonly port?: number;
  /** A unix socket to listen on, in place of host and port. */
  readonly unix?: string | undefined;
  readonly limits?: Partial<Limits>;
  readonly log?: Logger;
  /** A folder that sessions are kept in, so that they go on when the server is started anew. */
  readonly stateDir?: string | undefined;
  readonly envs?: EnvHost;
  /** Who may come; everybody who reaches the address where absent. */
  readonly keys?: KeyRing | undefined;
  /** Web pages that may connect beside those of the loopback, by their origins; `*`: all. */
  readonly origins?: readonly string[];
  /** Speaks TLS: certificates and their key, PEM. */
  readonly tls?: { readonly cert: Buffer; readonly key: Buffer } | undefined;
  /** Milliseconds, monotonic. */
  readonly now?: () => number;
  /** What the deadlines of moves are measured with, and how many connections a second come in. */
  readonly timers?: Timers;
}

/** Pieces that a message may come in: each takes memory of its own, however small it is. */
const MAX_CHUNKS = 2 ** 15;

/** When clients are told to come back to a server that stops, milliseconds. */
const RESTART_MS = 2000;

/** How often time limits are looked at, milliseconds. */
const SWEEP_MS = 1000;

/**
 * The HTTP and WebSocket endpoint: `/healthz`, `/readyz` and `/metrics`, and farstep's protocol on every path that asks
 * for a WebSocket.
 */
export class Server {
  readonly #http: HttpServer;
  readonly #sockets: WebSocketServer;
  readonly #connections = new Set<Connection>();
  readonly #pending: PendingSockets;
  readonly #door: FrontDoor;
  readonly #origins: readonly string[];
  readonly #limits: Limits;
  readonly #log: Logger;
  readonly #worlds: WorldRooms;
  readonly #streams: Streams;
  readonly #host: EnvHost;
  readonly #metrics: Metrics;
  readonly #sessions: Sessions;
  readonly #stateDir: StateDir | undefined;
  readonly #now: () => number;
  readonly #startedAt: number;
  readonly #sweeper: NodeJS.Timeout;
  /** Bytes of the connections that have ended. */
  readonly #pastTraffic = { received: 0, sent: 0 };
  #url = '';
  #closing: Promise<void> | undefined;

  private constructor(options: ServerOptions) {
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#log = options.log ?? pino({ level: 'silent' });
    this.#origins = options.origins ?? [];
    const { timers = systemTimers, keys, tls } = options;
    this.#worlds = new WorldRooms(this.#limits.worlds, timers);
    this.#now = options.now ?? (() => performance.now());
    const { stateDir } = options;
    this.#stateDir =
      stateDir === undefined ? undefined : new StateDir(stateDir, this.#limits.stateBytes, this.#log);
    this.#streams = new Streams(this.#limits);
    this.#host = options.envs ?? inlineHost;
    this.#metrics = new Metrics(this.#now);
    this.#sessions = new Sessions({
      stateDir: this.#stateDir,
      keys,
      timers,
      host: this.#host,
      worlds: this.#worlds,
      streams: this.#streams,
      limits: this.#limits,
      log: this.#log,
      metrics: this.#metrics,
      now: this.#now,
    });
    this.#startedAt = this.#now();
    this.#pending = new PendingSockets(this.#limits.pendingConnections, this.#limits.helloMs, this.#now);
    const answer = (request: IncomingMessage, response: ServerResponse): void =>
      this.#answerHttp(request, response);
    this.#http = tls
      ? createSecureServer({ ...tls, handshakeTimeout: this.#limits.helloMs }, answer)
      : createServer(answer);
    this.#sockets = new WebSocketServer({
      noServer: true,
      WebSocket: ServerSocket,
      perMessageDeflate: false,
      maxPayload: this.#limits.helloBytes, // until the welcome
      maxBufferedChunks: MAX_CHUNKS,
    });
    this.#door = this.#putDoor(timers);
    // The same connection, whose bytes are another socket's from now on.
    this.#http.on('secureConnection', (socket: TLSSocket) => this.#pending.succeed(socket));
    this.#http.on('error', (error) => this.#log.error({ err: error }, 'cannot take connections'));
    this.#http.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
    this.#sweeper = setInterval(() => this.sweep(), SWEEP_MS);
    this.#sweeper.unref();
  }

  /** Puts a door in front of what node does with a connection, which begins to read of it. */
  #putDoor(timers: Timers): FrontDoor {
    const { pendingConnections, connectionsPerSecond } = this.#limits;
    const http = this.#http;
    const enterHttp = http.listeners('connection') as ((socket: Socket) => void)[];
    const enter = (socket: Socket): void => {
      for (const listener of enterHttp) listener.call(http, socket);
      this.#pending.add(socket);
    };
    const door = new FrontDoor(connectionsPerSecond, pendingConnections / 2, enter, timers);
    Object.assign(http, { pauseOnConnect: true }); // as an option of net.Server, which http's hides
    http.removeAllListeners('connection').on('connection', (socket) => door.take(socket));
    return door;
  }

  /** Starts listening. Rejects where the address cannot be had. */
  static async start(options: ServerOptions = {}): Promise<Server> {
    const server = new Server(options);
    const { host = '127.0.0.1', port = 0, unix } = options;
    try {
      await server.#sessions.revive();
      if (unix !== undefined) await prepareSocketFile(unix);
      await new Promise<void>((resolve, reject) => {
        server.#http.once('error', reject);
        server.#http.listen(unix === undefined ? { port, host } : { path: unix }, resolve);
      });
    } catch (error) {
      clearInterval(server.#sweeper);
      server.#stateDir?.close();
      server.#metrics.stop();
      throw error;
    }
    server.#door.guard(server.#http);
    server.#sessions.expectClients();
    server.#url = urlOf(server.#http.address()!, options.tls !== undefined);
    server.#log.info({ url: server.url, server: SERVER }, 'listening');
    return server;
  }

  /** Where clients connect. */
  get url(): string {
    return this.#url;
  }

  /** WebSocket connections, those that have not said hello among them. */
  get connections(): number {
    return this.#connections.size;
  }

  /** Connections of any kind that have no session. */
  get pendingConnections(): number {
    return this.#pending.size + this.#door.waiting;
  }

  /** How many of those were cut since the server started, by the limit that they broke. */
  get pendingCuts(): PendingSockets['cuts'] & { readonly connectionsPerSecond: number } {
    return { ...this.#pending.cuts, connectionsPerSecond: this.#door.cuts };
  }

  /** Sessions, those whose clients are away among them. */
  get sessions(): number {
    return this.#sessions.size;
  }

  /** Worlds of several players. */
  get numWorlds(): number {
    return this.#worlds.size;
  }

  /** Envs in all sessions. */
  get numEnvs(): number {
    return this.#sessions.numEnvs();
  }

  /** Whether it takes new sessions. */
  get isReady(): boolean {
    return !this.#closing && (this.#host.state?.isReady ?? true);
  }

  get #state(): ServerState {
    const connections = {
      open: this.connections,
      pending: this.pendingConnections,
      cuts: this.pendingCuts,
      requestsInFlight: 0,
      unsentBytes: 0,
      receivedBytes: this.#pastTraffic.received,
      sentBytes: this.#pastTraffic.sent,
    };
    for (const { requestsInFlight, backlog, traffic } of this.#connections) {
      connections.requestsInFlight += requestsInFlight;
      connections.unsentBytes += backlog;
      connections.receivedBytes += traffic.received;
      connections.sentBytes += traffic.sent;
    }
    return {
      isReady: this.isReady,
      limits: this.#limits,
      connections,
      sessions: this.#sessions.state,
      worlds: this.numWorlds,
      streams: this.#streams.size,
      host: this.#host.state,
    };
  }

  /** Looks at the time limits of every connection and session. */
  sweep(): void {
    for (const connection of this.#connections) connection.sweep();
    this.#sessions.sweep();
    this.#pending.sweep();
  }

  /**
   * Takes no new connections, tells every client that the server is stopping, lets replies that are under way finish,
   * and cuts what is left after `graceMs`.
   */
  close(graceMs = 5000): Promise<void> {
    this.#closing ??= this.#shutDown(graceMs);
    return this.#closing;
  }

  async #shutDown(graceMs: number): Promise<void> {
    clearInterval(this.#sweeper);
    this.#door.close();
    const stopped = new Promise<void>((resolve) => this.#http.close(() => resolve()));
    const error = new FarstepError('shutting_down', 'the server is stopping', { retryAfterMs: RESTART_MS });
    const ended = Array.from(this.#connections, (connection) => connection.drainAndEnd(error));
    const cut = setTimeout(() => {
      for (const connection of this.#connections) connection.terminate();
      this.#http.closeAllConnections();
    }, graceMs);
    await Promise.all([stopped, ...ended]);
    this.#sessions.endLost();
    this.#stateDir?.close();
    clearTimeout(cut);
    this.#metrics.stop();
    this.#log.info('stopped');
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => {}); // a peer that is gone before it was answered
    const refuse = (status: string): void => {
      socket.once('finish', () => socket.destroy());
      socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`);
    };
    if (this.#closing) {
      refuse(`503 Service Unavailable\r\nRetry-After: ${Math.ceil(RESTART_MS / 1000)}`);
      return;
    }
    if (!isWelcomeOrigin(request.headers.origin, this.#origins)) {
      this.#log.warn({ origin: request.headers.origin }, 'a page may not connect');
      refuse('403 Forbidden');
      return;
    }
    this.#pending.add(socket); // with time for a hello
    this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
      const name = randomBytes(6).toString('base64url');
      const log = this.#log;
      const from = request.socket.remoteAddress;
      const connection = new Connection(webSocket as ServerSocket, socket as Socket, {
        name,
        sessions: this.#sessions,
        pending: this.#pending,
        limits: this.#limits,
        log,
        metrics: this.#metrics,
        now: this.#now,
        keepOut: (ms) => this.#door.shut(from, ms),
      });
      log.debug({ connection: name, from }, 'connected');
      this.#connections.add(connection);
      this.#metrics.onOpened();
      webSocket.once('close', () => {
        this.#connections.delete(connection);
        this.#pastTraffic.received += connection.traffic.received;
        this.#pastTraffic.sent += connection.traffic.sent;
      });
    });
  }

  #answerHttp(request: IncomingMessage, response: ServerResponse): void {
    this.#pending.add(request.socket); // with time for the next request
    const path = (request.url ?? '/').split('?', 1)[0]!;
    const json = (status: number, body: object): void => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(`${JSON.stringify(body)}\n`);
    };
    if (path === '/healthz') {
      json(this.#closing ? 503 : 200, {
        status: this.#closing ? 'stopping' : 'ok',
        server: SERVER,
        connections: this.connections,
        sessions: this.sessions,
        envs: this.numEnvs,
        uptimeSeconds: Math.round((this.#now() - this.#startedAt) / 1000),
      });
    } else if (path === '/readyz') {
      json(this.isReady ? 200 : 503, {
        status: this.#closing ? 'stopping' : this.isReady ? 'ready' : 'starting',
      });
    } else if (path === '/metrics') {
      void this.#metrics.text(this.#state).then((text) => {
        response.writeHead(200, { 'content-type': this.#metrics.contentType });
        response.end(text);
      });
    } else {
      const pages = '/healthz, /readyz, /metrics';
      json(404, { error: `no page at ${path}; this server answers ${pages} and WebSocket connections` });
    }
  }
}
