import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Random } from '../../agents/random.js';
import { type Calm, calmOf, grown } from '../calm.js';
import { fetchMetrics } from '../top/fetch-metrics.js';
import { WatchedServer } from '../watched-server.js';
import { FAULT_NAMES, Faults } from './faults.js';
import { Lane } from './lane.js';
import { Tally } from './tally.js';

export interface SoakOptions {
  readonly seconds: number;
  /** Clients at once. */
  readonly sessions: number;
  readonly seed: number;
}

export interface SoakResult {
  readonly tally: Tally;
  /** Connections that were cut. */
  readonly cuts: number;
  /** What there was whenever all clients had left. */
  readonly calms: readonly Calm[];
  /** What the server must not have done; empty where it kept its promises. */
  readonly broken: readonly string[];
  /** Its log, where it did. */
  readonly log: string | undefined;
}

/** Low enough to be met often in that time, high enough for a machine that has other work to do. */
const limitsFor = (seconds: number) => {
  const patience = seconds < 60 ? 8000 : 15_000;
  return { graceMs: patience, envMs: patience, helloMs: patience, envMemoryMb: 128 };
};
const WORKERS = 2;
const moduleFile = (name: string): string => fileURLToPath(new URL(`./${name}.js`, import.meta.url));
/** How often all clients leave, to see what stays behind. */
const MOST_PARTS = 12;
const LEAST_PART_SECONDS = 60;
/** For what goes when its time is up to be gone, after that time. */
const CALM_MS = 15_000;
/** Between two faults, at least and at most. */
const [LEAST_FAULT_MS, MOST_FAULT_MS] = [500, 4000];
const LOOK_MS = 1000;
/** Of the end of the first part, which lasts until each fault has come about. */
const LONGEST_DELAY_MS = 90_000;

/**
 * Has well-behaved clients step envs that count, while all kinds of faults befall them and their server, and tells what
 * the server did that it must not: a request that was acknowledged and not carried out exactly once, a session that was
 * lost, anything left behind.
 *
 * The server is killed and started anew in the first half of the time alone: in the second one server lives long
 * enough for its memory to tell something.
 *
 * @param onProgress - called every second.
 */
export async function soak(
  { seconds, sessions, seed }: SoakOptions,
  onProgress: (tally: Tally) => void = () => {},
): Promise<SoakResult> {
  const dir = mkdtempSync(join(tmpdir(), 'farstep-soak-'));
  const log = join(dir, 'server.log');
  const tally = new Tally();
  const broken: string[] = [];
  const calms: Calm[] = [];
  let fail!: (error: Error) => void;
  const failure = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failure.catch(() => {}); // told where it is raced with
  const limits = limitsFor(seconds);
  const calmMs = limits.graceMs + CALM_MS;
  const order = {
    limits,
    workers: WORKERS,
    envs: [moduleFile('own-envs')],
    trustedEnvs: [moduleFile('trusted-envs')],
    stateDir: join(dir, 'state'),
    log,
  };
  const server = await WatchedServer.start(order, fail);
  const lanes = await Promise.all(
    Array.from({ length: sessions }, (_, i) => Lane.open(() => server.url, new Random(seed, i), tally)),
  );
  const parts = Math.max(2, Math.min(MOST_PARTS, Math.floor(seconds / LEAST_PART_SECONDS)));
  const partMs = (1000 * seconds) / parts;
  const faultMs = Math.min(MOST_FAULT_MS, Math.max(LEAST_FAULT_MS, partMs / FAULT_NAMES.length));
  let part = 0;
  const stage = { server, lanes, random: new Random(seed, 'faults'), tally };
  const faults = new Faults(stage, () => part < Math.floor(parts / 2));
  const start = performance.now();
  try {
    for (; part < parts && broken.length === 0; part++) {
      const end = performance.now() + partMs;
      const isComplete = (): boolean => part > 0 || FAULT_NAMES.every((name) => tally.faults.has(name));
      const isOver = (): boolean => {
        const over = performance.now() - end;
        return broken.length > 0 || (over >= 0 && (isComplete() || over >= LONGEST_DELAY_MS));
      };
      const every = async (ms: number, act: () => Promise<void> | void): Promise<void> => {
        for (await sleep(ms); !isOver(); await sleep(ms)) await act();
      };
      await Promise.race([
        failure,
        Promise.all([
          ...lanes.map((lane) => lane.run(isOver)),
          every(faultMs, () => faults.next()),
          every(LOOK_MS, async () => {
            await fetchMetrics(server.url).catch(() => {}); // it is being started anew
            onProgress(tally);
          }),
        ]),
      ]);
      const earlier = calms.filter(({ life }) => life === server.lives);
      const { calm, left } = await Promise.race([failure, calmOf(server, earlier, start, calmMs)]);
      calms.push(calm);
      broken.push(...left.map((what) => `${what}, ${calmMs / 1000} s after all clients have left`));
    }
    const missing = FAULT_NAMES.filter((name) => !tally.faults.has(name));
    if (missing.length > 0) broken.push(`it never came about that ${missing.join(', or that ')}`);
    broken.push(...grown(calms.filter(({ life }) => life === server.lives)));
  } catch (error) {
    broken.push((error as Error).message);
  } finally {
    for (const lane of lanes) lane.close();
    await server.close();
    if (broken.length === 0) rmSync(dir, { recursive: true });
  }
  const cuts = lanes.reduce((sum, lane) => sum + lane.cuts, 0);
  return { tally, cuts, calms, broken, log: broken.length > 0 ? log : undefined };
}
