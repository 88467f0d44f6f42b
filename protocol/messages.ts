/**
 * The control messages: maps with a `type`. README.md has their meaning, field by field.
 * The hot messages are in frames.ts and samples.ts.
 */
import { Packr } from 'msgpackr';
import { FarstepError } from './errors.js';
import { checkWellFormed } from './msgpack.js';
import type { Leaf, SpaceJSON } from './spaces/index.js';
import type { EnvSpec, Options } from './spec.js';

/** Exact wire generation: a peer of another one cannot be talked to. */
export const PROTOCOL = 1;
/** Editions of the messages that this code speaks, newest last; the newest common one is used. */
export const EDITIONS: readonly number[] = [1];

export const AUTORESET_MODES = ['next_step', 'same_step', 'disabled'] as const;
/** Gymnasium's AutoresetMode. */
export type AutoresetMode = (typeof AUTORESET_MODES)[number];

/** What one session may ask of a server; told in `welcome`. */
export interface SessionLimits {
  /** Largest frame from the client, bytes. */
  readonly frameBytes: number;
  /** Requests without a reply. */
  readonly requestsInFlight: number;
  /** Vector envs open at once. */
  readonly vectorEnvs: number;
  /** Envs in all of them together. */
  readonly envs: number;
  /** Silence from the client after which the session is closed, milliseconds. */
  readonly idleMs: number;
  /** How long a session waits for its client after a lost connection, milliseconds; 0: not at all. */
  readonly graceMs: number;
  /** Replies kept for a client that may ask again, bytes, beside the last one. */
  readonly keptReplyBytes: number;
  /** Streams subscribed to at once. */
  readonly subscriptions: number;
  /** What may wait to be sent on a connection when a sample comes that is to be sent too, bytes. */
  readonly streamBytes: number;
  /** A ping goes out every so many milliseconds; a peer that answered none since the last is gone. */
  readonly pingMs: number;
}

export interface Hello {
  readonly type: 'hello';
  readonly protocol: number;
  readonly editions: readonly number[];
  /** Name and version of the client, for the log. */
  readonly client: string;
  readonly capabilities: readonly string[];
  readonly token?: string;
  /** The token of a session to go on with. */
  readonly resume?: string;
}

export interface Welcome {
  readonly type: 'welcome';
  readonly session: string;
  /** The token to resume this session with, or null where a lost connection ends it. */
  readonly resume: string | null;
  readonly edition: number;
  readonly capabilities: readonly string[];
  readonly limits: SessionLimits;
  readonly server: string;
}

/** The envs that the server hosts. */
export interface ListRequest {
  readonly type: 'list';
  readonly id: number;
}

export interface Listed {
  readonly type: 'listed';
  readonly id: number;
  readonly envs: readonly EnvSpec[];
}

export interface MakeRequest {
  readonly type: 'make';
  readonly id: number;
  readonly env: string;
  readonly numEnvs: number;
  readonly seed?: number;
  readonly options?: Options;
  readonly autoreset?: AutoresetMode;
  /** Overrides the time limit of the spec. */
  readonly maxEpisodeSteps?: number;
}

/** An output beside the observation, present in every step. */
export interface InfoContract {
  readonly name: string;
  readonly space: SpaceJSON;
  readonly leaves: readonly Leaf[];
}

/** What the two sides agree on about a world of several players, beside what an env has. */
export interface WorldContract {
  /** The names of all seats, in the order of the rows of a handle that drives them all. */
  readonly seats: readonly string[];
  /** Of a handle that drives one seat: which. */
  readonly seat?: string;
  /** Whether seats move one at a time (AEC), and not all at once (Parallel). */
  readonly turns: boolean;
  /** What a seat does whose move nobody makes, in words. */
  readonly defaultAction: string;
  /** Longest a seat driven by a client of its own may take over a move, milliseconds; null for no deadline. */
  readonly moveMs: number | null;
}

/** All that the two sides agree on about one vector env, or about a world. */
export interface Contract {
  readonly spec: EnvSpec;
  readonly numEnvs: number;
  readonly options: Options;
  readonly autoreset: AutoresetMode;
  readonly maxEpisodeSteps: number | null;
  readonly observationSpace: SpaceJSON;
  readonly actionSpace: SpaceJSON;
  readonly batchedObservationSpace: SpaceJSON;
  readonly batchedActionSpace: SpaceJSON;
  readonly observationLeaves: readonly Leaf[];
  readonly actionLeaves: readonly Leaf[];
  readonly infos: readonly InfoContract[];
  /** The tasks whose reward functions `rewards` applies, in the order of the one-hot `task`; empty for most envs. */
  readonly rewardTasks: readonly string[];
  /** Of a world. */
  readonly world?: WorldContract;
  /** SHA-256, hex, of the JSON of all other fields with sorted keys. */
  readonly hash: string;
}

