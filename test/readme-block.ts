import { readFileSync, writeFileSync } from 'node:fs';
import type { Test } from 'tap';

const ROOT = new URL('../../', import.meta.url);

/**
 * Holds that the part of a README between `<!-- name -->` and `<!-- /name -->` is `content`, which the code gives.
 * With UPDATE_README=1 it is written there instead.
 */
export function holdsBlock(t: Test, file: string, name: string, content: string): void {
  const url = new URL(file, ROOT);
  const text = readFileSync(url, 'utf8');
  const [begin, end] = [`<!-- ${name} -->\n`, `<!-- /${name} -->`];
  const [start, stop] = [text.indexOf(begin) + begin.length, text.indexOf(end)];
  if (process.env.UPDATE_README) {
    writeFileSync(url, text.slice(0, start) + content + text.slice(stop));
    t.pass(`wrote ${name} of ${file}`);
  } else {
    t.equal(text.slice(start, stop), content, `${name} of ${file}; UPDATE_README=1 writes it`);
  }
}
