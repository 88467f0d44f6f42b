import { FarstepError } from '../protocol/errors.js';
import type { MakeRequest, Reply, Request, ResetRequest } from '../protocol/messages.js';
import type { HostedVectorEnv, MaybePromise } from './host.js';

/** How an env of a vector came to be as it is: not at all, by a snapshot, or by a reset, which uses up its first seed. */
const [UNBORN, RESTORED, RESET] = [0, 1, 2];

interface Entry {
  readonly make: MakeRequest;
  readonly hash: string;
  /** Of each env, one of the above. */
  readonly births: Uint8Array;
  isShared: boolean;
}

/** A vector env as it was at one moment. */
export interface SavedEnv extends Entry {
  readonly handle: number;
  /** Of the envs that are born, in their order. */
  readonly snapshots: readonly unknown[];
}

/** What a session has, as its requests brought it about: enough to save it, and to bring it about again. */
export class Ledger {
  readonly #envs = new Map<number, Entry>();

  /**
   * A request was carried out. Gives what has come of it that doing it again would not bring about: `drawn`, a seed at
   * random, or `foreign`, something that is not of this session alone.
   */
  note(request: Request, reply: Reply): 'drawn' | 'foreign' | undefined {
    switch (reply.type) {
      case 'made':
        this.#envs.set(reply.env, {
          make: request as MakeRequest,
          hash: reply.contract.hash,
          births: new Uint8Array(reply.contract.numEnvs),
          isShared: false,
        });
        return undefined;
      case 'closed':
        this.forget((request as { readonly env: number }).env);
        return undefined;
      case 'shared':
        this.#envs.get((request as { readonly env: number }).env)!.isShared = true;
        return undefined;
      case 'started':
        return this.#noteStart(request as ResetRequest);
      case 'created':
      case 'joined':
      case 'subscribed':
        return 'foreign';
      default:
        return undefined;
    }
  }

  /** A vector env is gone. */
  forget(handle: number): void {
    this.#envs.delete(handle);
  }

  /** @param request - of a reset, or the same of a restore. */
  #noteStart({ type, env, ids, mask, seeds }: ResetRequest): 'drawn' | undefined {
    const entry = this.#envs.get(env);
    if (!entry) return undefined; // a world
    const every = [...entry.births.keys()];
    const chosen = ids ?? (mask ? every.filter((i) => mask[i]) : every);
    let drawn: 'drawn' | undefined;
    for (const [row, id] of chosen.entries()) {
      const isReset = type === 'reset';
      const hasSeed = entry.make.seed !== undefined || typeof seeds?.[row] === 'number';
      if (isReset && entry.births[id] === UNBORN && !hasSeed) drawn = 'drawn';
      entry.births[id] = isReset ? RESET : Math.max(entry.births[id]!, RESTORED);
    }
    return drawn;
  }

  /** The vector envs as they are. Rejects where one cannot be told. */
  async save(get: (handle: number) => HostedVectorEnv): Promise<SavedEnv[]> {
    const saved: SavedEnv[] = [];
    for (const [handle, entry] of this.#envs) {
      const born = idsOf(entry, RESTORED);
      try {
        const snapshots = born.length > 0 ? await get(handle).snapshot(born) : [];
        saved.push({ ...entry, handle, snapshots });
      } catch (error) {
        // One that has failed with others, which the client is told when it asks for it, is no loss any more.
        if (!(error instanceof FarstepError && error.code === 'env_failed')) throw error;
      }
    }
    return saved;
  }

  /** Makes a vector env again, as it was. */
  async revive(
    { handle, snapshots, ...entry }: SavedEnv,
    make: (request: MakeRequest) => MaybePromise<HostedVectorEnv>,
  ): Promise<HostedVectorEnv> {
    const env = await make(entry.make);
    try {
      if (env.contract.hash !== entry.hash) throw new Error(`${entry.make.env} is not what it was`);
      const [reset, born] = [idsOf(entry, RESET), idsOf(entry, RESTORED)];
      if (reset.length > 0) await env.reset({ ids: reset }); // uses up the first seeds
      if (born.length > 0) await env.restore(snapshots, born);
    } catch (error) {
      env.close();
      throw error;
    }
    this.#envs.set(handle, entry);
    return env;
  }
}

const idsOf = ({ births }: Entry, least: number): Uint32Array =>
  Uint32Array.from([...births.keys()].filter((i) => births[i]! >= least));