export interface Made {
  readonly type: 'made';
  readonly id: number;
  /** The handle by which later messages name this vector env. */
  readonly env: number;
  readonly contract: Contract;
}

/** A world of several players. */
export interface CreateRequest {
  readonly type: 'create';
  readonly id: number;
  /** The id of the world, as `list` gives it. */
  readonly world: string;
  readonly seed?: number;
  readonly options?: Options;
  /** Deadline of a move, milliseconds; none where absent. */
  readonly moveMs?: number;
  /** Overrides the time limit of the spec. */
  readonly maxEpisodeSteps?: number;
}

export interface Created {
  readonly type: 'created';
  readonly id: number;
  /** The handle, whose rows are the seats. */
  readonly env: number;
  /** The token that others join with. */
  readonly world: string;
  readonly seats: readonly string[];
  readonly contract: Contract;
}

export interface JoinRequest {
  readonly type: 'join';
  readonly id: number;
  /** The token that `created` told. */
  readonly world: string;
  /** The name of a seat; the first free one where absent. */
  readonly seat?: string;
}

export interface Joined {
  readonly type: 'joined';
  readonly id: number;
  /** The handle, whose one row is the seat. */
  readonly env: number;
  readonly seat: string;
  readonly contract: Contract;
}

export interface LeaveRequest {
  readonly type: 'leave';
  readonly id: number;
  readonly env: number;
}

export interface Left {
  readonly type: 'left';
  readonly id: number;
}

export interface ResetRequest {
  readonly type: 'reset';
  readonly id: number;
  readonly env: number;
  /** Which envs; all where absent. */
  readonly ids?: readonly number[];
  /** A mask of numEnvs booleans, instead of `ids`. */
  readonly mask?: readonly boolean[];
  /** One for each env that is reset; null goes on with the env's random stream. */
  readonly seeds?: readonly (number | null)[];
  readonly options?: Options;
}

export interface Started {
  readonly type: 'started';
  readonly id: number;
  readonly n: number;
  readonly observations: readonly Uint8Array[];
  readonly infos: readonly (readonly Uint8Array[])[];
  readonly seeds: readonly number[];
}

export interface SnapshotRequest {
  readonly type: 'snapshot';
  readonly id: number;
  readonly env: number;
  /** Which envs; all where absent. */
  readonly ids?: readonly number[];
}

export interface Snapshotted {
  readonly type: 'snapshotted';
  readonly id: number;
  /** One for each env asked for, of a form that is the server's own business. */
  readonly snapshots: readonly unknown[];
}

/** Answered by `started`, with the observations of the envs as they are now. */
export interface RestoreRequest {
  readonly type: 'restore';
  readonly id: number;
  readonly env: number;
  /** Which envs; all where absent. */
  readonly ids?: readonly number[];
  /** One for each of them. */
  readonly snapshots: readonly unknown[];
}

/** What transitions would have paid, had `desired` been the goal. */
export interface RewardsRequest {
  readonly type: 'rewards';
  readonly id: number;
  readonly env: number;
  /** Whose reward function: one of the contract's `rewardTasks`; the first where absent. */
  readonly task?: string;
  /** Rows of the observation's `achieved_goal`, as a slab. */
  readonly achieved: Uint8Array;
  /** As many rows of `desired_goal`. */
  readonly desired: Uint8Array;
}

export interface Rewarded {
  readonly type: 'rewarded';
  readonly id: number;
  /** float64, one a row. */
  readonly rewards: Uint8Array;
}

export interface TransitionsRequest {
  readonly type: 'transitions';
  readonly id: number;
  readonly env: number;
}

/**
 * The env as a table. The outcomes of action a in state s are entries first[s * numActions + a] to
 * first[s * numActions + a + 1] - 1 of the other four slabs.
 */
export interface Tabulated {
  readonly type: 'tabulated';
  readonly id: number;
  readonly numStates: number;
  readonly numActions: number;
  /** int32 [numStates * numActions + 1] */
  readonly first: Uint8Array;
  /** float64 [outcomes] */
  readonly probabilities: Uint8Array;
  /** int32 [outcomes] */
  readonly nextStates: Uint8Array;
  /** float64 [outcomes] */
  readonly rewards: Uint8Array;
  /** uint8 [outcomes] */
  readonly terminated: Uint8Array;
}

