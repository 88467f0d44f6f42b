import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../../agents/random.js';
import { systemClock } from '../../protocol/client/clock.js';
import { type Client, connect, type FarstepError } from '../../protocol/index.js';
import { CuttingProxy } from '../cutting-proxy.js';
import { Broken, CountedEnv } from './counted-env.js';
import type { Trouble } from './counting-env.js';
import { CHEAP, COSTLY, OWN } from './kinds.js';
import type { Tally } from './tally.js';

/** What befalls an env of a client's: trouble that it gets into by itself, or its process is killed. */
export interface Doom {
  /** How it is told. */
  readonly name: string;
  readonly env: typeof OWN | typeof COSTLY;
  readonly trouble: Trouble;
  readonly isKilled?: boolean;
}

/** Bytes that a connection lets through: the upgrade and the welcome are among the first. */
const [LEAST_BYTES, MOST_BYTES] = [300, 60_000];
const MOST_ENVS = 4;
const MOST_STEPS = 400;
const MOST_IN_FLIGHT = 12;
/** Between bursts of steps, milliseconds: a client has something else to do too. */
const MOST_PAUSE = 30;
/** However long a server takes to come back: what it kept is there. */
const RECONNECT_MS = 600_000;
const KINDS = [CHEAP, CHEAP, COSTLY, OWN];

/** One client after the other, each of which behaves, over a network that breaks. */
export class Lane {
  /** Of the next envs; each is tried until it comes about. */
  readonly dooms: Doom[] = [];
  /** What to count when the client has gone without a word, where it is to. */
  #vanishing: string | undefined;
  #client: Client | undefined;

  private constructor(
    private readonly proxy: CuttingProxy,
    private readonly random: Random,
    private readonly tally: Tally,
  ) {}

  /** @param target - where the server is. */
  static async open(target: () => string, random: Random, tally: Tally): Promise<Lane> {
    const proxy = await CuttingProxy.start(target, () => random.integers(LEAST_BYTES, MOST_BYTES));
    return new Lane(proxy, random, tally);
  }

  get cuts(): number {
    return this.proxy.cuts;
  }

  /** The client is to be gone without a word; that is counted as `name`. */
  vanish(name: string): void {
    this.#vanishing = name;
  }

  /** Breaks the connection that it has. */
  cut(): void {
    this.proxy.cut();
  }

  /** Ends everything, whatever is under way. */
  close(): void {
    this.#client?.close();
    this.proxy.close();
  }

  /** Begins sessions and ends them until it is told not to. Rejects with what the server did that it must not. */
  async run(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      const client = await this.#connect();
      if (!client) continue;
      this.#client = client;
      this.tally.sessions++;
      for (
        let i = this.random.integers(1, MOST_ENVS + 1);
        i > 0 && !isOver() && this.#vanishing === undefined;
        i--
      ) {
        await this.#useEnv(client, isOver);
      }
      if (this.#vanishing !== undefined) {
        this.tally.count(this.#vanishing);
        this.#vanishing = undefined;
        this.cut();
      }
      client.close();
    }
  }

  async #connect(): Promise<Client | undefined> {
    try {
      return await connect(this.proxy.url, {
        client: 'farstep-soak',
        reconnectMs: RECONNECT_MS,
        replyTimeoutMs: RECONNECT_MS,
        onConnection: ({ type }) => {
          if (type === 'resumed') this.tally.resumed++;
        },
        clock: { ...systemClock, random: () => 0.2 * this.random.random() },
      });
    } catch (error) {
      // Before the welcome a client has no session that it could come back to.
      if ((error as FarstepError).code !== 'connection_failed') throw error;
      this.tally.refused++;
      await sleep(20);
      return undefined;
    }
  }

  async #useEnv(client: Client, isOver: () => boolean): Promise<void> {
    const [doom] = this.dooms;
    const id = doom?.env ?? KINDS[this.random.integers(0, KINDS.length)]!;
    const { tally } = this;
    const endsThread = doom?.env === COSTLY;
    const { dangers } = tally;
    if (endsThread) tally.dangersNow++;
    try {
      const env = await CountedEnv.make(client, id, this.random.integers(1, 4), doom?.trouble ?? 'none');
      await env.reset();
      await this.#steps(env, doom?.isKilled ?? false, isOver);
      if (doom?.env === OWN && !doom.isKilled) throw new Broken(`${doom.name}, and its steps are answered`);
      await env.close();
    } catch (error) {
      if ((error as FarstepError).code !== 'env_failed') throw error;
      if (doom) tally.count(this.dooms.shift()!.name);
      // Those that share a thread with one that ends it end with it.
      else if (id === COSTLY && (tally.dangersNow > 0 || tally.dangers > dangers)) tally.beside++;
      else throw error;
    } finally {
      if (endsThread) {
        tally.dangersNow--;
        tally.dangers++;
      }
    }
  }

  async #steps(env: CountedEnv, isKilled: boolean, isOver: () => boolean): Promise<void> {
    const { random, tally } = this;
    const under: Promise<void>[] = [];
    const count = random.integers(20, MOST_STEPS);
    const killAt = isKilled ? random.integers(1, 20) : -1;
    for (let i = 0; i < count && (i <= 20 || !(isOver() || this.#vanishing !== undefined)); i++) {
      const isReset = random.random() < 0.03;
      const answered = (isReset ? env.reset() : env.step()).then(() => {
        if (isReset) tally.resets++;
        else tally.steps++;
      });
      answered.catch(() => {}); // told where it is waited for
      under.push(answered);
      if (i === killAt) killProcess(env.place);
      while (under.length > random.integers(0, MOST_IN_FLIGHT)) await under.shift();
      if (under.length === 0) await sleep(random.integers(0, MOST_PAUSE));
    }
    for (const each of under) await each;
  }
}

/** It may have ended with its server in between. */
function killProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
