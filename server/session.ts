import type { Logger } from 'pino';
import { PNG } from 'pngjs';
import type { ResetBatch, StepBatch } from '../envs/batch.js';
import { getWorld, listSpecs } from '../envs/index.js';
import { bytesOf, viewOrCopy } from '../protocol/dtypes.js';
import { FarstepError } from '../protocol/errors.js';
import {
  decodeStep,
  encodeStepped,
  isHotFrame,
  rowBytes,
  type StepFrame,
  slabBytes,
  steppedBytes,
} from '../protocol/frames.js';
import {
  type CreateRequest,
  type JoinRequest,
  type LeaveRequest,
  type MakeRequest,
  packMessage,
  type RenderRequest,
  type Reply,
  type Request,
  type ResetRequest,
  type RestoreRequest,
  type RewardsRequest,
  type SnapshotRequest,
  type TransitionsRequest,
  unpackMessage,
} from '../protocol/messages.js';
import type { Span } from '../protocol/msgpack.js';
import { parseRequest } from '../protocol/requests.js';
import type { Image } from '../protocol/spec.js';
import type { EnvHost, HostedVectorEnv, MaybePromise } from './host.js';
import type { Limits } from './limits.js';
import type { WorldRooms } from './world-rooms.js';

/** Where a session's replies go. */
export interface ReplyPort {
  /** Sends a frame that nobody writes to afterwards. */
  send(frame: Uint8Array): void;
  /** Sends what `write` puts into memory of `size` bytes; `write` gives the length. */
  sendWritten(size: number, write: (target: Uint8Array) => number): void;
  /** Resolves when the client has taken what was sent; undefined where it has taken it already. */
  drained(): Promise<void> | undefined;
}

type Message = ReturnType<typeof unpackMessage>;

/**
 * What one client has on the server: its vector envs, and the handling of its requests one after the other in the
 * order they came. Knows nothing of sockets.
 */
export class Session {
  readonly #envs = new Map<number, HostedVectorEnv>();
  #nextHandle = 1;
  readonly #waiting: { readonly request: StepFrame | Message; readonly frame: Uint8Array }[] = [];
  /** Set while requests wait for one before them; resolves when they need not any more. */
  #holding: Promise<void> | undefined;
  #closed = false;

  constructor(
    readonly name: string,
    private readonly host: EnvHost,
    private readonly worlds: WorldRooms,
    private readonly limits: Limits,
    private readonly port: ReplyPort,
    private readonly log: Logger,
  ) {}

