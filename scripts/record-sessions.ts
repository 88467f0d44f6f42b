/**
 * Writes protocol/conformance/sessions: what every scenario sends and gets on a server of our own. A session that is
 * there already is never written over with other bytes: those of an edition stay as they are for good. While an edition
 * is being made, remove a file to have it written anew.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { RECORDED, record } from './conform/record.js';
import { changedBytes, parseSession, sessionText } from './conform/session.js';

const FOLDER = fileURLToPath(new URL('../../protocol/conformance/sessions/', import.meta.url));

mkdirSync(FOLDER, { recursive: true });
for (const scenario of RECORDED) {
  const path = `${FOLDER}${scenario.name}.json`;
  const session = await record(scenario);
  const change = existsSync(path)
    ? changedBytes(parseSession(readFileSync(path, 'utf8')), session)
    : undefined;
  if (change === undefined) {
    writeFileSync(path, sessionText(session));
    continue;
  }
  console.error(`${scenario.name}: ${change}`);
  process.exitCode = 1;
}
