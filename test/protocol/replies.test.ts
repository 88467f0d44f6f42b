import fc from 'fast-check';
import t from 'tap';
import { FarstepError } from '../../protocol/errors.js';
import type { ReplyOf } from '../../protocol/messages.js';
import { parseError, parseReply, parseWelcome } from '../../protocol/replies.js';

const spec = {
  id: 'X-v0',
  description: 'd',
  source: 's',
  players: 1,
  rewardRange: [-Infinity, 1],
  renderModes: [],
  options: {},
};
const discrete = { type: 'Discrete', n: 2, start: 0 };
const contract = {
  spec,
  numEnvs: 1,
  options: {},
  autoreset: 'next_step',
  maxEpisodeSteps: null,
  observationSpace: discrete,
  actionSpace: discrete,
  infos: [{ name: 'lives', space: discrete, leaves: [] }],
  rewardTasks: [],
  hash: 'h',
};
const world = { seats: ['a', 'b'], turns: true, defaultAction: 'none', moveMs: null };
const worldContract = { ...contract, world };
const limits = {
  frameBytes: 1,
  requestsInFlight: 1,
  vectorEnvs: 1,
  envs: 1,
  idleMs: 1,
  graceMs: 0,
  keptReplyBytes: 1,
  subscriptions: 1,
  streamBytes: 1,
  pingMs: 1,
};
const welcome = {
  type: 'welcome',
  session: 's',
  resume: null,
  edition: 1,
  capabilities: [],
  limits,
  server: 'v',
};
const started = {
  type: 'started',
  id: 1,
  n: 1,
  observations: [Uint8Array.of(1)],
  infos: [[Uint8Array.of(1)]],
  seeds: [7],
};
const replies: { readonly [T in keyof ReplyOf]: Record<string, unknown> } = {
  list: { type: 'listed', id: 1, envs: [spec] },
  make: { type: 'made', id: 1, env: 1, contract },
  create: { type: 'created', id: 1, env: 1, world: 'token', seats: ['a', 'b'], contract: worldContract },
  join: { type: 'joined', id: 1, env: 1, seat: 'a', contract: worldContract },
  leave: { type: 'left', id: 1 },
  reset: started,
  restore: started,
  snapshot: { type: 'snapshotted', id: 1, snapshots: [{ any: 1 }] },
  rewards: { type: 'rewarded', id: 1, rewards: Uint8Array.of(1) },
  transitions: {
    type: 'tabulated',
    id: 1,
    numStates: 2,
    numActions: 1,
    first: Uint8Array.of(1),
    probabilities: Uint8Array.of(2),
    nextStates: Uint8Array.of(3),
    rewards: Uint8Array.of(4),
    terminated: Uint8Array.of(5),
  },
  render: { type: 'rendered', id: 1, width: 1, height: 1, format: 'rgb', data: Uint8Array.of(1, 2, 3) },
  share: { type: 'shared', id: 1, token: 'token' },
  subscribe: { type: 'subscribed', id: 1, stream: 4, sequence: 7, contract },
  credit: { type: 'credited', id: 1, sent: 3 },
  unsubscribe: { type: 'unsubscribed', id: 1 },
  close: { type: 'closed', id: 1 },
};
const types = Object.keys(replies) as (keyof ReplyOf)[];

t.test('replies, and fields that this client does not know', async (t) => {
  for (const type of types) {
    t.same(parseReply(type, replies[type]), replies[type], type);
    t.same(parseReply(type, { ...replies[type], later: 7 }), replies[type], 'a later edition may say more');
  }
  t.same(parseWelcome(welcome), welcome);
  t.same(parseWelcome({ ...welcome, resume: 'r', later: 7 }).resume, 'r');
});