  /** Envs in all vector envs of this session. */
  get numEnvs(): number {
    let sum = 0;
    for (const env of this.#envs.values()) sum += env.contract.numEnvs;
    return sum;
  }

  /** Handles one frame. Throws only what ends the connection (`bad_frame`); everything else is answered. */
  receive(frame: Uint8Array): void {
    // Decoded before it waits: whoever brings a bad frame is still there to be told.
    const request = isHotFrame(frame) ? decodeStep(frame) : unpackMessage(frame);
    if (this.#holding) this.#waiting.push({ request, frame });
    else this.#handle(request, frame);
  }

  /** Answers a frame with an error instead of handling it. */
  refuse(frame: Uint8Array, error: FarstepError): void {
    const id = isHotFrame(frame) ? decodeStep(frame).id : unpackMessage(frame).id;
    this.#fail(Number.isSafeInteger(id) ? (id as number) : null, error);
  }

  /** Resolves when every request that came has been answered. */
  async settled(): Promise<void> {
    while (this.#holding) await this.#holding;
  }

  close(): void {
    this.#closed = true;
    for (const env of this.#envs.values()) env.close();
    this.#envs.clear();
    this.#waiting.length = 0;
  }

  #handle(request: StepFrame | Message, frame: Uint8Array): void {
    const done = 'type' in request ? this.#control(request) : this.#step(request, frame);
    const wait = done ?? this.port.drained();
    if (wait) this.#holdUntil(wait);
  }

  /**
   * Requests behind one that is answered later wait for it, so that replies keep the order of requests. They also wait
   * for the client to take its replies: one that does not read makes the server hold one reply and no more.
   */
  #holdUntil(done: Promise<void>): void {
    this.#holding = done
      .then(() => this.port.drained())
      .then(() => {
        this.#holding = undefined;
        while (!this.#holding) {
          const next = this.#waiting.shift();
          if (!next) return;
          this.#handle(next.request, next.frame);
        }
      });
  }

  #step(step: StepFrame, frame: Uint8Array): Promise<void> | undefined {
    try {
      const env = this.#env(step.env, 'step');
      const { numEnvs } = env.contract;
      const ids = step.ids && stepIds(frame, step.ids, numEnvs);
      this.#takeActions(env, step, frame, ids?.length ?? numEnvs);
      const batch = env.step(ids);
      if (batch instanceof Promise) {
        const answered = batch
          .then((result) => this.#sendStepped(step.id, env, result))
          .catch((error: unknown) => this.#fail(step.id, error, step.env));
        return env.waitsForOthers ? undefined : answered;
      }
      this.#sendStepped(step.id, env, batch);
    } catch (error) {
      this.#fail(step.id, error, step.env);
    }
    return undefined;
  }

  #takeActions(env: HostedVectorEnv, step: StepFrame, frame: Uint8Array, n: number): void {
    const leaves = env.contract.actionLeaves;
    if (step.actions.length !== leaves.length) {
      throw new FarstepError(
        'bad_action',
        `step: expected ${leaves.length} slabs of actions, got ${step.actions.length}`,
      );
    }
    for (let i = 0; i < leaves.length; i++) {
      const leaf = leaves[i]!;
      const { offset, length } = step.actions[i]!;
      const expected = n * rowBytes(leaf);
      if (length !== expected) {
        const what = `${n} × ${leaf.dtype}[${leaf.shape.join(', ')}]`;
        throw new FarstepError(
          'bad_action',
          `step: actions[${i}]: expected ${expected} bytes (${what}), got ${length}`,
        );
      }
      slabBytes(env.actions[i]!, rowBytes(leaf), n).set(frame.subarray(offset, offset + length));
    }
  }

  #sendStepped(id: number, env: HostedVectorEnv, batch: StepBatch): void {
    const { layout } = env;
    this.port.sendWritten(steppedBytes(layout, batch.n), (target) =>
      encodeStepped(target, id, layout, batch),
    );
  }

  #control(message: Message): Promise<void> | undefined {
    const id = Number.isSafeInteger(message.id) ? (message.id as number) : null;
    if (message.type === 'hello') {
      this.#fail(id, new FarstepError('second_hello', `session ${this.name} has been welcomed already`));
      return undefined;
    }
    try {
      const request = parseRequest(message);
      const reply = this.#answer(request);
      if (reply instanceof Promise) {
        const answered = reply
          .then((result) => this.port.send(packMessage(result)))
          .catch((error: unknown) => this.#fail(id, error, message.env));
        const isSeat = 'env' in request && this.#envs.get(request.env as number)?.waitsForOthers;
        return isSeat ? undefined : answered;
      }
      this.port.send(packMessage(reply));
    } catch (error) {
      this.#fail(id, error, message.env);
    }
    return undefined;
  }

  #answer(request: Request): Reply | Promise<Reply> {
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
      case 'close': {
        const env = this.#env(request.env, 'close');
        this.#envs.delete(request.env);
        env.close();
        return { type: 'closed', id: request.id };
      }
    }
  }

  #make(request: MakeRequest): Reply | Promise<Reply> {
    this.#checkRoom('make', request.numEnvs);
    return after(this.host.make(request), (env) => ({
      type: 'made',
      id: request.id,
      env: this.#adopt('make', env),
      contract: env.contract,
    }));
  }

  #create(request: CreateRequest): Reply {
    this.#checkRoom('create', getWorld(request.world).seats.length);
    const { token, handle } = this.worlds.create(request);
    const env = this.#adopt('create', handle);
    const { contract } = handle;
    return { type: 'created', id: request.id, env, world: token, seats: contract.world!.seats, contract };
  }

  #join(request: JoinRequest): Reply {
    this.#checkRoom('join', 1);
    const handle = this.worlds.join(request);
    const env = this.#adopt('join', handle);
    const { contract } = handle;
    return { type: 'joined', id: request.id, env, seat: contract.world!.seat!, contract };
  }

  #leave({ id, env: handle }: LeaveRequest): Reply {
    const env = this.#env(handle, 'leave');
    if (!env.contract.world) {
      throw new FarstepError('not_supported', `leave: ${env.contract.spec.id} is no world; close it`);
    }
    this.#envs.delete(handle);
    env.close();
    return { type: 'left', id };
  }

  /** Throws `too_many_envs` where so many more are not allowed. */
  #checkRoom(what: string, numEnvs: number): void {
    const { vectorEnvs, envs } = this.limits;
    if (this.#envs.size >= vectorEnvs) {
      throw new FarstepError(
        'too_many_envs',
        `${what}: ${this.#envs.size} vector envs are open, limits.vectorEnvs is ${vectorEnvs}`,
      );
    }
    const open = this.numEnvs;
    if (open + numEnvs > envs) {
      throw new FarstepError(
        'too_many_envs',
        `${what}: ${open} envs are open and ${numEnvs} asked for, limits.envs is ${envs}`,
      );
    }
  }

  /** Takes a vector env that was just made; gives its handle. */
  #adopt(what: string, env: HostedVectorEnv): number {
    if (this.#closed) env.close();
    const { spec, numEnvs } = env.contract;
    const bytes = steppedBytes(env.layout, numEnvs);
    if (bytes > this.limits.replyBytes) {
      env.close();
      throw new FarstepError(
        'too_many_envs',
        `${what}: a step of ${numEnvs} envs may take ${bytes} bytes, limits.replyBytes is ${this.limits.replyBytes}`,
      );
    }
    const handle = this.#nextHandle++;
    this.#envs.set(handle, env);
    this.log.info({ session: this.name, env: spec.id, handle, numEnvs }, what);
    return handle;
  }

  #reset(request: ResetRequest): Reply | Promise<Reply> {
    const env = this.#env(request.env, 'reset');
    const ids = resetIds(request, env.contract.numEnvs);
    return after(env.reset({ ids, seeds: request.seeds, options: request.options }), (batch) =>
      started(request.id, env, batch),
    );
  }

  #snapshot({ id, env: handle, ids }: SnapshotRequest): Reply | Promise<Reply> {
    const env = this.#env(handle, 'snapshot');
    return after(env.snapshot(indices('snapshot', ids, env.contract.numEnvs)), (snapshots) => ({
      type: 'snapshotted',
      id,
      snapshots,
    }));
  }

  #restore({ id, env: handle, ids, snapshots }: RestoreRequest): Reply | Promise<Reply> {
    const env = this.#env(handle, 'restore');
    const chosen = indices('restore', ids, env.contract.numEnvs);
    return after(env.restore(snapshots, chosen), (batch) => started(id, env, batch));
  }

  #rewards({ id, env: handle, task, achieved, desired }: RewardsRequest): Reply | Promise<Reply> {
    const env = this.#env(handle, 'rewards');
    return after(env.rewards(task, achieved, desired), (rewards) => ({
      type: 'rewarded',
      id,
      rewards: bytesOf(rewards),
    }));
  }

  #transitions({ id, env: handle }: TransitionsRequest): Reply | Promise<Reply> {
    return after(this.#env(handle, 'transitions').transitions(), (table) => ({
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

  #render({ id, env: handle, index, format }: RenderRequest): Reply | Promise<Reply> {
    const env = this.#env(handle, 'render');
    return after(env.render(index), ({ width, height, data }) => ({
      type: 'rendered',
      id,
      width,
      height,
      format,
      data: format === 'rgb' ? data : encodePng({ width, height, data }),
    }));
  }

  #env(handle: number, what: string): HostedVectorEnv {
    const env = this.#envs.get(handle);
    if (env) return env;
    const open = [...this.#envs.keys()].join(', ') || 'none';
    throw new FarstepError('no_such_env', `${what}: no env ${handle}; open in this session: ${open}`);
  }

  #fail(id: number | null, error: unknown, env?: unknown): void {
    const coded = this.#coded(error);
    this.log.debug({ session: this.name, env, code: coded.code, id }, coded.message);
    if (coded.code === 'env_failed') this.#dropFailed(env);
    this.port.send(errorFrame(coded, id));
  }

  #coded(error: unknown): FarstepError {
    if (error instanceof FarstepError) {
      if (error.cause)
        this.log.error({ session: this.name, err: error.cause, code: error.code }, error.message);
      return error;
    }
    // The client learns that it was our fault, and nothing of our insides.
    this.log.error({ session: this.name, err: error }, 'internal error');
    return new FarstepError('internal', `a fault of the server; its log has it under session ${this.name}`);
  }

  #dropFailed(handle: unknown): void {
    this.#envs.get(handle as number)?.close();
    this.#envs.delete(handle as number);
  }
}

/** `next` of a value, at once or when it is there. */
const after = <T, R>(value: MaybePromise<T>, next: (value: T) => R): MaybePromise<R> =>
  value instanceof Promise ? value.then(next) : next(value);

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

/** An error as a frame. */
export function errorFrame(
  { code, message, recoverable, retryAfterMs }: FarstepError,
  id: number | null,
): Uint8Array {
  return packMessage({
    type: 'error',
    id,
    code,
    message,
    recoverable,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

function stepIds(frame: Uint8Array, { offset, length }: Span, numEnvs: number): Uint32Array {
  if (length === 0 || length % 4 !== 0 || length > 4 * numEnvs) {
    throw new FarstepError(
      'bad_ids',
      `step.ids: expected 1 to ${numEnvs} uint32 in a bin, got ${length} bytes`,
    );
  }
  return viewOrCopy('uint32', frame, offset, length / 4) as Uint32Array;
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

function encodePng({ width, height, data }: Image): Uint8Array {
  const png = new PNG({ width, height, colorType: 2, inputColorType: 2, inputHasAlpha: false });
  png.data = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return PNG.sync.write(png, { colorType: 2, inputColorType: 2, inputHasAlpha: false });
}
