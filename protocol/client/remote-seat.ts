import type { Contract } from '../messages.js';
import type { Space, Value } from '../spaces/index.js';
import type { EnvSpec, Image } from '../spec.js';
import type { RemoteVectorEnv } from './remote-vector-env.js';
import { WorldRows } from './world-rows.js';

export interface SeatReset {
  readonly observation: Value;
  readonly infos: Readonly<Record<string, Value>>;
}

export interface SeatStep extends SeatReset {
  /** Sum of the seat's rewards since the last result. */
  readonly reward: number;
  readonly terminated: boolean;
  readonly truncated: boolean;
  /** Where the episode has ended: its statistics. */
  readonly ended?: { readonly return: number; readonly length: number; readonly seed: number };
}

/**
 * One seat of a world on a server, driven from here; others drive the other seats. Both `reset` and `step` wait for
 * them: they resolve when it is for this seat to move, or when it is done. A seat that missed a deadline is told so by
 * its next step, which is not carried out: the info `missed` has grown.
 */
export class RemoteSeat {
  readonly spec: EnvSpec;
  readonly observationSpace: Space;
  readonly actionSpace: Space;
  readonly contract: Contract;
  readonly #env: RemoteVectorEnv;
  readonly #rows: WorldRows;

  /** @param seat - its name. */
  constructor(
    env: RemoteVectorEnv,
    readonly seat: string,
  ) {
    this.#env = env;
    this.#rows = new WorldRows(env.contract);
    this.contract = env.contract;
    this.spec = env.contract.spec;
    this.observationSpace = this.#rows.observationSpace;
    this.actionSpace = this.#rows.actionSpace;
  }

  /**
   * Takes part in the next game, or in the one under way if the seat was joined in its midst. Resolves at the seat's
   * first move.
   */
  async reset(): Promise<SeatReset> {
    const { observations, infos } = await this.#env.reset();
    return { observation: this.#rows.observation(observations, 0), infos: this.#rows.infos(infos, 0) };
  }

  /**
   * Moves, and resolves when this seat is to move again or is done. Rejects with `bad_action`, `not_reset`,
   * `episode_over`, or `not_your_turn` while another request of this seat is unanswered.
   */
  async step(action: Value): Promise<SeatStep> {
    const result = await this.#env.step(this.#rows.actions([[this.seat, action]]));
    const { observations, rewards, terminated, truncated, infos, ended } = result;
    return {
      observation: this.#rows.observation(observations, 0),
      reward: rewards[0]!,
      terminated: terminated[0] === 1,
      truncated: truncated[0] === 1,
      infos: this.#rows.infos(infos, 0),
      ...(ended && {
        ended: { return: ended.returns[0]!, length: ended.lengths[0]!, seed: ended.seeds[0]! },
      }),
    };
  }

  /** A picture of the world as it is now, 8-bit RGB. */
  render(): Promise<Image> {
    return this.#env.render();
  }

  /** Gives the seat up: the default action plays it until somebody joins it again. */
  leave(): Promise<void> {
    return this.#env.leave();
  }
}
