/**
 * Where scenarios are played. A scenario is at once a recorded session (every frame, and what it means) and a trial of a
 * server (which rules of the specification held).
 */
import { type CommonRule, type Notes, Peer, Stopped } from './peer.js';
import { RawClient } from './raw-client.js';
import { Recorder } from './session.js';
import type { Evidence, Verdicts } from './verdicts.js';

/** What a scenario needs an environment or world for; which one it is depends on what the server hosts. */
export const ROLES = {
  env: { id: 'CartPole-v1', what: 'an environment for one player, with a picture' },
  tuple: { id: 'Blackjack-v1', what: 'an environment whose observation is a Tuple' },
  goals: { id: 'BitFlipping-5-v0', what: 'a goal-conditioned environment' },
  table: { id: 'FrozenLake-v1', what: 'an environment that is a table' },
  turns: { id: 'ConnectFour-v3', what: 'a world whose seats move in turn' },
  parallel: { id: 'Physics/SumoDuel-v1', what: 'a world whose seats move at once' },
} as const;
export type Role = keyof typeof ROLES;

export interface Scenario<R extends string = string> {
  /** In kebab case; the file of the recorded session is named after it. */
  readonly name: string;
  /** A sentence. */
  readonly title: string;
  /** The rules that it tries, beside those of every frame, and the words of the specification that make them rules. */
  readonly rules: Readonly<Record<R, string>>;
  readonly needs: readonly Role[];
  play(stage: Stage<R>): Promise<void>;
}

/** Gives the type of the rules' names to `play`. */
export const scenario = <R extends string>(parts: Scenario<R>): Scenario => parts as unknown as Scenario;

/** A server that scenarios are played against. */
export interface Target {
  readonly url: string;
  readonly ids: Readonly<Partial<Record<Role, string>>>;
  /** Longest wait for anything, milliseconds. */
  readonly timeoutMs: number;
  /** Of a server that is ours: lets time pass on its clock. */
  readonly pass?: (ms: number) => void;
  /** Of a server that is ours: stops it. */
  readonly stop?: () => void;
}

type Scalar = string | number | bigint | boolean | null | undefined;
/** What can be compared: one value, or several in their order. */
export type Comparable = Scalar | Iterable<Scalar>;

const text = (x: Comparable): string =>
  typeof x === 'object' && x !== null ? [...x].map(String).join(', ') : String(x);

export interface ConnectionOptions<R extends string> {
  readonly path?: string;
  readonly compression?: boolean;
  /** Broken where there is no connection to be had. */
  readonly rule?: R | CommonRule;
  /** The connection whose session this one is to go on with. */
  readonly goesOnFrom?: Peer<R>;
}

/** One run of one scenario. */
export class Stage<R extends string = string> implements Notes<R> {
  readonly recorder = new Recorder();
  readonly timeoutMs: number;
  readonly #clients: RawClient[] = [];

  constructor(
    readonly target: Target,
    private readonly verdicts: Verdicts,
  ) {
    this.timeoutMs = target.timeoutMs;
  }

  /** The id of the environment or world in a role that the scenario needs. */
  id(role: Role): string {
    return this.target.ids[role]!;
  }

  /** A connection that has said nothing yet. */
  async connect(
    name = 'client',
    { path = '', compression = false, rule = 'welcome', goesOnFrom }: ConnectionOptions<R> = {},
  ): Promise<Peer<R>> {
    try {
      const client = await RawClient.open(this.target.url + path, compression);
      this.#clients.push(client);
      return new Peer(name, client, this, goesOnFrom);
    } catch (error) {
      const detail = `cannot connect: ${(error as Error).message}`;
      this.breaks(rule, { detail, from: 'server' });
      throw new Stopped(detail);
    }
  }

  /** A connection that has been welcomed. */
  async welcomed(name?: string): Promise<Peer<R>> {
    const peer = await this.connect(name);
    await peer.hello();
    return peer;
  }

  /** Lets time pass; on a server whose clock is not ours it does so by itself. */
  pass(ms: number): void {
    this.target.pass?.(ms);
  }

  holds(rule: R | CommonRule): void {
    this.verdicts.holds(rule);
  }

  breaks(rule: R | CommonRule, evidence: Evidence): void {
    this.verdicts.breaks(rule, evidence);
  }

  /** Judges a rule by one thing that it says. */
  check(rule: R | CommonRule, isSo: boolean, detail: string, frame?: Buffer): void {
    if (isSo) this.holds(rule);
    else this.breaks(rule, { detail, frame, from: 'server' });
  }

  /** Judges a rule by whether two things are the same. `what` they are is told where they are not. */
  same(rule: R | CommonRule, got: Comparable, expected: Comparable, what: string): void {
    const [is, shouldBe] = [text(got), text(expected)];
    const isShort = is.length + shouldBe.length < 200;
    this.check(
      rule,
      is === shouldBe,
      `${what}: ${isShort ? `expected ${shouldBe}, got ${is}` : 'not the same'}`,
    );
  }

  /** Cuts every connection that is still open. */
  end(): void {
    for (const client of this.#clients) client.terminate();
  }
}

/** Plays a scenario; gives what was recorded, and why it stopped where it did not come to its end. */
export async function play(
  { play }: Pick<Scenario, 'play'>,
  target: Target,
  verdicts: Verdicts,
): Promise<{ readonly recorder: Recorder; readonly stopped?: string }> {
  const stage = new Stage(target, verdicts);
  try {
    await play(stage);
    return { recorder: stage.recorder };
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
    return { recorder: stage.recorder, stopped: error.message };
  } finally {
    stage.end();
  }
}
