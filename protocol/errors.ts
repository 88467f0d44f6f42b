/**
 * Every error that farstep reports, by code. `recoverable`: the session is as it was before the request, and the
 * client may go on; otherwise the server closes the connection with `close` after sending the error.
 */
export const ERRORS = {
  // The connection
  bad_frame: {
    recoverable: false,
    close: 1002,
    meaning: 'a frame that is not one well-formed msgpack message',
  },
  text_frame: { recoverable: false, close: 1003, meaning: 'a text frame; every message is a binary frame' },
  frame_too_large: {
    recoverable: false,
    close: 1009,
    meaning: 'a message of more bytes or values than the server takes',
  },
  bad_hello: { recoverable: false, close: 4000, meaning: 'the first message was not a valid hello' },
  hello_timeout: { recoverable: false, close: 4001, meaning: 'no hello in the time that the server gives' },
  unsupported_protocol: {
    recoverable: false,
    close: 4002,
    meaning: 'another generation of the wire, or no common edition',
  },
  frame_timeout: {
    recoverable: false,
    close: 4006,
    meaning: 'a message that did not come to its end in the time that the server gives',
  },
  unauthorized: {
    recoverable: false,
    close: 4007,
    meaning: 'hello.token is missing, or none that the server knows, or is known no more',
  },
  idle_timeout: { recoverable: false, close: 4003, meaning: 'nothing from the client for limits.idleMs' },
  shutting_down: { recoverable: false, close: 1001, meaning: 'the server is stopping; connect again later' },
  too_many_sessions: {
    recoverable: false,
    close: 1013,
    meaning: 'no room for another session, on the server or for this token',
  },
  no_such_session: {
    recoverable: false,
    close: 4004,
    meaning: 'a resume token of no session that is open: wrong, or the session has ended',
  },
  session_resumed: {
    recoverable: false,
    close: 4005,
    meaning: 'another connection has resumed the session of this one',
  },
  // Requests
  bad_message: { recoverable: true, meaning: 'a field that is missing, unknown, or of the wrong type' },
  unknown_message: { recoverable: true, meaning: 'a message type the server does not have' },
  second_hello: { recoverable: true, meaning: 'a hello on a session that has been welcomed' },
  not_allowed: { recoverable: true, meaning: 'what the token is not meant for' },
  too_many_requests: { recoverable: true, meaning: 'more than limits.requestsInFlight unanswered' },
  reply_not_kept: {
    recoverable: true,
    meaning: 'a repeat of a request that was carried out, but whose reply was above limits.keptReplyBytes',
  },
  // Environments
  unknown_env: { recoverable: true, meaning: 'an env id the server does not host' },
  unknown_world: { recoverable: true, meaning: 'an id of a world that the server does not host' },
  bad_options: {
    recoverable: true,
    meaning: 'an option that the env does not have, or a value it does not allow',
  },
  too_many_envs: {
    recoverable: true,
    meaning: 'above limits.vectorEnvs or limits.envs, or more than the server or the token has room for',
  },
  no_such_env: { recoverable: true, meaning: 'an env handle that was never made or is closed' },
  bad_ids: { recoverable: true, meaning: 'ids out of range or repeated' },
  bad_action: { recoverable: true, meaning: 'an action outside its space, or slabs of the wrong size' },
  not_reset: { recoverable: true, meaning: 'a step before the first reset' },
  episode_over: { recoverable: true, meaning: 'under DISABLED autoreset, a step of an env that ended' },
  bad_snapshot: { recoverable: true, meaning: 'a snapshot of another env, or none at all' },
  not_supported: { recoverable: true, meaning: 'the handle is of a kind that has no such thing to ask for' },
  no_render: { recoverable: true, meaning: 'the env has no such render mode' },
  no_such_stream: {
    recoverable: true,
    meaning: 'a token of no stream that is open, or a stream that the session is not subscribed to',
  },
  too_many_subscriptions: {
    recoverable: true,
    meaning: 'above limits.subscriptions, or more than may watch the stream',
  },
  no_such_world: { recoverable: true, meaning: 'a token of no world that is open' },
  too_many_worlds: { recoverable: true, meaning: 'the server has as many worlds as it takes' },
  no_such_seat: { recoverable: true, meaning: 'a seat that the world does not have' },
  seat_taken: { recoverable: true, meaning: 'somebody else drives the seat, or the seats' },
  not_your_turn: {
    recoverable: true,
    meaning: 'a move of a seat that is not to move, or whose last request is unanswered',
  },
  env_failed: { recoverable: true, meaning: 'the env threw; its vector env is closed' },
  internal: { recoverable: true, meaning: 'a fault of the server; the log has it under the session' },
  // The client's own
  bad_space: { recoverable: true, meaning: 'the description of a space is not valid' },
  bad_reply: { recoverable: false, meaning: 'the server sent what the protocol does not allow' },
  connection_failed: { recoverable: false, meaning: 'no server answered at that address' },
  connection_lost: { recoverable: false, meaning: 'the connection ended with requests unanswered' },
  closed: { recoverable: false, meaning: 'the client or the vector env is closed already' },
} as const satisfies Record<string, { recoverable: boolean; close?: number; meaning: string }>;

export type ErrorCode = keyof typeof ERRORS;

const MAX_MESSAGE = 1000;

/** A message is a sentence: what a stranger put into it is cut, and half a character left by a cut is no text. */
const sentence = (text: string): string =>
  (text.length > MAX_MESSAGE ? `${text.slice(0, MAX_MESSAGE - 3)}...` : text).replace(
    /\p{Surrogate}/gu,
    '\ufffd',
  );

/** An error with a code that the protocol documents. The message says what was expected, what came, and where. */
export class FarstepError extends Error {
  override readonly name = 'FarstepError';
  readonly recoverable: boolean;

  /** @param code - of a server of a later edition it may be one that is not known here. */
  constructor(
    readonly code: ErrorCode,
    message: string,
    options?: ErrorOptions & { readonly retryAfterMs?: number | undefined; readonly recoverable?: boolean },
  ) {
    super(sentence(message), options);
    this.recoverable = options?.recoverable ?? ERRORS[code].recoverable;
    this.retryAfterMs = options?.retryAfterMs;
  }

  /** When the same request may succeed, if the server knows. */
  readonly retryAfterMs: number | undefined;
}
