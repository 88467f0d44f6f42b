/** The rules that a client is judged by. */
import type { Rules } from '../verdicts.js';

/** By the words of protocol/README.md. Those that say SHOULD are advice. */
export const CLIENT_RULES = {
  'client/binary': 'Every message is one binary WebSocket message holding exactly one',
  'client/well-formed':
    'no extension types (timestamps included); map keys are strings, each once, and none is `__proto__`; strings are valid UTF-8; at most 32 values inside each other and 2^20 values in all.',
  'client/subprotocol': 'to the server, on any path, without a subprotocol.',
  'client/compression': 'It SHOULD NOT offer compression',
  'client/hello-first': 'The client MUST send `hello` first',
  'client/hello': '| `editions` | array of integers | the editions that the client speaks: `[1]` |',
  'client/waits-for-welcome': 'Nothing may be asked before the welcome.',
  'client/known-fields':
    'The server refuses a message with a field that it does not know (`bad_message`), so that a misspelt name is not taken for a default.',
  'client/fields': '| `bad_message` | yes | | a field that is missing, unknown, or of the wrong type |',
  'client/types': '| `unknown_message` | yes | | a message type the server does not have |',
  'client/id-unanswered': 'MUST NOT use an id that is unanswered.',
  'client/ids-count-up': 'A client SHOULD count up',
  'client/in-flight':
    'A client MAY send requests without waiting for replies, up to `limits.requestsInFlight` unanswered ones',
  'client/handle': '| `env` | integer | the handle; never used again in this session |',
  'client/seeds': 'Clients that offer one integer seed, as Gymnasium does, MUST send `seed + i` for env i.',
  'client/step': 'step = [1, id, env, actions, ids, ack]',
  'client/action-bytes':
    'An array of N values of a leaf with dtype `d` and shape `s` is a msgpack bin of exactly `N × product(s) × sizeof(d)` bytes',
  'client/actions': 'row-major, without padding, **little-endian**, env after env.',
  'client/step-ids':
    'uint32, little-endian: step these envs alone, each at most once. Row k of actions and reply belongs to env ids[k].',
  'client/arrays': 'one contiguous array for each leaf of the space, in the order that the contract lists.',
  'client/alignment':
    'A bin may begin at any byte of the message, so a receiver whose language wants aligned memory has to copy it.',
  'client/integers': 'A receiver MUST accept all of them.',
  'client/unknown-fields':
    'A client MUST ignore fields that it does not know: a later edition may have more.',
  'client/pings': 'A client MUST answer them, as WebSocket libraries do by themselves, or it counts as gone.',
  'client/fragments': 'A client opens a WebSocket (RFC 6455)',
  'client/large': 'a client MUST be ready for messages far above `frameBytes`.',
  'client/matches-ids': 'It MUST match replies by id: an error may overtake.',
  'client/next-step':
    "| step t + 1 | the action is ignored; o'_0, reward 0, flags 0 | an ordinary step from o'_0 | refused: `episode_over` |",
  'client/same-step':
    '| so, for learning | the transition of step t + 1 is none: leave it out | bootstrap from `finalObservations`, not from the observation | reset the envs that ended |',
  'client/disabled': 'reset the envs that ended |',
  'client/goes-on': 'true: the session goes on as if the request had never been sent.',
  'client/unknown-code': 'A client SHOULD report codes that it does not know as they are.',
  'client/refused': 'or with an `error` whose `id` is nil, after which it closes the connection.',
  'client/fatal': 'False: the server closes the connection',
  'client/lost': 'one that does not MUST take everything unanswered as lost.',
  'client/comes-back':
    'The client connects again and sends `hello` with `resume`, the token of the `welcome`, and everything else as in its first hello.',
  'client/greater-ids': 'One that wants to [resume](#resume) MUST count up',
  'client/acks': 'the id of the last reply that has come, in the session, before that request was sent',
  'client/repeats':
    'Behind the welcome the client MUST first send every request again that is unanswered, as it was and with the same `id`, in the order of the ids.',
  'client/resumes':
    'a client that keeps to this section sees the same replies, byte for byte, as if nothing had happened.',
  'client/restarts':
    'closes the connections of those with code 1012 and, as the reason, the number of milliseconds after which to come back, in decimal digits',
  'client/hopeless':
    'It answers with `no_such_session` where there is none of that token that waits for its client or is in use',
  'client/pauses':
    'A client SHOULD wait a little before each attempt to connect, longer each time and at random',
  'client/gives-up': 'it SHOULD give up after `limits.graceMs`.',
  'client/closes': 'A client that is done closes the WebSocket with code 1000.',
} as const satisfies Rules;

/** Those that only a client is judged by that comes back after a lost connection. */
export const RESUMING: readonly ClientRule[] = [
  'client/comes-back',
  'client/greater-ids',
  'client/repeats',
  'client/resumes',
  'client/restarts',
  'client/hopeless',
  'client/pauses',
  'client/gives-up',
];

/** By the words of protocol/conformance/README.md: what the kit asks of the command. */
export const TASK_RULES = {
  'task/ends': 'The command ends by itself',
  'task/prints': 'Its last line on stdout is a JSON object',
  'task/make': 'It makes ENV, with NUM_ENVS envs and the mode AUTORESET',
  'task/steps': 'and steps them STEPS times',
  'task/action': 'every element of every leaf of the action of env i in step t is (t + i) mod 2',
  'task/halves': 'first those of even index, then those of odd index',
} as const satisfies Rules;

export type ClientRule = keyof typeof CLIENT_RULES | keyof typeof TASK_RULES;
