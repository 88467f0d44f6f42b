/**
 * Assembles envs/rng/pcg64.wat into envs/rng/pcg64-wasm.ts:
 *
 *     npm run build && node dist/scripts/assemble-pcg64.js
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import loadWabt from 'wabt';

const RNG = fileURLToPath(new URL('../../envs/rng/', import.meta.url));

const wabt = await loadWabt();
const { buffer } = wabt.parseWat('pcg64.wat', readFileSync(`${RNG}pcg64.wat`, 'utf8')).toBinary({});
writeFileSync(
  `${RNG}pcg64-wasm.ts`,
  `/** pcg64.wat, as scripts/assemble-pcg64.ts assembles it. */
export const PCG64_WASM =
  '${Buffer.from(buffer).toString('base64')}';
`,
);
