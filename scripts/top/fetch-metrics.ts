import { get as getHttp, type IncomingMessage } from 'node:http';
import { get as getHttps } from 'node:https';
import { text } from 'node:stream/consumers';

const TIMEOUT_MS = 5000;

/**
 * The page of metrics of the server that clients reach at `url`: `ws://`, `wss://` or `ws+unix:`. Rejects with a
 * sentence where there is none.
 */
export async function fetchMetrics(url: string): Promise<string> {
  const { protocol, host, pathname } = new URL(url);
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const options = { signal, agent: false } as const; // no connection is left open behind it
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const request =
      protocol === 'ws+unix:'
        ? getHttp({ ...options, socketPath: pathname, path: '/metrics' }, resolve)
        : protocol === 'wss:'
          ? getHttps(`https://${host}/metrics`, options, resolve)
          : getHttp(`http://${host}/metrics`, options, resolve);
    request.once('error', (error: NodeJS.ErrnoException) => {
      const why = signal.aborted ? `no answer in ${TIMEOUT_MS / 1000} s` : (error.code ?? error.message);
      reject(new Error(`no metrics from ${url}: ${why}`));
    });
  });
  const body = await text(response);
  if (response.statusCode !== 200)
    throw new Error(
      `no metrics from ${url}: status ${String(response.statusCode)}, ${body.slice(0, 200).trim()}`,
    );
  return body;
}
