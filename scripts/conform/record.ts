/** Sessions as scenarios make them on a server of our own, whose clock and limits are ours. */
import { EDITIONS, PROTOCOL } from '../../protocol/messages.js';
import { Server, type Timers } from '../../server/index.js';
import { SCENARIOS, STAGED } from './scenarios/index.js';
import type { StagedScenario } from './scenarios/staged.js';
import type { Recorder, SessionFile } from './session.js';
import { play, ROLES, type Role, type Scenario } from './stage.js';
import { Verdicts } from './verdicts.js';

const LIMITS = {
  /** Small ones, so that what goes beyond them is short. */
  ...{ frameBytes: 4096, requestsInFlight: 4, vectorEnvs: 8, envs: 64 },
  /** The clock stands still while connections come. */
  ...{ idleMs: 3_600_000, connectionsPerSecond: 10_000 },
};
const TIMEOUT_MS = 10_000;
const IDS = Object.fromEntries(Object.entries(ROLES).map(([role, { id }]) => [role, id])) as Record<
  Role,
  string
>;

export const RECORDED: readonly (Scenario | StagedScenario)[] = [...SCENARIOS, ...STAGED];

/** A clock that moves when it is told to. */
class Clock implements Timers {
  time = 0;
  readonly #alarms = new Set<{ readonly at: number; readonly run: () => void }>();

  after(ms: number, run: () => void): () => void {
    const alarm = { at: this.time + ms, run };
    this.#alarms.add(alarm);
    return () => this.#alarms.delete(alarm);
  }

  pass(ms: number): void {
    this.time += ms;
    for (const alarm of [...this.#alarms]) {
      if (alarm.at <= this.time && this.#alarms.delete(alarm)) alarm.run();
    }
  }
}

/** Plays a scenario on a fresh server. Throws where a rule was broken: then there is nothing to record. */
export async function record(scenario: Scenario | StagedScenario): Promise<SessionFile> {
  const { limits, ...staging } = 'staging' in scenario ? scenario.staging : { limits: {} };
  const clock = new Clock();
  const server = await Server.start({
    ...staging,
    limits: { ...LIMITS, ...limits },
    now: () => clock.time,
    timers: clock,
  });
  const verdicts = new Verdicts();
  const target = {
    url: server.url,
    ids: IDS,
    timeoutMs: TIMEOUT_MS,
    pass: (ms: number) => {
      clock.pass(ms);
      server.sweep();
    },
    stop: () => void server.close(),
  };
  let recorder: Recorder;
  try {
    ({ recorder } = await play(scenario, target, verdicts));
  } finally {
    await server.close(0);
  }
  for (const [rule, { detail }] of verdicts.broken) throw new Error(`${scenario.name}: ${rule}: ${detail}`);
  const unjudged = Object.keys(scenario.rules).filter((rule) => !verdicts.of(rule));
  if (unjudged.length > 0) throw new Error(`${scenario.name}: not judged: ${unjudged.join(', ')}`);
  const { name, title } = scenario;
  return { name, title, protocol: PROTOCOL, edition: EDITIONS.at(-1)!, steps: recorder.steps };
}
