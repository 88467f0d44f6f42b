/** Bundles the page of protocol/browser, client and all, into dist/browser. */
import { copyFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ROOT = new URL('../../', import.meta.url);
const path = (file: string): string => fileURLToPath(new URL(file, ROOT));

/** Gives the folder that the page is served from. */
export async function bundlePage(): Promise<string> {
  await build({
    entryPoints: [path('dist/protocol/browser/page.js')],
    outfile: path('dist/browser/page.js'),
    bundle: true,
    format: 'esm',
    target: 'es2022',
    minify: true,
    sourcemap: true,
    logLevel: 'warning',
  });
  copyFileSync(path('protocol/browser/index.html'), path('dist/browser/index.html'));
  return path('dist/browser/');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(`${await bundlePage()}index.html`);
