import type { ResetBatch } from '../envs/batch.js';
import { getWorld, listSpecs } from '../envs/index.js';
import { bytesOf } from '../protocol/dtypes.js';
import { FarstepError } from '../protocol/errors.js';
import { slabBytes } from '../protocol/frames.js';
import type {
  CreateRequest,
  JoinRequest,
  LeaveRequest,
  MakeRequest,
  RenderRequest,
  Reply,
  Request,
  ResetRequest,
  RestoreRequest,
  RewardsRequest,
  SnapshotRequest,
  TransitionsRequest,
} from '../protocol/messages.js';
import type { EnvHost, HostedVectorEnv, MaybePromise } from './host.js';
import type { Scope } from './keys.js';
import type { Limits } from './limits.js';
import { encodePng } from './png.js';
import type { SessionEnvs } from './session-envs.js';
import type { Subscriptions } from './subscriptions.js';
import type { Tenant } from './tenant.js';
import type { WorldRooms } from './world-rooms.js';

/** The requests that take a scope of the key, on a server that asks for one. */
const SCOPE_OF: Readonly<Partial<Record<Request['type'], Scope>>> = {
  make: 'envs',
  create: 'worlds',
  join: 'worlds',
  share: 'streams',
  subscribe: 'streams',
};

/** Everything that a client may ask for but a step. What is thrown is the answer. */
export class ControlRequests {
  constructor(
    private readonly envs: SessionEnvs,
    private readonly subscriptions: Subscriptions,
    private readonly host: EnvHost,
    private readonly worlds: WorldRooms,
    private readonly limits: Limits,
    private readonly tenant?: Tenant,
  ) {}

  answer(request: Request): MaybePromise<Reply> {
    const scope = SCOPE_OF[request.type];
    if (scope) this.tenant?.checkScope(request.type, scope);
    switch (request.type) {
      case 'list':
        return { type: 'listed', id: request.id, envs: listSpecs() };
      case 'make':
        return this.#make(request);
      case 'create':
        return this.#create(request);
      case 'join':
        return this.#join(request);
      case 'leave':
        return this.#leave(request);
      case 'reset':
        return this.#reset(request);
      case 'snapshot':
        return this.#snapshot(request);
      case 'restore':
        return this.#restore(request);
      case 'rewards':
        return this.#rewards(request);
      case 'transitions':
        return this.#transitions(request);
      case 'render':
        return this.#render(request);
      case 'share':
        return { type: 'shared', id: request.id, token: this.envs.share(request.env) };
      case 'subscribe':
        return this.subscriptions.subscribe(request);
      case 'credit':
        return this.subscriptions.credit(request);
      case 'unsubscribe':
        return this.subscriptions.unsubscribe(request);
      case 'close':
        this.envs.get(request.env, 'close');
        this.envs.close(request.env);
        return { type: 'closed', id: request.id };
    }
  }

