import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { WebSocket } from 'ws';
import { StepEncoder } from '../../protocol/frames.js';
import {
  arrayType,
  connect,
  type SampleSource,
  type Space,
  sizeOf,
  type TypedArray,
} from '../../protocol/index.js';
import { type EmbeddedServer, reply, startEmbeddedServer } from '../embedded-server.js';
import { collectGarbage } from '../gc.js';

/** What is measured: an env, how many together, and what the project promises of it. */
interface Case {
  readonly env: string;
  readonly numEnvs: number;
  /** Least share of the echo's round trips. */
  readonly share: number;
  /** Least env-steps a second on the reference machine (2 cores). */
  readonly envSteps?: number;
}

const CASES: readonly Case[] = [
  { env: 'CartPole-v1', numEnvs: 1, share: 0.7 },
  { env: 'CartPole-v1', numEnvs: 64, share: 0.6, envSteps: 1_000_000 },
  { env: 'MinAtar/Breakout-v1', numEnvs: 64, share: 0, envSteps: 400_000 },
];

export interface ServerBenchOptions {
  /** Seconds a measurement, of which each case makes several. */
  readonly seconds: number;
  /** Env-steps of the memory test; 0 leaves it out. */
  readonly soak: number;
}

export interface CaseResult {
  readonly env: string;
  readonly numEnvs: number;
  readonly requestBytes: number;
  readonly replyBytes: number;
  readonly roundTripsPerSecond: number;
  readonly echoRoundTripsPerSecond: number;
  /** Ours / echo. */
  readonly share: number;
  readonly envStepsPerSecond: number;
  readonly passed: boolean;
}

export interface SoakResult {
  readonly envSteps: number;
  /** Resident memory of the server: after the first tenth of the steps, and after the last. */
  readonly serverBytes: readonly [number, number];
  readonly clientBytes: readonly [number, number];
}

/** Many short rounds in turns, the best of each side counts: other work on the machine only ever slows a round. */
const ROUNDS = 25;

type RoundTrip = () => Promise<unknown>;

/** Round trips a second, one at a time. */
async function rate(roundTrip: RoundTrip, seconds: number): Promise<number> {
  const start = performance.now();
  const end = start + seconds * 1000;
  let count = 0;
  let now = start;
  while (now < end) {
    for (let i = 0; i < 32; i++) await roundTrip();
    count += 32;
    now = performance.now();
  }
  return count / ((now - start) / 1000);
}

/** Random actions, `count` batches of them, as typed arrays. */
function randomActions(space: Space, numEnvs: number, count: number): Int32Array[] {
  return Array.from({ length: count }, () =>
    Int32Array.from({ length: numEnvs }, () => space.sample(source) as number),
  );
}

const source: SampleSource = {
  random: Math.random,
  integers: (low: number, high: number) => low + Math.floor(Math.random() * (high - low)),
};

async function echoClient(url: string, requestBytes: number, replyBytes: number) {
  const socket = new WebSocket(`${url}/?reply=${replyBytes}`, {
    perMessageDeflate: false,
    skipUTF8Validation: true,
  });
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  const frame = Buffer.alloc(requestBytes);
  let settle: (value: unknown) => void = () => {};
  socket.on('message', (data) => settle(data));
  return {
    roundTrip: () =>
      new Promise((resolve) => {
        settle = resolve;
        socket.send(frame, { binary: true });
      }),
    close: () => socket.close(),
  };
}

async function measure(
  server: EmbeddedServer,
  echoUrl: string,
  testCase: Case,
  seconds: number,
): Promise<CaseResult> {
  const client = await connect(server.url);
  const env = await client.make(testCase.env, { numEnvs: testCase.numEnvs, seed: 1, autoreset: 'same_step' });
  await env.reset();
  const actions = randomActions(env.actionSpace, env.numEnvs, 64);
  const requestBytes = new StepEncoder().encode(1000, 1, [actions[0]!]).length;
  const rows = env.contract.observationLeaves.reduce(
    (sum, leaf) => sum + sizeOf(leaf.shape) * arrayType(leaf.dtype).BYTES_PER_ELEMENT,
    0,
  );
  const replyBytes = env.numEnvs * (rows + 10) + 30; // observation, reward, two flags; headers
  const echo = await echoClient(echoUrl, requestBytes, replyBytes);
  let i = 0;
  const step: RoundTrip = () => env.step(actions[i++ & 63] as TypedArray);

  await rate(step, 2 * seconds);
  await rate(echo.roundTrip, 2 * seconds);
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    ours.push(await rate(step, seconds));
    theirs.push(await rate(echo.roundTrip, seconds));
  }
  echo.close();
  client.close();
  const [roundTripsPerSecond, echoRoundTripsPerSecond] = [Math.max(...ours), Math.max(...theirs)];
  const share = roundTripsPerSecond / echoRoundTripsPerSecond;
  const envStepsPerSecond = roundTripsPerSecond * testCase.numEnvs;
  return {
    env: testCase.env,
    numEnvs: testCase.numEnvs,
    requestBytes,
    replyBytes,
    roundTripsPerSecond,
    echoRoundTripsPerSecond,
    share,
    envStepsPerSecond,
    passed: share >= testCase.share && envStepsPerSecond >= (testCase.envSteps ?? 0),
  };
}

/** Steps for long and watches the memory of both sides. */
async function soak(server: EmbeddedServer, envSteps: number): Promise<SoakResult> {
  const client = await connect(server.url);
  const env = await client.make('CartPole-v1', { numEnvs: 64, seed: 1, autoreset: 'same_step' });
  await env.reset();
  const actions = randomActions(env.actionSpace, 64, 64);
  const batches = Math.ceil(envSteps / 64);
  const memory = async (): Promise<[number, number]> => {
    collectGarbage();
    return [await server.memory(), process.memoryUsage().rss];
  };
  let early: [number, number] = [0, 0];
  for (let i = 0; i < batches; i++) {
    if (i === Math.floor(batches / 10)) early = await memory();
    await env.step(actions[i & 63]!);
  }
  const late = await memory();
  client.close();
  return { envSteps: batches * 64, serverBytes: [early[0], late[0]], clientBytes: [early[1], late[1]] };
}

/** Measures the server beside a bare `ws` echo of the same sizes, in turns, each in a process of its own. */
export async function benchServer(options: ServerBenchOptions, onCase: (result: CaseResult) => void) {
  const server = await startEmbeddedServer();
  const echo = fork(fileURLToPath(new URL('./echo-process.js', import.meta.url)));
  try {
    const { url } = (await reply(echo, 'the echo server')) as { url: string };
    const cases: CaseResult[] = [];
    for (const testCase of CASES) {
      const result = await measure(server, url, testCase, options.seconds);
      onCase(result);
      cases.push(result);
    }
    return { cases, soak: options.soak > 0 ? await soak(server, options.soak) : undefined };
  } finally {
    echo.disconnect();
    await server.close();
  }
}
