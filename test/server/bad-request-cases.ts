/** Every way in which a request can be wrong, for bad-requests.test.ts. */
import { PROBE } from './probe-env.js';
import { HELLO, type Message, slab, stepFrame } from './rig.js';

/** What a session has made: the probe with autoreset, CartPole without, and a probe that was never reset. */
export const PROBE_ENV = 1;
export const CARTPOLE = 2;
export const UNBORN = 3;
export const NUM_ENVS = 3;

export const uint32 = (...values: number[]) => slab(Uint32Array.from(values));
export const kinds = (...values: number[]) => slab(Int32Array.from(values));
export const pushes = (...values: number[]) => slab(Float32Array.from(values));
export const GOOD = [kinds(0, 1, 0), pushes(0, 0.5, -0.5, 1, 0, 0)] as const;

export const probeStep = (actions: readonly Uint8Array[], ids?: Uint8Array) =>
  stepFrame(9, PROBE_ENV, actions, ids);
const reset = (fields: Message) => ({ type: 'reset', id: 9, env: PROBE_ENV, ...fields });
export const make = (fields: Message) => ({ type: 'make', id: 9, env: PROBE, ...fields });

/** A request, and how it is refused. */
export interface Bad {
  readonly name: string;
  readonly request: Message | Uint8Array;
  readonly code: string;
  readonly message: RegExp;
  /** The id of the error, where it is not that of the request. */
  readonly id?: null;
}

