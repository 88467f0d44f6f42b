import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { ERRORS } from '../../protocol/errors.js';
import { CASES, type ClientCase, TASK } from './client/cases.js';
import type { Check } from './client/check-requests.js';
import { CLIENT_RULES, type ClientRule, TASK_RULES } from './client/rules.js';
import { ENV, ScriptedEnvs, type Seen, SMALL } from './client/scripted-env.js';
import { ScriptedSession } from './client/scripted-session.js';
import { NOT_OFFERED, type Outcome, type RunClient, readTold, type Told } from './client/task.js';
import { type Report, type RuleGroup, reportOf } from './report.js';
import { Verdicts } from './verdicts.js';

export interface ClientTrial {
  /** Who is judged, for the report. */
  readonly name: string;
  readonly run: RunClient;
  /** How long a case may take, milliseconds. */
  readonly timeoutMs: number;
  /** Other cases than all. */
  readonly cases?: readonly ClientCase[];
}

const GROUPS: readonly RuleGroup[] = [
  { name: 'task', title: 'What the kit asks of the command.', rules: TASK_RULES },
  { name: 'client', title: 'What the specification asks of a client.', rules: CLIENT_RULES },
];

/** Has a client play its task against a scripted server, case by case, and judges what it sends and prints. */
export async function judgeClient({ name, run, timeoutMs, cases = CASES }: ClientTrial): Promise<Report> {
  const verdicts = new Verdicts();
  for (const one of cases) await playCase(one, run, timeoutMs, verdicts);
  return reportOf(name, GROUPS, verdicts, () => 'nothing here called for it');
}

async function playCase(
  one: ClientCase,
  run: RunClient,
  timeoutMs: number,
  verdicts: Verdicts,
): Promise<void> {
  const task = { ...TASK, ...one.task };
  const envs = new ScriptedEnvs(one.shape ?? SMALL, task.numEnvs, task.autoreset, task.seed);
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  await once(server, 'listening');
  let session: ScriptedSession | undefined;
  server.on('connection', (socket, request) => {
    if (!session?.wasLost) session = new ScriptedSession(envs, task, one, verdicts);
    session.connect(socket, request);
  });
  const { port } = server.address() as AddressInfo;
  const args = [`ws://127.0.0.1:${port}`, ENV, task.numEnvs, task.seed, task.autoreset, task.steps, task.way];
  const outcome = await run(args.map(String), timeoutMs);
  const closeCode = await session?.closed();
  for (const socket of server.clients) socket.terminate();
  server.close();
  judgeOutcome(one, outcome, { verdicts, session, closeCode, seen: envs.seen });
}

interface Trace {
  readonly verdicts: Verdicts;
  readonly session: ScriptedSession | undefined;
  readonly closeCode: number | undefined;
  readonly seen: Seen;
}

function judgeOutcome(
  one: ClientCase,
  outcome: Outcome,
  { verdicts, session, closeCode, seen }: Trace,
): void {
  const check: Check = (rule, isSo, detail) => {
    const where = `${one.name}: ${detail}`;
    if (isSo) verdicts.holds(rule);
    else verdicts.breaks(rule, { detail: where, from: 'client' });
    return isSo;
  };
  const stderr = outcome.stderr.trim().slice(-500);
  const because = stderr === '' ? '' : `; on stderr: ${stderr}`;
  const fail = (rule: ClientRule, detail: string): void => {
    for (const broken of new Set([rule, one.proves])) check(broken, false, `${detail}${because}`);
  };
  if (!session) {
    fail('client/hello-first', 'the command never connected');
    return;
  }
  if (!outcome.hasEnded) {
    fail('task/ends', 'the command had not ended when its time was over');
    return;
  }
  verdicts.holds('task/ends');
  if (session.isGivenUp) return;
  if (outcome.stdout.trim() === NOT_OFFERED || session.hasReordered === false) return;
  let told: Told;
  try {
    told = readTold(outcome);
    verdicts.holds('task/prints');
  } catch (error) {
    fail('task/prints', (error as Error).message);
    return;
  }
  if (session.wasLost && session.attempts.length === 0) {
    const detail = 'the connection was lost, it did not come back, and tells of no error';
    check('client/lost', told.errors.length > 0, detail);
    return;
  }
  if (one.isGone) judgeAttempts(session.attempts, session.limits.graceMs, check);
  // What it makes of a session that cannot be resumed, and calls it, is its own business.
  const sent = session.wasLost ? [] : session.errors;
  judgeErrors(one, told.errors, sent, check);
  if (one.isCut) return;
  const wrong = difference(told, seen);
  check(one.proves, wrong === undefined, `${wrong}`);
  check('client/closes', closeCode === 1000, `the connection was closed with code ${closeCode}`);
}

/** How often a client that waits longer each time tries to come back to a server that is gone. */
function judgeAttempts(attempts: readonly number[], graceMs: number, check: Check): void {
  const most = graceMs / 50;
  check('client/pauses', attempts.length <= most, `${attempts.length} attempts within ${graceMs} ms`);
  const last = Math.round(attempts.at(-1)!);
  check(
    'client/gives-up',
    last <= 1.5 * graceMs,
    `an attempt ${last} ms after the loss; it is kept for ${graceMs} ms`,
  );
}

function judgeErrors(
  { proves, isCut }: ClientCase,
  told: readonly string[],
  sent: readonly string[],
  check: Check,
): void {
  const detail = `it was refused with ${sent.join(', ') || 'nothing'} and tells ${told.join(', ') || 'nothing'}`;
  const isKnown = (code: string | undefined) => Object.hasOwn(ERRORS, String(code));
  // Where the connection breaks off without a word, the client has a code of its own for that.
  const isSo =
    isCut && sent.length === 0
      ? told.length > 0
      : told.length === sent.length && sent.every((code, i) => told[i] === code || !isKnown(code));
  check(proves, isSo, detail);
  const later = sent.findIndex((code) => !isKnown(code));
  if (later >= 0) check('client/unknown-code', told[later] === sent[later], detail);
}

/** What the client saw other than it was; undefined where it saw everything. */
function difference(told: Told, seen: Seen): string | undefined {
  const isClose = (a: number, b: number) => Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(b));
  const sorted = (values: readonly number[]) => [...values].sort((a, b) => a - b);
  const columns = {
    rewards: [told.rewards, seen.rewards],
    returns: [sorted(told.returns), sorted(seen.returns)],
    observed: [[told.observed], [seen.observed]],
    final: [[told.final], [seen.final]],
  };
  for (const [name, [got, expected]] of Object.entries(columns)) {
    if (got!.length === expected!.length && got!.every((x, i) => isClose(x, expected![i]!))) continue;
    return `${name}: expected ${expected!.join(', ')}, got ${got!.join(', ')}`;
  }
  return undefined;
}
