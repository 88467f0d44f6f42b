import { type Client, type ConnectionEvent, connect } from '../protocol/index.js';
import { startEmbeddedServer } from './embedded-server.js';

/** A session on somebody's server, or on one of our own. */
export interface OpenServer {
  readonly client: Client;
  readonly url: string;
  close(): Promise<void>;
}

const tell = (event: ConnectionEvent): void =>
  console.error(
    event.type === 'lost'
      ? `the connection to the server is lost (${event.why}); trying to come back`
      : `the connection is back after ${(event.afterMs / 1000).toFixed(1)} s; nothing was lost`,
  );

/** Connects to the server at `url`; where it is null, starts one in another process and connects to that. */
export async function openServer(url: string | null): Promise<OpenServer> {
  if (url !== null) {
    const client = await connect(url, {
      client: 'farstep-cli',
      token: process.env.FARSTEP_TOKEN,
      onConnection: tell,
    });
    return { client, url, close: async () => client.close() };
  }
  const server = await startEmbeddedServer();
  const client = await connect(server.url, { client: 'farstep-cli' });
  return {
    client,
    url: server.url,
    close: async () => {
      client.close();
      await server.close();
    },
  };
}