export interface RenderRequest {
  readonly type: 'render';
  readonly id: number;
  readonly env: number;
  readonly index: number;
  readonly format: 'png' | 'rgb';
}

export interface Rendered {
  readonly type: 'rendered';
  readonly id: number;
  readonly width: number;
  readonly height: number;
  readonly format: 'png' | 'rgb';
  readonly data: Uint8Array;
}

/** Lets others watch a vector env. */
export interface ShareRequest {
  readonly type: 'share';
  readonly id: number;
  readonly env: number;
}

export interface Shared {
  readonly type: 'shared';
  readonly id: number;
  /** What others subscribe with. */
  readonly token: string;
}

export interface SubscribeRequest {
  readonly type: 'subscribe';
  readonly id: number;
  /** From `shared`. */
  readonly token: string;
  /** Samples that may be sent. */
  readonly credits: number;
}

export interface Subscribed {
  readonly type: 'subscribed';
  readonly id: number;
  /** What samples and later requests name the stream by. */
  readonly stream: number;
  /** The number of the last sample before. */
  readonly sequence: number;
  readonly contract: Contract;
}

export interface CreditRequest {
  readonly type: 'credit';
  readonly id: number;
  readonly stream: number;
  /** So many more samples may be sent. */
  readonly credits: number;
}

export interface Credited {
  readonly type: 'credited';
  readonly id: number;
  /** Samples sent so far, on all connections. */
  readonly sent: number;
}

export interface UnsubscribeRequest {
  readonly type: 'unsubscribe';
  readonly id: number;
  readonly stream: number;
}

export interface Unsubscribed {
  readonly type: 'unsubscribed';
  readonly id: number;
}

/** Comes unasked: the stream has ended. */
export interface Over {
  readonly type: 'over';
  readonly stream: number;
  /** The number of its last sample. */
  readonly sequence: number;
}

export interface CloseRequest {
  readonly type: 'close';
  readonly id: number;
  readonly env: number;
}

export interface Closed {
  readonly type: 'closed';
  readonly id: number;
}

export interface ErrorMessage {
  readonly type: 'error';
  /** The request it answers, or null where none could be told. */
  readonly id: number | null;
  readonly code: string;
  readonly message: string;
  readonly recoverable: boolean;
  readonly retryAfterMs?: number;
}

/** Every request may carry, as `ack`, the id of the last reply that its sender has. */
export type Request =
  | ListRequest
  | MakeRequest
  | CreateRequest
  | JoinRequest
  | LeaveRequest
  | ResetRequest
  | SnapshotRequest
  | RestoreRequest
  | RewardsRequest
  | TransitionsRequest
  | RenderRequest
  | ShareRequest
  | SubscribeRequest
  | CreditRequest
  | UnsubscribeRequest
  | CloseRequest;
/** The reply that answers a request, by the request's type. */
export interface ReplyOf {
  list: Listed;
  make: Made;
  create: Created;
  join: Joined;
  leave: Left;
  reset: Started;
  snapshot: Snapshotted;
  restore: Started;
  rewards: Rewarded;
  transitions: Tabulated;
  render: Rendered;
  share: Shared;
  subscribe: Subscribed;
  credit: Credited;
  unsubscribe: Unsubscribed;
  close: Closed;
}

export type Reply = ReplyOf[keyof ReplyOf] | ErrorMessage;

// Plain maps (other languages know no msgpackr records), 64-bit integers as numbers.
const packr = new Packr({
  useRecords: false,
  variableMapSize: true,
  int64AsType: 'number',
  encodeUndefinedAsNil: true,
});

/** One control message as a frame. */
export function packMessage(
  message: Hello | Welcome | (Request & { readonly ack?: number }) | Reply | Over,
): Uint8Array {
  return packr.pack(message);
}

/**
 * The map in a frame, with its `type`. Throws `bad_frame`, or `frame_too_large` above `maxValues`. Typed arrays in it are
 * views into the frame.
 */
export function unpackMessage(
  frame: Uint8Array,
  maxValues?: number,
): { readonly type: string } & Readonly<Record<string, unknown>> {
  checkWellFormed(frame, maxValues);
  const message: unknown = packr.unpack(frame);
  if (!isMap(message) || typeof message.type !== 'string') {
    throw new FarstepError(
      'bad_frame',
      'expected a map with a string `type`, or a step: an array that begins with 1',
    );
  }
  return message as { readonly type: string } & Readonly<Record<string, unknown>>;
}

export const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
