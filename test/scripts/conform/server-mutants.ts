/** Faults of servers, each by the rule that has to find it. */
import { bytesOf, type TypedArray } from '../../../protocol/dtypes.js';
import type { Context, Fault, Fields, Value } from './mutant-server.js';

type Edit = (message: Fields, context: Context) => unknown;
type EditStepped = (stepped: readonly unknown[], context: Context) => unknown;
type When = (last: Fields, connection: number, error: Fields) => boolean;

const bin = (array: TypedArray): Buffer => Buffer.from(bytesOf(array));
const isMap = (value: Value | undefined): value is Fields => value !== undefined && !Array.isArray(value);

/** Spoils the replies of a type. */
const on = (type: string, edit: Edit): Fault => ({
  reply: (value, context) => (isMap(value) && value.type === type ? edit(value, context) : undefined),
});

/** Sets fields of the replies of a type. */
const set = (type: string, fields: Fields): Fault => on(type, (message) => ({ ...message, ...fields }));

/** Leaves a field out of the replies of a type. */
const without = (type: string, field: string): Fault =>
  on(type, (message) => Object.fromEntries(Object.entries(message).filter(([name]) => name !== field)));

/** Sets fields of contracts. */
const contract = (fields: Fields | ((contract: Fields) => Fields)): Fault => ({
  reply(value) {
    if (!isMap(value) || value.contract === undefined) return undefined;
    const told = value.contract as Fields;
    return { ...value, contract: { ...told, ...(typeof fields === 'function' ? fields(told) : fields) } };
  },
});

const inWorld = (fields: Fields): Fault =>
  contract(({ world }) => ({ world: { ...(world as Fields), ...fields } }));

/** Spoils the replies to steps. */
const stepped = (edit: EditStepped): Fault => ({
  reply: (value, context) => (Array.isArray(value) ? edit(value as readonly unknown[], context) : undefined),
});

/** Spoils the samples of a kind. */
const sampled = (kind: number, edit: EditStepped): Fault =>
  stepped((sample, context) => (sample[0] === kind ? edit(sample, context) : undefined));

/** The elements of an array with one of them changed. */
const at = (array: readonly unknown[], index: number, element: unknown): unknown[] =>
  array.with(index, element);

/** Spoils the episodes that are told to have ended. */
const ended = (edit: (ended: readonly unknown[], stepped: readonly unknown[]) => unknown): Fault =>
  stepped((reply) => {
    const told = reply[8] && edit(reply[8] as readonly unknown[], reply);
    return told ? at(reply, 8, told) : undefined;
  });

/** Refuses with another code. */
const code = (from: string, when: When = () => true): Fault => ({
  reply(value, { last, connection }) {
    if (!isMap(value) || value.code !== from) return undefined;
    return when((last ?? {}) as Fields, connection, value)
      ? { ...value, code: 'no_render', recoverable: true }
      : undefined;
  },
});

/** Does not understand some requests. */
const deaf = (when: (request: Value, frame: Buffer, connection: number) => boolean): Fault => ({
  request(value, frame, connection) {
    if (value === undefined || !when(value, frame, connection)) return undefined;
    return { type: 'jump', id: isMap(value) ? value.id : (value as readonly unknown[])[1] };
  },
});

/** Misunderstands requests of a type. */
const misread = (type: string, edit: (request: Fields, connection: number) => unknown): Fault => ({
  request: (value, _frame, connection) =>
    isMap(value) && value.type === type ? edit(value, connection) : undefined,
});

const misreadStep = (edit: (step: readonly unknown[]) => unknown): Fault => ({
  request: (value) =>
    Array.isArray(value) && value[0] === 1 ? edit(value as readonly unknown[]) : undefined,
});

/** Slabs whose first byte is another. */
function spoiled(slabs: unknown): Buffer[] {
  const [first, ...rest] = (slabs as readonly Buffer[]).map((slab) => Buffer.from(slab));
  first![0]! ^= 0xff;
  return [first!, ...rest];
}

