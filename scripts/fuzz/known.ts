import { rowBytes } from '../../protocol/frames.js';
import type { Contract } from '../../protocol/messages.js';

export type Reply = Readonly<Record<string, unknown>> & { readonly type: string };

/** A vector env of a session, or what it has of a world. */
export interface KnownEnv {
  readonly handle: number;
  readonly env: string;
  readonly isWorld: boolean;
  readonly rows: number;
  /** Of one row's actions, by leaf. */
  readonly actionBytes: readonly number[];
  /** Of one goal; 0 where there are none. */
  readonly goalBytes: number;
  /** Whether it has been reset. */
  isStarted: boolean;
  /** Of all rows, once they were asked for. */
  snapshots: readonly unknown[];
}

const MOST = 8;

const keep = <T>(list: T[], value: T): void => {
  list.push(value);
  if (list.length > MOST) list.shift();
};

/** What good frames of a session may refer to, as the server's replies tell it. */
export class Known {
  /** Of the session that is open. */
  envs: KnownEnv[] = [];
  subscriptions: number[] = [];
  /** Tokens, of earlier sessions too. */
  readonly worlds: string[] = [];
  readonly streams: string[] = [];

  /** Another session begins. */
  forget(): void {
    this.envs = [];
    this.subscriptions = [];
  }

  /** @param handle - of the request, where it has one. */
  learn(reply: Reply, handle: unknown): void {
    const env = this.envs.find((known) => known.handle === handle);
    switch (reply.type) {
      case 'made':
      case 'created':
      case 'joined':
        this.#add(reply.env as number, reply.contract as Contract);
        if (reply.type === 'created') keep(this.worlds, reply.world as string);
        break;
      case 'closed':
      case 'left':
        this.envs = this.envs.filter((known) => known !== env);
        break;
      case 'started':
        if (env) env.isStarted = true;
        break;
      case 'snapshotted':
        if (env && (reply.snapshots as unknown[]).length === env.rows)
          env.snapshots = reply.snapshots as unknown[];
        break;
      case 'shared':
        keep(this.streams, reply.token as string);
        break;
      case 'subscribed':
        keep(this.subscriptions, reply.stream as number);
        break;
      case 'error':
        if (reply.code === 'no_such_env' || reply.code === 'env_failed')
          this.envs = this.envs.filter((known) => known !== env);
    }
  }

  #add(
    handle: number,
    { spec, numEnvs, actionLeaves, observationLeaves, rewardTasks, world }: Contract,
  ): void {
    const goal = observationLeaves.find(({ path }) => path.at(-1) === 'achieved_goal');
    this.envs.push({
      handle,
      env: spec.id,
      isWorld: world !== undefined,
      rows: numEnvs,
      actionBytes: actionLeaves.map(rowBytes),
      goalBytes: goal && rewardTasks.length > 0 ? rowBytes(goal) : 0,
      isStarted: false,
      snapshots: [],
    });
  }
}
