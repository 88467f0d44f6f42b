/** The recorded sessions are what the server says today, and they show all that there is to say. */
import { readdirSync, readFileSync } from 'node:fs';
import t from 'tap';
import { ERRORS } from '../../../protocol/errors.js';
import type { ReplyOf } from '../../../protocol/messages.js';
import { CLIENT_CODES } from '../../../scripts/conform/peer.js';
import { RECORDED, record } from '../../../scripts/conform/record.js';
import {
  changedBytes,
  parseSession,
  type SessionFile,
  sessionText,
} from '../../../scripts/conform/session.js';
import { holdsBlock } from '../../readme-block.js';

const FOLDER = new URL('../../../../protocol/conformance/sessions/', import.meta.url);
const read = (name: string): string => readFileSync(new URL(`${name}.json`, FOLDER), 'utf8');
const NAMES = RECORDED.map(({ name }) => name);

t.test('there is a file for each scenario, and no other', async (t) => {
  t.same(new Set(readdirSync(FOLDER)), new Set(NAMES.map((name) => `${name}.json`)));
});

t.test('the bytes of an edition stay', async (t) => {
  for (const scenario of RECORDED) {
    const session = await record(scenario);
    const change = changedBytes(parseSession(read(scenario.name)), session);
    if (change !== undefined) t.fail(`${scenario.name}: ${change}`);
    else
      t.equal(
        sessionText(session),
        read(scenario.name),
        `${scenario.name}: npm run record:sessions renews its words`,
      );
  }
});

t.test('a change of bytes is told, with the version that it would break', async (t) => {
  const session = parseSession(read('close'));
  const [first, ...rest] = session.steps;
  const changed: SessionFile = { ...session, steps: [{ ...first!, bytes: `${first!.bytes}00` }, ...rest] };
  t.match(
    changedBytes(session, changed),
    /step 1 was.*bytes of generation 1, edition 1.*change with the edition/s,
  );
  t.match(changedBytes(session, { ...session, steps: rest }), /step 1 was/);
  const renamed: SessionFile = { ...session, steps: [{ ...first!, means: 'Other words.' }, ...rest] };
  t.equal(changedBytes(session, renamed), undefined, 'words may change');
});

t.test('every message and every error code that a server sends is shown', async (t) => {
  const types = new Set<string>();
  const codes = new Set<string>();
  const field = (message: unknown, name: string) =>
    (message as Readonly<Record<string, unknown>> | undefined)?.[name];
  for (const { message } of NAMES.flatMap((name) => parseSession(read(name)).steps)) {
    types.add(String(field(message, 'type')));
    if (field(message, 'type') === 'error') codes.add(String(field(message, 'code')));
  }
  const requests: Readonly<Record<keyof ReplyOf, ReplyOf[keyof ReplyOf]['type']>> = {
    list: 'listed',
    make: 'made',
    create: 'created',
    join: 'joined',
    leave: 'left',
    reset: 'started',
    snapshot: 'snapshotted',
    restore: 'started',
    rewards: 'rewarded',
    transitions: 'tabulated',
    render: 'rendered',
    share: 'shared',
    subscribe: 'subscribed',
    credit: 'credited',
    unsubscribe: 'unsubscribed',
    close: 'closed',
  };
  for (const type of [
    'hello',
    'welcome',
    'step',
    'stepped',
    'over',
    ...Object.keys(requests),
    ...Object.values(requests),
  ])
    t.ok(types.has(type), `a session shows ${type}`);
  for (const code of Object.keys(ERRORS)) {
    if (!CLIENT_CODES.includes(code)) t.ok(codes.has(code), `a session shows ${code}`);
  }
});

t.test('the README lists them', async (t) => {
  const rows = RECORDED.map(({ name, title }) => `| [${name}](sessions/${name}.json) | ${title} |\n`);
  holdsBlock(t, 'protocol/conformance/README.md', 'sessions', `| session | |\n|-|-|\n${rows.join('')}`);
});