export const CASES: readonly Bad[] = [
  // Messages
  {
    name: 'no such type',
    request: { type: 'jump', id: 9 },
    code: 'unknown_message',
    message: /expected list, make, create.* got type "jump"/,
  },
  {
    name: 'a reply as a request',
    request: { type: 'made', id: 9 },
    code: 'unknown_message',
    message: /got type "made"/,
  },
  { name: 'a hello', request: HELLO, code: 'second_hello', message: /has been welcomed already/, id: null },
  {
    name: 'a hello with an id',
    request: { ...HELLO, id: 9 },
    code: 'second_hello',
    message: /has been welcomed already/,
  },
  {
    name: 'no id',
    request: { type: 'list' },
    code: 'bad_message',
    message: /list.id: expected a non-negative integer, got nothing/,
    id: null,
  },
  {
    name: 'an id that is none',
    request: { type: 'list', id: 'x' },
    code: 'bad_message',
    message: /got "x"/,
    id: null,
  },
  {
    name: 'an unknown field',
    request: reset({ seed: 1 }),
    code: 'bad_message',
    message: /reset: unknown field "seed"/,
  },
  {
    name: 'a field of a wrong type',
    request: reset({ ids: 'all' }),
    code: 'bad_message',
    message: /reset.ids: expected an array/,
  },
  // Making
  {
    name: 'too many vector envs',
    request: make({}),
    code: 'too_many_envs',
    message: /3 vector envs are open, limits.vectorEnvs is 3/,
  },
  // Handles
  {
    name: 'reset of no env',
    request: { type: 'reset', id: 9, env: 7 },
    code: 'no_such_env',
    message: /reset: no env 7; open in this session: 1, 2, 3/,
  },
  {
    name: 'render of no env',
    request: { type: 'render', id: 9, env: 0 },
    code: 'no_such_env',
    message: /render: no env 0/,
  },
  {
    name: 'close of no env',
    request: { type: 'close', id: 9, env: 99 },
    code: 'no_such_env',
    message: /close: no env 99/,
  },
  { name: 'step of no env', request: stepFrame(9, 8, GOOD), code: 'no_such_env', message: /step: no env 8/ },
  // Steps
  {
    name: 'a step before the first reset',
    request: stepFrame(9, UNBORN, GOOD),
    code: 'not_reset',
    message: /step: env 0 was never reset/,
  },
  {
    name: 'a subset step before the first reset',
    request: stepFrame(9, UNBORN, [kinds(0), pushes(0, 0)], uint32(2)),
    code: 'not_reset',
    message: /env 2/,
  },
  {
    name: 'a step of an episode that is over',
    request: stepFrame(9, CARTPOLE, [kinds(0, 0, 0)]),
    code: 'episode_over',
    message: /env 1: its episode is over; reset it first/,
  },
  {
    name: 'a slab too few',
    request: probeStep([GOOD[0]]),
    code: 'bad_action',
    message: /expected 2 slabs of actions, got 1/,
  },
  {
    name: 'a slab too many',
    request: probeStep([...GOOD, GOOD[0]]),
    code: 'bad_action',
    message: /expected 2 slabs of actions, got 3/,
  },
  {
    name: 'no slab',
    request: probeStep([]),
    code: 'bad_action',
    message: /expected 2 slabs of actions, got 0/,
  },
  {
    name: 'too many bytes',
    request: probeStep([kinds(0, 1, 0, 0), GOOD[1]]),
    code: 'bad_action',
    message: /actions\[0\]: expected 12 bytes \(3 × int32\[\]\), got 16/,
  },
  {
    name: 'too few bytes',
    request: probeStep([GOOD[0], pushes(0)]),
    code: 'bad_action',
    message: /actions\[1\]: expected 24 bytes \(3 × float32\[2\]\), got 4/,
  },
  {
    name: 'another dtype',
    request: probeStep([slab(BigInt64Array.of(0n, 1n, 0n)), GOOD[1]]),
    code: 'bad_action',
    message: /expected 12 bytes .*, got 24/,
  },
  {
    name: 'all actions for a subset',
    request: probeStep(GOOD, uint32(0)),
    code: 'bad_action',
    message: /expected 4 bytes \(1 × int32\[\]\), got 12/,
  },
  {
    name: 'an action outside Discrete',
    request: probeStep([kinds(0, 1, 3), GOOD[1]]),
    code: 'bad_action',
    message: /env 2: action\[0\] = 3 is outside Discrete\(3\)/,
  },
  {
    name: 'a negative action',
    request: probeStep([kinds(-1, 1, 0), GOOD[1]]),
    code: 'bad_action',
    message: /env 0: action\[0\] = -1 is outside/,
  },
  {
    name: 'an action outside Box',
    request: probeStep([GOOD[0], pushes(0, 0, 0, 1.5, 0, 0)]),
    code: 'bad_action',
    message: /env 1: action\[1\]\[1\] = 1.5 is outside Box\(-1, 1/,
  },
  {
    name: 'an action that is NaN',
    request: probeStep([GOOD[0], pushes(0, 0, 0, 0, Number.NaN, 0)]),
    code: 'bad_action',
    message: /env 2: .*NaN is outside/,
  },
  {
    name: 'a bad action of a subset',
    request: probeStep([kinds(9), pushes(0, 0)], uint32(2)),
    code: 'bad_action',
    message: /env 2: action\[0\] = 9/,
  },
  {
    name: 'ids out of range',
    request: probeStep([kinds(0), pushes(0, 0)], uint32(3)),
    code: 'bad_ids',
    message: /step: no env 3; there are 3/,
  },
  {
    name: 'ids repeated',
    request: probeStep([kinds(0, 0), pushes(0, 0, 0, 0)], uint32(1, 1)),
    code: 'bad_ids',
    message: /step: env 1 is named twice/,
  },
  {
    name: 'no ids',
    request: probeStep([kinds(), pushes()], uint32()),
    code: 'bad_ids',
    message: /step.ids: expected 1 to 3 uint32 in a bin, got 0 bytes/,
  },
  {
    name: 'half an id',
    request: probeStep([kinds(0), pushes(0, 0)], Uint8Array.of(0, 0)),
    code: 'bad_ids',
    message: /got 2 bytes/,
  },
  {
    name: 'more ids than envs',
    request: probeStep([kinds(0, 0, 0, 0), pushes(0, 0, 0, 0, 0, 0, 0, 0)], uint32(0, 1, 2, 0)),
    code: 'bad_ids',
    message: /got 16 bytes/,
  },
  // Resets
  {
    name: 'reset ids out of range',
    request: reset({ ids: [0, 3] }),
    code: 'bad_ids',
    message: /reset.ids: expected 0 to 2, got 3/,
  },
  {
    name: 'reset ids that would wrap around',
    request: reset({ ids: [2 ** 32] }),
    code: 'bad_ids',
    message: /got 4294967296/,
  },
  {
    name: 'reset ids repeated',
    request: reset({ ids: [0, 0] }),
    code: 'bad_ids',
    message: /reset: env 0 is named twice/,
  },
  {
    name: 'reset of no ids',
    request: reset({ ids: [] }),
    code: 'bad_ids',
    message: /reset: no env was named/,
  },
  {
    name: 'an empty mask',
    request: reset({ mask: [false, false, false] }),
    code: 'bad_ids',
    message: /reset: no env was named/,
  },
  {
    name: 'a short mask',
    request: reset({ mask: [true] }),
    code: 'bad_message',
    message: /reset.mask: expected 3 booleans, got 1/,
  },
  {
    name: 'ids and mask',
    request: reset({ ids: [0], mask: [true, true, true] }),
    code: 'bad_message',
    message: /expected ids or mask, got both/,
  },
  {
    name: 'too few seeds',
    request: reset({ seeds: [1] }),
    code: 'bad_message',
    message: /reset: 1 seeds for 3 envs/,
  },
  {
    name: 'too many seeds',
    request: reset({ ids: [0], seeds: [1, 2] }),
    code: 'bad_message',
    message: /reset: 2 seeds for 1 envs/,
  },
  {
    name: 'a reset option there is not',
    request: reset({ options: { low: 1 } }),
    code: 'bad_options',
    message: /no option "low"; it has none/,
  },
  {
    name: 'reset options that contradict each other',
    request: { type: 'reset', id: 9, env: CARTPOLE, options: { low: 1, high: -1 } },
    code: 'bad_options',
    message: /low/,
  },
  {
    name: 'a bad reset of an env that has a seed to come',
    request: { type: 'reset', id: 9, env: UNBORN, seeds: [-1, 0, 0] },
    code: 'bad_message',
    message: /reset.seeds/,
  },
  {
    name: 'a reset that is refused uses up no seed',
    request: { type: 'reset', id: 9, env: UNBORN, options: { x: 1 } },
    code: 'bad_options',
    message: /no option "x"/,
  },
  // Renders
  {
    name: 'a picture where there is none',
    request: { type: 'render', id: 9, env: PROBE_ENV },
    code: 'no_render',
    message: /Test\/Probe-v0 cannot be rendered/,
  },
  {
    name: 'a picture of no env',
    request: { type: 'render', id: 9, env: CARTPOLE, index: 3 },
    code: 'bad_ids',
    message: /render: no env 3; there are 3/,
  },
  {
    name: 'a picture before the first reset',
    request: { type: 'render', id: 9, env: UNBORN },
    code: 'not_reset',
    message: /render: env 0 was never reset/,
  },
];