/** Shows other observations than there are. */
const blurred = (reply: readonly unknown[]) => at(reply, 3, spoiled(reply[3]));
const blurredStart: Edit = (message) => ({ ...message, observations: spoiled(message.observations) });

/** All rows of a slab in the opposite order. */
const reversed = (rows: Buffer): Buffer => bin(new Uint32Array(new Uint8Array(rows).buffer).reverse());

const float64s = (slab: unknown): Float64Array => new Float64Array(new Uint8Array(slab as Buffer).buffer);
const richer = (reply: readonly unknown[], by = 1) =>
  at(reply, 4, bin(float64s(reply[4]).map((x) => x + by)));

/** The infos of one seat of SumoDuel, which are is_success, live and missed, with another number of missed moves. */
const missed = (infos: unknown, n: number): unknown[] => at(infos as unknown[], 2, [bin(Uint32Array.of(n))]);

const isStepOf = (last: Value | undefined, env: number): boolean => Array.isArray(last) && last[2] === env;

/** Takes the step behind a reset by hand for the one that begins an episode. */
function resettingTwice(): Fault {
  let begun: unknown;
  return {
    reply(value, { last }) {
      if (isMap(value)) begun = value.observations ?? begun;
      else if ((last as readonly unknown[]).length === 5) return at(richer(value, -1), 3, begun);
      return undefined;
    },
  };
}