  #make(request: MakeRequest): MaybePromise<Reply> {
    const { id, numEnvs } = request;
    return after(
      this.envs.add('make', numEnvs, () => this.host.make(request)),
      ({ handle, env: { contract } }) => ({ type: 'made', id, env: handle, contract }),
    );
  }

  #create(request: CreateRequest): MaybePromise<Reply> {
    const { length } = getWorld(request.world).seats;
    let world = '';
    return after(
      this.envs.add('create', length, () => {
        const { token, handle } = this.worlds.create(request);
        world = token;
        return handle;
      }),
      ({ handle, env: { contract } }) => {
        const { seats } = contract.world!;
        return { type: 'created', id: request.id, env: handle, world, seats, contract };
      },
    );
  }

  #join(request: JoinRequest): MaybePromise<Reply> {
    return after(
      this.envs.add('join', 1, () => this.worlds.join(request)),
      ({ handle, env: { contract } }) => {
        const { seat } = contract.world!;
        return { type: 'joined', id: request.id, env: handle, seat: seat!, contract };
      },
    );
  }

  #leave({ id, env: handle }: LeaveRequest): Reply {
    const env = this.envs.get(handle, 'leave');
    if (!env.contract.world) {
      throw new FarstepError('not_supported', `leave: ${env.contract.spec.id} is no world; close it`);
    }
    this.envs.close(handle);
    return { type: 'left', id };
  }

  #reset(request: ResetRequest): MaybePromise<Reply> {
    const env = this.envs.get(request.env, 'reset');
    const ids = resetIds(request, env.contract.numEnvs);
    return after(env.reset({ ids, seeds: request.seeds, options: request.options }), (batch) => {
      this.envs.streamOf(request.env)?.publishReset(ids, batch);
      return started(request.id, env, batch);
    });
  }

  #snapshot({ id, env: handle, ids }: SnapshotRequest): MaybePromise<Reply> {
    const env = this.envs.get(handle, 'snapshot');
    return after(env.snapshot(indices('snapshot', ids, env.contract.numEnvs)), (snapshots) => {
      const { valuesPerEnv } = this.limits;
      for (const snapshot of snapshots) {
        const values = countValues(snapshot);
        if (values <= valuesPerEnv) continue;
        // Nobody could send it back.
        const message = `snapshot: that of an env takes ${values} values, limits.valuesPerEnv is ${valuesPerEnv}; a large state is kept in bytes`;
        throw new FarstepError('not_supported', message);
      }
      return { type: 'snapshotted', id, snapshots };
    });
  }

  #restore({ id, env: handle, ids, snapshots }: RestoreRequest): MaybePromise<Reply> {
    const env = this.envs.get(handle, 'restore');
    const chosen = indices('restore', ids, env.contract.numEnvs);
    return after(env.restore(snapshots, chosen), (batch) => {
      this.envs.streamOf(handle)?.publishReset(chosen, batch);
      return started(id, env, batch);
    });
  }

  #rewards({ id, env: handle, task, achieved, desired }: RewardsRequest): MaybePromise<Reply> {
    const env = this.envs.get(handle, 'rewards');
    return after(env.rewards(task, achieved, desired), (rewards) => ({
      type: 'rewarded',
      id,
      rewards: bytesOf(rewards),
    }));
  }

  #transitions({ id, env: handle }: TransitionsRequest): MaybePromise<Reply> {
    return after(this.envs.get(handle, 'transitions').transitions(), (table) => ({
      type: 'tabulated',
      id,
      numStates: table.numStates,
      numActions: table.numActions,
      first: bytesOf(table.first),
      probabilities: bytesOf(table.probabilities),
      nextStates: bytesOf(table.nextStates),
      rewards: bytesOf(table.rewards),
      terminated: bytesOf(table.terminated),
    }));
  }

  #render({ id, env: handle, index, format }: RenderRequest): MaybePromise<Reply> {
    const env = this.envs.get(handle, 'render');
    return after(env.render(index), (image) =>
      after(format === 'rgb' ? image.data : encodePng(image), (data) => ({
        type: 'rendered',
        id,
        width: image.width,
        height: image.height,
        format,
        data,
      })),
    );
  }
}

/** `next` of a value, at once or when it is there. */
const after = <T, R>(value: MaybePromise<T>, next: (value: T) => MaybePromise<R>): MaybePromise<R> =>
  value instanceof Promise ? value.then(next) : next(value);

/** Values that a message has with `value` in it: what the limits on values count. */
function countValues(value: unknown): number {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return 1;
  let count = 1;
  if (Array.isArray(value)) for (const each of value) count += countValues(each);
  else for (const each of Object.values(value)) count += 1 + countValues(each);
  return count;
}

function started(
  id: number,
  { layout }: HostedVectorEnv,
  { n, observations, infos, seeds }: ResetBatch,
): Reply {
  return {
    type: 'started',
    id,
    n,
    observations: layout.observations.map((leaf, i) => slabBytes(observations[i]!, leaf.bytes, n)),
    infos: layout.infos.map(({ name, leaves }) =>
      leaves.map((leaf, i) => slabBytes(infos[name]![i]!, leaf.bytes, n)),
    ),
    seeds: Array.from(seeds.subarray(0, n)),
  };
}

function resetIds({ ids, mask }: ResetRequest, numEnvs: number): Uint32Array | undefined {
  if (ids && mask) throw new FarstepError('bad_message', 'reset: expected ids or mask, got both');
  if (mask && mask.length !== numEnvs) {
    throw new FarstepError('bad_message', `reset.mask: expected ${numEnvs} booleans, got ${mask.length}`);
  }
  const chosen = mask ? [...mask.keys()].filter((i) => mask[i]) : ids;
  return indices('reset', chosen, numEnvs);
}

/** Env indices off the wire; undefined, which means all, stays so. */
function indices(what: string, ids: readonly number[] | undefined, numEnvs: number): Uint32Array | undefined {
  if (!ids) return undefined;
  if (ids.length === 0) throw new FarstepError('bad_ids', `${what}: no env was named`);
  // Checked before the conversion, which would wrap around.
  const tooLarge = ids.find((id) => id >= numEnvs);
  if (tooLarge !== undefined) {
    throw new FarstepError('bad_ids', `${what}.ids: expected 0 to ${numEnvs - 1}, got ${tooLarge}`);
  }
  return Uint32Array.from(ids);
}
