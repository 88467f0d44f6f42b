import fc from 'fast-check';
import t from 'tap';
import { FarstepError } from '../../protocol/errors.js';
import { parseHello, parseRequest } from '../../protocol/requests.js';

const hello = { type: 'hello', protocol: 1, editions: [1] };

t.test('a hello, and the defaults of what it leaves out', async (t) => {
  t.same(parseHello(hello), { ...hello, client: 'unnamed', capabilities: [] });
  const full = { ...hello, client: 'c/1', capabilities: ['x'], token: 't', resume: 'r' };
  t.same(parseHello(full), full);
  t.same(
    parseHello({ ...hello, client: null, capabilities: undefined, token: null }),
    parseHello(hello),
    'nil is absent',
  );
});

t.test('requests, and the defaults of what they leave out', async (t) => {
  const cases: readonly (readonly [Record<string, unknown>, Record<string, unknown>])[] = [
    [{ type: 'list', id: 0 }, {}],
    [
      { type: 'make', id: 1, env: 'X-v0' },
      { numEnvs: 1, autoreset: 'next_step' },
    ],
    [
      {
        type: 'make',
        id: 1,
        env: 'X-v0',
        numEnvs: 4,
        seed: 7,
        options: { a: 1, b: 'x', c: true, d: null },
        autoreset: 'disabled',
        maxEpisodeSteps: 9,
      },
      {},
    ],
    [{ type: 'create', id: 1, world: 'X-v0' }, {}],
    [
      {
        type: 'create',
        id: 1,
        world: 'X',
        seed: 7,
        options: { a: 1 },
        moveMs: 2 ** 31 - 1,
        maxEpisodeSteps: 9,
      },
      {},
    ],
    [{ type: 'join', id: 1, world: 'token' }, {}],
    [{ type: 'join', id: 1, world: 'token', seat: 'a' }, {}],
    [{ type: 'leave', id: 1, env: 2 }, {}],
    [{ type: 'share', id: 1, env: 2 }, {}],
    [{ type: 'subscribe', id: 1, token: 't', credits: 0 }, {}],
    [{ type: 'credit', id: 1, stream: 2, credits: 3 }, {}],
    [{ type: 'unsubscribe', id: 1, stream: 2 }, {}],
    [{ type: 'reset', id: 1, env: 2 }, {}],
    [{ type: 'reset', id: 1, env: 2, ids: [0, 5], seeds: [null, 7], options: {} }, {}],
    [{ type: 'reset', id: 1, env: 2, mask: [true, false] }, {}],
    [
      { type: 'render', id: 1, env: 2 },
      { index: 0, format: 'png' },
    ],
    [{ type: 'render', id: 1, env: 2, index: 3, format: 'rgb' }, {}],
    [{ type: 'close', id: 1, env: 2 }, {}],
  ];
  for (const [message, defaults] of cases)
    t.same(parseRequest(message), { ...message, ...defaults }, JSON.stringify(message));
});

const string = 'x'.repeat(5000);
const shown = `"${'x'.repeat(56)}...`;

