/** The TypeScript client in a real browser: the page of protocol/browser, in Chromium without a window. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import t, { type Test } from 'tap';
import { type Frame, play } from '../../protocol/browser/play.js';
import { connect } from '../../protocol/index.js';
import { bundlePage } from '../../scripts/bundle-page.js';
import { startServer } from '../server/rig.js';
import { findProgram } from './programs.js';

t.setTimeout(240_000);

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Serves the page; gives its address. */
async function servePage(t: Test): Promise<string> {
  const folder = await bundlePage();
  const types: Readonly<Record<string, string>> = {
    '/index.html': 'text/html',
    '/page.js': 'text/javascript',
  };
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url!, 'http://localhost');
    const type = types[pathname];
    response.writeHead(type ? 200 : 404, { 'content-type': type ?? 'text/plain' });
    if (type) createReadStream(join(folder, pathname)).pipe(response);
    else response.end();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  t.teardown(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/index.html`;
}

async function startBrowser(t: Test): Promise<BrowserContext> {
  const browser = await chromium.launchPersistentContext(t.testdir(), {
    executablePath: findProgram('chromium', 'apt-get install chromium'),
    args: FLAGS,
  });
  t.teardown(() => browser.close());
  return browser;
}

/** Opens the page with these fields filled in; resolves when it has played, or failed to. */
async function open(
  browser: BrowserContext,
  address: string,
  fields: Readonly<Record<string, string>>,
): Promise<Page> {
  const page = await browser.newPage();
  await page.goto(`${address}?${new URLSearchParams(fields)}`);
  return page;
}

const state = (page: Page): Promise<string | null> =>
  page
    .locator('body[data-state=done], body[data-state=failed]')
    .getAttribute('data-state', { timeout: 60_000 });

const status = (page: Page): Promise<string | null> => page.locator('[role=status]').textContent();

/** The size of the page's canvas, and a hash of the colours on it, three bytes a pixel. */
function picture(
  page: Page,
): Promise<{ readonly size: number[]; readonly hash: string; readonly colours: number }> {
  return page.locator('canvas').evaluate(async (element) => {
    const canvas = element as HTMLCanvasElement;
    const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
    const rgb = data.filter((_, i) => i % 4 !== 3);
    const digest = await crypto.subtle.digest('SHA-256', rgb);
    const hash = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
    return { size: [canvas.width, canvas.height], hash, colours: new Set(rgb).size };
  });
}

t.test('the page plays what the same client plays in Node', async (t) => {
  const server = await startServer(t);
  const address = await servePage(t);
  const browser = await startBrowser(t);
  const client = await connect(server.url);
  t.teardown(() => client.close());
  for (const [env, steps] of [
    ['MinAtar/Breakout-v1', 40],
    ['CartPole-v1', 30],
    ['Physics/Push-v1', 10],
  ] as const) {
    const page = await open(browser, address, { url: server.url, env, seed: '3', steps: String(steps) });
    t.equal(await state(page), 'done', (await status(page)) ?? '');
    let last: Frame | undefined;
    for await (const frame of play(client, env, 3, steps)) last = frame;
    const { step, reward, returns } = last!;
    const past = returns.map((x) => x.toFixed(1)).join(', ') || 'none';
    t.equal(
      await status(page),
      `Step ${step}, return so far ${reward.toFixed(1)}; returns of past episodes: ${past}`,
    );
    const { size, hash, colours } = await picture(page);
    t.same(size, [last!.picture.width, last!.picture.height]);
    const expected = createHash('sha256').update(last!.picture.data).digest('hex');
    t.equal(hash, expected, `${env}: the canvas shows the picture of Node`);
    t.ok(colours > 1, 'which is no empty one');
    t.equal(await page.locator('select[name=env]').inputValue(), env, 'the env is chosen from the list');
    await page.close();
  }
});

t.test('what goes wrong is told on the page', async (t) => {
  const server = await startServer(t);
  const address = await servePage(t);
  const browser = await startBrowser(t);
  const nobody = await open(browser, address, { url: 'ws://127.0.0.1:1', env: 'CartPole-v1' });
  t.equal(await state(nobody), 'failed');
  t.match(await status(nobody), /ws:\/\/127\.0\.0\.1:1: .*Is a farstep server running there\?/);

  const lost = await open(browser, address, { url: server.url, env: 'CartPole-v1', steps: '1000000' });
  await lost.locator('canvas[width="600"]').waitFor();
  await server.close(0);
  t.equal(await state(lost), 'failed');
  t.match(await status(lost), /the server is stopping|the connection ended/);
});