t.test('what the client relies on is checked', async (t) => {
  const bad: readonly (readonly [keyof ReplyOf, Record<string, unknown>, RegExp])[] = [
    ['list', { envs: [{ ...spec, id: 7 }] }, /^listed.envs: expected an array of specs/],
    ['list', { envs: [{ ...spec, rewardRange: [0] }] }, /^listed.envs/],
    ['make', { type: 'started' }, /^make: expected made, got started$/],
    ['make', { env: -1 }, /^made.env: expected a non-negative integer, got -1$/],
    ['make', { contract: undefined }, /^made.contract: expected a map, got nothing/],
    [
      'make',
      { contract: { ...contract, numEnvs: 0 } },
      /^made.contract.numEnvs: expected a positive integer, got 0/,
    ],
    ['make', { contract: { ...contract, spec: null } }, /^made.contract.spec/],
    [
      'make',
      { contract: { ...contract, autoreset: 'x' } },
      /^made.contract.autoreset: expected one of next_step/,
    ],
    ['make', { contract: { ...contract, actionSpace: 7 } }, /^made.contract.actionSpace: expected a space/],
    ['make', { contract: { ...contract, infos: [{ name: 7 }] } }, /^made.contract.infos/],
    ['create', { seats: 'a' }, /^created.seats: expected an array of names/],
    ['create', { contract: { ...contract, world: 7 } }, /^created.contract.world: expected a map/],
    ['join', { seat: null }, /^joined.seat: expected the name of a seat/],
    [
      'join',
      { contract: { ...contract, world: { ...world, turns: 1 } } },
      /^joined.contract.world.turns: expected a boolean, got 1/,
    ],
    ['reset', { n: 'x' }, /^started.n/],
    ['reset', { observations: [[1]] }, /^started.observations: expected an array of bin/],
    ['reset', { infos: [Uint8Array.of(1)] }, /^started.infos: expected an array of arrays of bin/],
    ['reset', { seeds: ['7'] }, /^started.seeds/],
    ['snapshot', { snapshots: 7 }, /^snapshotted.snapshots: expected an array, got 7/],
    ['rewards', { rewards: 'x' }, /^rewarded.rewards: expected bin/],
    ['transitions', { first: undefined }, /^tabulated.first: expected bin, got nothing/],
    ['render', { format: 'gif' }, /^rendered.format/],
    ['render', { data: 'x' }, /^rendered.data: expected bin/],
    ['close', { id: null }, /^closed.id/],
  ];
  for (const [type, change, message] of bad) {
    t.throws(
      () => parseReply(type, { ...replies[type], ...change }),
      { code: 'bad_reply', message },
      String(message),
    );
  }
  t.throws(() => parseWelcome({ ...welcome, limits: { ...limits, envs: -1 } }), {
    code: 'bad_reply',
    message: /limits/,
  });
  t.throws(() => parseWelcome({ type: 'made' }), {
    code: 'bad_reply',
    message: 'expected welcome, got made',
  });
});

t.test('an error of the server', async (t) => {
  const sent = {
    type: 'error',
    id: 7,
    code: 'too_many_envs',
    message: 'm',
    recoverable: true,
    retryAfterMs: 5,
  };
  const { id, error } = parseError(sent);
  t.equal(id, 7);
  t.match(error, { code: 'too_many_envs', message: 'm', recoverable: true, retryAfterMs: 5 });
  t.equal(parseError({ ...sent, id: null, retryAfterMs: null }).id, null);
  const later = { ...sent, code: 'out_of_coffee', recoverable: false };
  t.match(parseError(later).error, { code: 'out_of_coffee', message: 'm', recoverable: false });
  t.match(parseError({ ...sent, recoverable: false }).error, { recoverable: true }, 'what the table says');
  t.throws(() => parseError({ ...sent, code: 7 }), { code: 'bad_reply' });
  for (const retryAfterMs of [-1, Number.NaN, Infinity, '5'])
    t.throws(() => parseError({ ...sent, retryAfterMs }), { code: 'bad_reply', message: /retryAfterMs/ });
  t.throws(() => parseWelcome(sent), { code: 'too_many_envs' }, 'an error instead of a welcome');
});

t.test('any map gives a reply or a coded error', async () => {
  const anything = fc.anything({ withBigInt: false });
  const arbitrary = fc
    .constantFrom(...types)
    .chain((type) =>
      fc
        .dictionary(fc.constantFrom(...Object.keys(replies[type]), ...Object.keys(contract)), anything)
        .map(
          (spoil) =>
            [
              type,
              { ...replies[type], ...spoil, type: replies[type].type, contract: { ...contract, ...spoil } },
            ] as const,
        ),
    );
  fc.assert(
    fc.property(arbitrary, ([type, message]) => {
      try {
        parseReply(type, message);
        parseError(message);
        parseWelcome(message);
      } catch (error) {
        return error instanceof FarstepError;
      }
      return true;
    }),
    { numRuns: 500 },
  );
});