/** By scenario, for each rule a fault that breaks it. */
export const MUTANTS: Readonly<Record<string, Readonly<Record<string, Fault>>>> = {
  hello: {
    'hello/path': { listen: { path: '/' } },
    'hello/compression': { listen: { perMessageDeflate: true } },
    'hello/edition': set('welcome', { edition: 2 }),
    'hello/capabilities': misread('hello', (hello) => (hello.capabilities ? { ...hello, x: 1 } : undefined)),
    'hello/nil': misread('hello', (hello) =>
      hello.client === null ? { ...hello, protocol: null } : undefined,
    ),
    'hello/second': code('second_hello'),
    'error/code': set('error', { code: 'made_up' }),
    welcome: set('welcome', { limits: null }),
    listed: set('listed', { envs: 'none' }),
  },
  'hello-refused': {
    'hello/first': code('bad_hello', (last) => last.type === 'list'),
    'hello/before': code('bad_hello', (last) => Array.isArray(last)),
    'hello/fields': code('bad_hello', (last) => last.tokens !== undefined),
    'hello/protocol': code('unsupported_protocol', (last) => last.protocol === 2),
    'hello/no-edition': code('unsupported_protocol', (last) => last.protocol === 1),
    'error/close': { close: (code) => [code, ''] },
    'error/message': set('error', { message: '' }),
    'error/recoverable': set('error', { recoverable: true }),
  },
  'bad-frames': {
    'frame/text': code('text_frame'),
    'frame/one-value': code('bad_frame', (_last, connection) => connection === 3),
    'frame/extension': code('bad_frame', (_last, connection) => connection === 5),
    'frame/keys': code('bad_frame', (_last, connection) => connection === 8),
    'frame/utf8': code('bad_frame', (_last, connection) => connection === 10),
    'frame/depth': code('bad_frame', (_last, connection) => connection === 11),
    'frame/kind': code('bad_frame', (_last, connection) => connection === 13),
    'frame/too-large': code('frame_too_large'),
    'error/close': { close: (_code, reason) => [4999, reason] },
  },
  encodings: {
    'encoding/integers': deaf((_request, frame) => frame.includes(Buffer.from('cb401c000000000000', 'hex'))),
    'encoding/range': deaf((request) => isMap(request) && (request.id as number) > 2 ** 52),
    'encoding/nil': contract({ autoreset: 'disabled' }),
    'encoding/headers': deaf((_request, frame) => frame[0] === 0xdd),
    'encoding/unknown-field': misread('reset', ({ seed, ...reset }) => (seed ? reset : undefined)),
    'encoding/unknown-type': code('unknown_message'),
    'encoding/missing-field': code('bad_message', (last) => last.ids === 'all'),
    'encoding/no-id': code('bad_message', (last) => last.type === 'list'),
    'reply/id': on('started', (started) => ({ ...started, id: 8 })),
  },
  make: {
    'list/ids': on('listed', ({ envs, ...rest }) => ({
      ...rest,
      envs: (envs as readonly unknown[]).slice(0, 2),
    })),
    'make/defaults': contract(({ numEnvs }) => ({ numEnvs: (numEnvs as number) + 1 })),
    'make/autoreset': contract({ autoreset: 'same_step' }),
    'make/leaves': contract({ observationLeaves: [{ path: [], dtype: 'float64', shape: [4] }] }),
    'make/batched': contract({ batchedActionSpace: { type: 'Discrete', n: 2 } }),
    'make/time-limit': contract({ maxEpisodeSteps: 500 }),
    'make/options': contract({ options: {} }),
    'make/handle': on('made', (made, { count }) => ({ ...made, env: count === 4 ? 2 : made.env })),
    'make/hash': contract({ hash: 'always the same' }),
    'make/unknown-env': code('unknown_env'),
    'make/bad-options': code('bad_options'),
    'make/too-many': code('too_many_envs'),
    'make/own': code('no_such_env'),
    made: without('made', 'contract'),
  },
  spaces: {
    'spaces/tuple': contract(({ observationLeaves }) => ({
      observationLeaves: (observationLeaves as unknown[]).toReversed(),
    })),
    'spaces/dict': contract(({ observationLeaves, observationSpace }) =>
      (observationSpace as Fields).type === 'Dict'
        ? { observationLeaves: (observationLeaves as unknown[]).toReversed() }
        : {},
    ),
  },
  reset: {
    'reset/make-seed': misread('make', (make) => ({ ...make, seed: null })),
    'reset/seeds': set('started', { seeds: [1, 2, 3] }),
    'reset/seed': on('started', (started, context) =>
      context.count === 4 ? blurredStart(started, context) : undefined,
    ),
    'reset/nil': misread(
      'reset',
      ({ seeds, ...reset }) => seeds && { ...reset, seeds: (seeds as unknown[]).map((x) => x ?? 55) },
    ),
    'reset/rows': misread(
      'reset',
      ({ ids, ...reset }) => ids && { ...reset, ids: (ids as unknown[]).toReversed() },
    ),
    'reset/ids': misread('reset', (reset) =>
      String(reset.ids) === '0' ? { ...reset, ids: [1] } : undefined,
    ),
    'reset/mask': misread('reset', ({ mask, ...reset }) => mask && { ...reset, ids: [2, 1] }),
    'reset/midst': ended((told) =>
      at(told, 2, bin(new Uint32Array(new Uint8Array(told[2] as Buffer).buffer).map((x) => x + 1))),
    ),
    'reset/bad-ids': code('bad_ids', (last) => String(last.ids) === '1,1'),
    'reset/seed-count': code('bad_message', (last) => last.seeds !== undefined),
    'reset/no-such-env': code('no_such_env'),
    started: without('started', 'seeds'),
  },
  step: {
    'step/rows': misreadStep(([kind, id, env, , ids]) => ids && [kind, id, env, [Buffer.alloc(12)]]),
    'step/subset': misreadStep((step) => step[4] && at(step, 4, reversed(step[4] as Buffer))),
    'step/seed': stepped((reply, { last }) => (isStepOf(last, 2) ? richer(reply) : undefined)),
    'step/nil-ids': misreadStep((step) =>
      step[4] === null ? [...step.slice(0, 3), [Buffer.alloc(4)], Buffer.alloc(4)] : undefined,
    ),
    'step/time-limit': misread('make', (make) => ({ ...make, maxEpisodeSteps: null })),
    stepped: stepped((reply) => reply.slice(0, 8)),
    'arrays/bytes': stepped((reply) =>
      at(
        reply,
        3,
        (reply[3] as Buffer[]).map((slab) => slab.subarray(1)),
      ),
    ),
    'message/binary': stepped(() => 'text'),
    'message/restricted': stepped((reply) => at(reply, 7, new Date(0))),
    'reply/type': without('started', 'type'),
  },
  'step-refused': {
    'step/not-reset': code('not_reset'),
    'step/bad-action': code('bad_action', (_last, _connection, { message }) =>
      /slabs/.test(message as string),
    ),
    'step/outside': code('bad_action', (_last, _connection, { message }) =>
      /outside/.test(message as string),
    ),
    'step/bad-ids': code('bad_ids'),
    'step/no-such-env': code('no_such_env'),
    'step/changes-nothing': stepped((reply, { last }) => (isStepOf(last, 1) ? blurred(reply) : undefined)),
  },
  pipelined: {
    'pipelined/order': stepped((reply, { last }) => (isStepOf(last, 1) ? blurred(reply) : undefined)),
    'pipelined/limit': code('too_many_requests'),
  },
  'autoreset-disabled': {
    'disabled/episode-over': code('episode_over'),
    'disabled/no-final': ended((told, reply) => at(told, 4, reply[3])),
    'ended/none': stepped((reply) => at(reply, 8, null)),
    'ended/rows': ended((told) => at(told, 0, reversed(told[0] as Buffer))),
    'ended/returns': ended((told) =>
      at(
        told,
        1,
        (told[1] as Buffer).map(() => 0),
      ),
    ),
    'ended/lengths': ended((told) => at(told, 2, Buffer.from(told[2] as Buffer).swap32())),
    'ended/seeds': ended((told) => at(told, 3, Buffer.from(told[3] as Buffer).swap64())),
  },
  'autoreset-next-step': {
    'next-step/final': misread('make', (make) => ({
      ...make,
      autoreset: make.autoreset === 'next_step' ? 'same_step' : make.autoreset,
    })),
    'next-step/begins': stepped((reply) => (float64s(reply[4])[0] === 0 ? richer(reply) : undefined)),
    'next-step/stream': stepped((reply) => (float64s(reply[4])[0] === 0 ? blurred(reply) : undefined)),
    'next-step/by-hand': resettingTwice(),
    'next-step/no-final': ended((told, reply) => at(told, 4, reply[3])),
  },
  'autoreset-same-step': {
    'same-step/next': stepped((reply) =>
      reply[8] && (reply[8] as unknown[])[4] ? blurred(reply) : undefined,
    ),
    'same-step/outcome': stepped((reply, { last }) => (isStepOf(last, 2) ? richer(reply) : undefined)),
    'same-step/final': ended((told, reply) => (told[4] ? at(told, 4, reply[3]) : undefined)),
    'same-step/goes-on': stepped((reply, { count }) => (count === 5 + 4 ? blurred(reply) : undefined)),
    'same-step/subset-rows': ended((told) =>
      (told[0] as Buffer).length === 4 ? at(told, 0, bin(Uint32Array.of(1))) : undefined,
    ),
  },
  snapshots: {
    'snapshot/ids': on('snapshotted', ({ snapshots, ...rest }) => ({
      ...rest,
      snapshots: (snapshots as unknown[]).slice(0, 1),
    })),
    'restore/future': stepped((reply, { count }) => (count === 8 ? blurred(reply) : undefined)),
    'restore/shows': on('started', (started, context) =>
      context.count === 2 ? blurredStart(started, context) : undefined,
    ),
    'restore/elsewhere': on('started', (started, context) =>
      context.count === 4 ? blurredStart(started, context) : undefined,
    ),
    'restore/bad': code('bad_snapshot'),
    snapshotted: without('snapshotted', 'snapshots'),
  },
  render: {
    'render/png': on('rendered', ({ data, ...rest }) => ({ ...rest, data: (data as Buffer).subarray(1) })),
    'render/rgb': on('rendered', ({ data, ...rest }) => ({ ...rest, data: (data as Buffer).subarray(1) })),
    'render/size': on('rendered', ({ width, height, ...rest }) => ({
      ...rest,
      width: height,
      height: width,
    })),
    'render/index': code('bad_ids'),
    rendered: without('rendered', 'data'),
  },
  close: {
    'close/gone': deaf((request) => isMap(request) && request.type === 'reset' && request.env === 2),
    'close/no-such-env': code('no_such_env', (last) => last.type === 'render'),
    closed: set('closed', { type: 'made' }),
  },
  goals: {
    'rewards/as-stepped': on('rewarded', ({ rewards, ...rest }) => ({
      ...rest,
      rewards: bin(float64s(rewards).map((x) => x - 1)),
    })),
    'rewards/task': on('rewarded', ({ rewards, ...rest }, { last }) => ({
      ...rest,
      rewards: (last as Fields).task === undefined ? rewards : bin(float64s(rewards).map((x) => x - 1)),
    })),
    'rewards/rows': on('rewarded', ({ rewards, ...rest }, { count }) =>
      count === 3 ? { ...rest, rewards: (rewards as Buffer).subarray(8) } : undefined,
    ),
    'rewards/not-supported': code('not_supported'),
    rewarded: without('rewarded', 'rewards'),
  },
  table: {
    'table/offsets': on('tabulated', ({ first, ...rest }) => ({
      ...rest,
      first: (first as Buffer).subarray(4),
    })),
    'table/columns': on('tabulated', ({ rewards, ...rest }) => ({
      ...rest,
      rewards: (rewards as Buffer).subarray(8),
    })),
    'table/probabilities': on('tabulated', ({ probabilities, ...rest }) => ({
      ...rest,
      probabilities: bin(float64s(probabilities).map((x) => x / 2)),
    })),
    'table/not-supported': code('not_supported'),
    tabulated: without('tabulated', 'first'),
  },
  'world-turns': {
    'world/contract': inWorld({ turns: false }),
    'world/autoreset': contract({ autoreset: 'next_step' }),
    'world/infos': contract(({ infos }) => ({
      infos: (infos as Fields[]).map((info) => ({
        ...info,
        name: info.name === 'missed' ? 'lost' : info.name,
      })),
    })),
    'world/seats': inWorld({ seats: ['one', 'two', 'three'] }),
    'world/seed': set('started', { seeds: [1, 2] }),
    'world/rows': stepped((reply) => [
      2,
      reply[1],
      1,
      [(reply[3] as Buffer[])[0]!.subarray(0, (reply[3] as Buffer[])[0]!.length / 2)],
      ...[4, 5, 6].map((i) => (reply[i] as Buffer).subarray(0, (reply[i] as Buffer).length / 2)),
      (reply[7] as Buffer[][]).map((slabs) => slabs.map((slab) => slab.subarray(0, slab.length / 2))),
      null,
    ]),
    'turns/not-your-turn': code('not_your_turn'),
    'world/not-reset': code('not_reset'),
    'world/driver': code('seat_taken'),
    'world/over': code('episode_over'),
    'world/ended': ended((told) => [told[0], told[1], bin(Uint32Array.of(2, 3)), ...told.slice(3)]),
    'world/snapshot': on('snapshotted', ({ snapshots, ...rest }) => ({
      ...rest,
      snapshots: [...(snapshots as unknown[]), 1],
    })),
    'world/leave': set('left', { type: 'closed' }),
    'world/unknown': code('unknown_world'),
    'world/no-such-world': code('no_such_world'),
    'world/leave-env': code('not_supported'),
    created: without('created', 'seats'),
  },
  'world-parallel': {
    'parallel/contract': inWorld({ turns: true }),
    'parallel/ids': misreadStep((step) => (step[4] ? at(step, 4, reversed(step[4] as Buffer)) : undefined)),
    'parallel/absent': deaf((request) => Array.isArray(request) && request.length === 4),
    'parallel/bad-ids': code('bad_ids', (last) => Array.isArray(last)),
    'parallel/reset-ids': code('bad_ids', (last) => last.type === 'reset'),
    'parallel/action': code('bad_action'),
  },
  'seats-parallel': {
    'join/first-free': set('joined', { seat: 'nobody' }),
    'join/contract': contract(({ world, numEnvs }) =>
      (world as Fields).seat ? { numEnvs: 2 } : { numEnvs },
    ),
    'join/seat': contract(({ world }) => ({ world: { ...(world as Fields), seat: 'nobody' } })),
    'join/taken': code('seat_taken', (last) => last.type === 'join'),
    'join/no-such-seat': code('no_such_seat'),
    'join/no-such-world': code('no_such_world', (last) => last.world === 'no token of a world'),
    'seats/driver': code('seat_taken', (last) => last.type === 'reset'),
    'seats/session-goes-on': deaf((request) => isMap(request) && request.type === 'list'),
    'seats/creator-chose': code('bad_message'),
    'seats/begin': set('started', { type: 'created' }),
    'seats/one-at-a-time': code('not_your_turn'),
    'seats/one-row': stepped((reply) => [
      2,
      reply[1],
      2,
      ...[3, 4, 5, 6, 7].map((i) => doubled(reply[i])),
      null,
    ]),
    'seats/not-supported': code('not_supported'),
    'seats/left': code('no_such_env'),
    'seats/dead': on('started', ({ infos, ...started }) => ({ ...started, infos: missed(infos, 0) })),
    'seats/behind': deaf((request) => isMap(request) && request.type === 'reset' && request.env === 2),
    'seats/world-ends': code('no_such_world', (last) => last.world !== 'no token of a world'),
    joined: without('joined', 'seat'),
    left: set('left', { type: 'closed' }),
  },
  'seats-turns': {
    'turn-seats/waits': on('started', (started, context) =>
      context.connection > 1 ? blurredStart(started, context) : undefined,
    ),
    'turn-seats/reward': stepped((reply, { connection }) => (connection > 1 ? richer(reply) : undefined)),
    'turn-seats/over': code('episode_over'),
  },
  resume: {
    'resume/session': on('welcome', (welcome, { connection }) =>
      connection === 3 ? { ...welcome, session: 'another' } : undefined,
    ),
    'resume/repeat': stepped((reply, { connection, count }) =>
      connection === 3 && count === 1 ? richer(reply) : undefined,
    ),
    'resume/once': stepped((reply, { connection, count }) =>
      connection === 3 && count === 2 ? richer(reply) : undefined,
    ),
    'resume/unknown': code('no_such_session', ({ resume }) => resume === 'a guess'),
    'resume/replaced': code('session_resumed'),
    'resume/done': code('no_such_session', ({ resume }) => resume !== 'a guess'),
  },
  streams: {
    'stream/contract': on('subscribed', (reply) => ({
      ...reply,
      contract: { ...(reply.contract as Fields), hash: 'another' },
    })),
    'stream/again': on('shared', (reply, { count }) => (count === 2 ? { ...reply, token: 'x' } : undefined)),
    'stream/reset': sampled(4, (sample) => at(sample, 5, spoiled(sample[5]))),
    'stream/step': sampled(3, (sample) => at(sample, 4, spoiled(sample[4]))),
    'stream/ids': sampled(3, (sample) => (sample[3] ? at(sample, 3, bin(Uint32Array.of(0))) : undefined)),
    'stream/credit': sampled(3, (sample) => (sample[2] === 5 ? at(sample, 2, 4) : undefined)),
    'stream/sequence': set('subscribed', { sequence: 1 }),
    'stream/sent': set('credited', { sent: 9 }),
    'stream/unknown': code('no_such_stream'),
    'stream/over': set('over', { type: 'closed' }),
    shared: without('shared', 'token'),
    subscribed: without('subscribed', 'stream'),
    credited: without('credited', 'sent'),
    unsubscribed: set('unsubscribed', { type: 'closed' }),
  },
  'seats-deadline': {
    'deadline/told': inWorld({ moveMs: null }),
    'deadline/default': stepped((reply) => at(reply, 7, missed(reply[7], 1))),
    'deadline/behind': stepped((reply) => at(reply, 7, missed(reply[7], 0))),
  },
};

/** Every row twice. */
function doubled(slabs: unknown): unknown {
  if (slabs instanceof Buffer) return Buffer.concat([slabs, slabs]);
  return (slabs as readonly unknown[]).map(doubled);
}
