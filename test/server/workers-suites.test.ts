/** The tests of the wire once more, with envs that step on threads. */
import { fileURLToPath } from 'node:url';
import t from 'tap';

const FILES = ['bad-requests', 'conformance', 'snapshots', 'vector-env', 'wire-equals-in-process'];

t.setTimeout(600_000);
for (const parts of ['1', '2']) {
  for (const name of FILES) {
    // In one part they step as they do inline; the envs one by one need not be tried so often.
    if (parts === '1' && ['conformance', 'wire-equals-in-process'].includes(name)) continue;
    const file = fileURLToPath(new URL(`./${name}.test.js`, import.meta.url));
    t.spawn(process.execPath, [file], {
      env: { ...process.env, FARSTEP_TEST_PARTS: parts },
      name: `${name}, in ${parts} parts`,
      timeout: 600_000,
    });
  }
}