t.test('every field of a wrong type is told by name, with what was expected and what came', async (t) => {
  const make = { type: 'make', id: 1, env: 'X' };
  const reset = { type: 'reset', id: 1, env: 1 };
  const render = { type: 'render', id: 1, env: 1 };
  const cases: readonly (readonly [Record<string, unknown>, string])[] = [
    [{ type: 'list' }, 'list.id: expected a non-negative integer, got nothing'],
    [{ type: 'list', id: null }, 'list.id: expected a non-negative integer, got null'],
    [{ type: 'list', id: -1 }, 'list.id: expected a non-negative integer, got -1'],
    [{ type: 'list', id: 1.5 }, 'list.id: expected a non-negative integer, got 1.5'],
    [{ type: 'list', id: 2 ** 53 }, 'list.id: expected a non-negative integer, got 9007199254740992'],
    [{ type: 'list', id: Number.NaN }, 'list.id: expected a non-negative integer, got NaN'],
    [{ type: 'list', id: '1' }, 'list.id: expected a non-negative integer, got "1"'],
    [{ type: 'list', id: 1, idd: 2, x: 3 }, 'list: unknown field "idd", "x"'],
    [{ ...make, env: undefined }, 'make.env: expected an env id, got nothing'],
    [{ ...make, env: 7 }, 'make.env: expected an env id, got 7'],
    [{ ...make, env: string }, `make.env: expected an env id, got ${shown}`],
    [{ ...make, numEnvs: 0 }, 'make.numEnvs: expected a positive integer, got 0'],
    [{ ...make, numEnvs: 2.5 }, 'make.numEnvs: expected a positive integer, got 2.5'],
    [{ ...make, seed: -1 }, 'make.seed: expected a non-negative integer below 2^53, got -1'],
    [{ ...make, options: [1] }, 'make.options: expected a map of booleans, numbers and strings, got [1]'],
    [
      { ...make, options: { a: {} } },
      'make.options: expected a map of booleans, numbers and strings, got {"a":{}}',
    ],
    [
      { ...make, options: Buffer.of(1) },
      'make.options: expected a map of booleans, numbers and strings, got 1 bytes',
    ],
    [
      { ...make, autoreset: 'NEXT_STEP' },
      'make.autoreset: expected one of next_step, same_step, disabled, got "NEXT_STEP"',
    ],
    [{ ...make, maxEpisodeSteps: 0 }, 'make.maxEpisodeSteps: expected a positive integer, got 0'],
    [{ ...reset, env: 'X' }, 'reset.env: expected a non-negative integer, got "X"'],
    [{ ...reset, ids: [0, -1] }, 'reset.ids: expected an array of env indices, got [0,-1]'],
    [{ ...reset, ids: Buffer.of(0, 0, 0, 0) }, 'reset.ids: expected an array of env indices, got 4 bytes'],
    [{ ...reset, mask: [1, 0] }, 'reset.mask: expected an array of booleans, got [1,0]'],
    [{ ...reset, seeds: 7 }, 'reset.seeds: expected an array of integers below 2^53, or null, got 7'],
    [{ ...reset, seeds: [1.5] }, 'reset.seeds: expected an array of integers below 2^53, or null, got [1.5]'],
    [{ ...reset, seed: 7 }, 'reset: unknown field "seed"'],
    [{ ...render, index: -1 }, 'render.index: expected an env index, got -1'],
    [{ ...render, format: 'jpeg' }, 'render.format: expected png or rgb, got "jpeg"'],
    [{ type: 'close', id: 1 }, 'close.env: expected a non-negative integer, got nothing'],
  ];
  for (const [message, expected] of cases) {
    t.throws(() => parseRequest(message), { code: 'bad_message', message: expected }, expected);
  }
});

t.test('a hello that is wrong', async (t) => {
  const cases: readonly (readonly [Record<string, unknown>, string])[] = [
    [{ type: 'hello', editions: [1] }, 'hello.protocol: expected a non-negative integer, got nothing'],
    [{ ...hello, protocol: '1' }, 'hello.protocol: expected a non-negative integer, got "1"'],
    [{ type: 'hello', protocol: 1 }, 'hello.editions: expected an array of integers, got nothing'],
    [{ ...hello, editions: ['1'] }, 'hello.editions: expected an array of integers, got ["1"]'],
    [{ ...hello, client: 7 }, 'hello.client: expected a string of at most 4096 characters, got 7'],
    [
      { ...hello, client: string },
      `hello.client: expected a string of at most 4096 characters, got ${shown}`,
    ],
    [{ ...hello, capabilities: 'x' }, 'hello.capabilities: expected an array of strings, got "x"'],
    [{ ...hello, token: 7 }, 'hello.token: expected a string of at most 4096 characters, got 7'],
    [{ ...hello, resume: true }, 'hello.resume: expected a string of at most 4096 characters, got true'],
    [{ ...hello, id: 1 }, 'hello: unknown field "id"'],
  ];
  for (const [message, expected] of cases) {
    t.throws(() => parseHello(message), { code: 'bad_hello', message: expected }, expected);
  }
});

t.test('a type that there is not', async (t) => {
  for (const [type, shown] of [
    ['stepp', '"stepp"'],
    ['welcome', '"welcome"'],
    ['toString', '"toString"'],
    ['', '""'],
  ]) {
    t.throws(() => parseRequest({ type, id: 1 }), {
      code: 'unknown_message',
      message: `expected list, make, create, join, leave, reset, snapshot, restore, rewards, transitions, render, share, subscribe, credit, unsubscribe, close or a step, got type ${shown}`,
    });
  }
});

t.test('any map gives a message or a coded error', async () => {
  const anything = fc.anything({ withBigInt: false });
  const fields = fc.dictionary(
    fc.constantFrom(
      'id',
      'env',
      'numEnvs',
      'seed',
      'options',
      'autoreset',
      'ids',
      'mask',
      'seeds',
      'index',
      'format',
      'x',
    ),
    anything,
  );
  const type = fc.constantFrom('list', 'make', 'reset', 'render', 'close', 'other');
  fc.assert(
    fc.property(type, fields, (type, fields) => {
      try {
        parseRequest({ ...fields, type });
      } catch (error) {
        return error instanceof FarstepError && ['bad_message', 'unknown_message'].includes(error.code);
      }
      return true;
    }),
    { numRuns: 500 },
  );
});
