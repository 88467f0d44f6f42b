/** Writes protocol/python/farstep/envs.json: what the Python package registers with Gymnasium without asking a server. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { listSpecs } from '../envs/index.js';

const FILE = fileURLToPath(new URL('../../protocol/python/farstep/envs.json', import.meta.url));

const lines = listSpecs().map(({ id, players, maxEpisodeSteps, rewardThreshold }) => {
  const fields = { id, players, maxEpisodeSteps, rewardThreshold };
  const parts = Object.entries(fields).filter(([, value]) => value !== undefined && value !== null);
  return `  { ${parts.map(([name, value]) => `"${name}": ${JSON.stringify(value)}`).join(', ')} }`;
});
writeFileSync(FILE, `[\n${lines.join(',\n')}\n]\n`);
