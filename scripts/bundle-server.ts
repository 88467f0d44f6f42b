/**
 * Bundles `farstep serve` into one file for the Python package, which starts it where only Node.js is installed, with the
 * licences of what is in it beside it. `npm run bundle:python` runs this before a wheel is built.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PACKAGE = join(ROOT, 'protocol', 'python', 'farstep');

const { metafile } = await build({
  entryPoints: [join(ROOT, 'dist', 'scripts', 'serve-alone.js')],
  outfile: join(PACKAGE, '_server.mjs'),
  absWorkingDir: ROOT,
  bundle: true,
  minify: true,
  metafile: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  external: ['bufferutil'], // native: ws does without
  // For the packages that are CommonJS.
  banner: {
    js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
  },
});

const bundled = Object.keys(metafile.inputs).flatMap((file) =>
  file.match(/^.*node_modules\/(?:@[^/]+\/)?[^/]+/),
);
const folders = [...new Set(bundled)].filter((folder) => folder !== null).sort();
const licences = folders.map((folder) => {
  const name = readdirSync(join(ROOT, folder)).find((file) => /^licen[cs]e/i.test(file));
  if (!name) throw new Error(`${folder}: no licence to pass on`);
  const title = folder.replace(/^.*node_modules\//, '');
  return `${title}\n${'-'.repeat(title.length)}\n\n${readFileSync(join(ROOT, folder, name), 'utf8').trim()}\n`;
});
writeFileSync(join(PACKAGE, '_server.licences.txt'), licences.join('\n\n'));
