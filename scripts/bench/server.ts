import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { WebSocket } from 'ws';
import { StepEncoder } from '../../protocol/frames.js';
import {
  arrayType,
  type Client,
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
  /** One step at a time. */
  readonly envStepsPerSecond: number;
  /** Several vector envs in flight. */
  readonly pipelinedEnvStepsPerSecond: number;
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

/** Vector envs that step independently in the pipelined measurement, a request of each always under way. */
const PIPELINED = 4;

/** Env-steps a second with several vector envs in flight: what the server does when it need not wait for the client. */
async function pipelined(client: Client, { env: id, numEnvs }: Case, seconds: number): Promise<number> {
  const end = performance.now() + seconds * 1000;
  let count = 0;
  const start = performance.now();
  const drive = async (seed: number): Promise<void> => {
    const env = await client.make(id, { numEnvs, seed, autoreset: 'same_step' });
    await env.reset();
    const actions = randomActions(env.actionSpace, numEnvs, 64);
    for (let i = 0; performance.now() < end; i++) {
      await env.step(actions[i & 63]!);
      count += numEnvs;
    }
    await env.close();
  };
  await Promise.all(Array.from({ length: PIPELINED }, (_, i) => drive(100 * i)));
  return count / ((performance.now() - start) / 1000);
}

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
  await pipelined(client, testCase, 2 * seconds);
  const inFlight: number[] = [];
  for (let round = 0; round < 5; round++) inFlight.push(await pipelined(client, testCase, 3 * seconds));
  client.close();
  const [roundTripsPerSecond, echoRoundTripsPerSecond] = [Math.max(...ours), Math.max(...theirs)];
  const share = roundTripsPerSecond / echoRoundTripsPerSecond;
  const envStepsPerSecond = roundTripsPerSecond * testCase.numEnvs;
  const pipelinedEnvStepsPerSecond = Math.max(...inFlight);
  return {
    env: testCase.env,
    numEnvs: testCase.numEnvs,
    requestBytes,
    replyBytes,
    roundTripsPerSecond,
    echoRoundTripsPerSecond,
    share,
    envStepsPerSecond,
    pipelinedEnvStepsPerSecond,
    passed: share >= testCase.share && pipelinedEnvStepsPerSecond >= (testCase.envSteps ?? 0),
  };
}

/** Steps for long and watches the memory of both sides. */
async function soak(envSteps: number): Promise<SoakResult> {
  const server = await startEmbeddedServer();
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
  await server.close();
  return { envSteps: batches * 64, serverBytes: [early[0], late[0]], clientBytes: [early[1], late[1]] };
}

/** Measures one case, with a server and an echo of its own. */
export async function benchCase(index: number, seconds: number): Promise<CaseResult> {
  const server = await startEmbeddedServer();
  const echo = fork(fileURLToPath(new URL('./echo-process.js', import.meta.url)));
  try {
    const { url } = (await reply(echo, 'the echo server')) as { url: string };
    return await measure(server, url, CASES[index]!, seconds);
  } finally {
    echo.disconnect();
    await server.close();
  }
}

const CASE_PROCESS = fileURLToPath(new URL('./case-process.js', import.meta.url));

/**
 * Measures the server beside a bare `ws` echo of the same sizes, in turns. Each case has client, server and echo in
 * processes of their own: what V8 learned from one size of batch slows down the next.
 */
export async function benchServer(options: ServerBenchOptions, onCase: (result: CaseResult) => void) {
  const cases: CaseResult[] = [];
  for (const [index, { env }] of CASES.entries()) {
    const child = fork(CASE_PROCESS, [String(index), String(options.seconds)]);
    const result = (await reply(child, `the measurement of ${env}`)) as CaseResult;
    onCase(result);
    cases.push(result);
  }
  return { cases, soak: options.soak > 0 ? await soak(options.soak) : undefined };
}
