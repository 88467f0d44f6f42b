import { readFileSync } from 'node:fs';
import t from 'tap';
import { VERSION } from '../../protocol/version.js';

const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
const { version } = JSON.parse(read('package.json')) as { version: string };

t.test('the version is that of the package', async (t) => {
  t.equal(VERSION, version);
});

t.test('the Python package has the same', async (t) => {
  t.equal(/^VERSION = "(.*)"$/m.exec(read('protocol/python/farstep/_session.py'))?.[1], version);
});
