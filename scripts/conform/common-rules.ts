/** The rules that hold of every frame and every reply, whatever a scenario is about. */
export const COMMON_RULES = {
  'message/binary':
    'Every message is one binary WebSocket message holding exactly one [msgpack](https://msgpack.org) value.',
  'message/restricted':
    'no extension types (timestamps included); map keys are strings, each once, and none is `__proto__`; strings are valid UTF-8; at most 32 values inside each other and 2^20 values in all.',
  'reply/id': 'every reply names the `id` of the request that it answers',
  'reply/type': '**Control messages** are msgpack maps with a string field `type`.',
  'error/code': '| `code` | string | one of the table |',
  'error/message':
    '| `message` | string | a sentence, for people: what was expected, what came, and where; at most 1000 characters |',
  'error/recoverable':
    'true: the session goes on as if the request had never been sent. False: the server closes the connection',
  'error/close':
    "Before it closes a connection the server sends an error that says why, wherever the client can still be told, and then closes with the code of the table and the error's code as the reason.",
  welcome: 'the server answers with `welcome`',
  listed: '**list** (`type`, `id`) → **listed** (`type`, `id`, `envs`): what the server hosts.',
  made: '**make** → **made**: N copies of one environment, stepped together.',
  started: '**reset** → **started**: new episodes.',
  stepped: 'stepped = [2, id, n, observations, rewards, terminated, truncated, infos, ended]',
  'arrays/bytes':
    'An array of N values of a leaf with dtype `d` and shape `s` is a msgpack bin of exactly `N × product(s) × sizeof(d)` bytes',
  'ended/none': '| `ended` | nil or array | the episodes that ended in this step; nil where none did |',
  'ended/rows':
    '| `rows` | bin | uint32: the row of this reply (not the index of the env) that each belongs to, ascending; m of them |',
  'ended/returns': "| `returns` | bin | float64: sum of the episode's rewards |",
  'ended/lengths': '| `lengths` | bin | uint32: steps of the episode |',
  'ended/seeds': '| `seeds` | bin | float64: the seed of the random stream that the episode was drawn from |',
  snapshotted: '`{type: "snapshot", id, env, ids?}` is answered by `{type: "snapshotted", id, snapshots}`',
  rewarded: 'The answer is `{type: "rewarded", id, rewards}`, float64, one a row',
  tabulated:
    'The answer is `{type: "tabulated", id, numStates, numActions, first, probabilities, nextStates, rewards, terminated}`, the last five bin',
  rendered: '**render** → **rendered**: a picture of one env as it is now.',
  closed: '**close** (`type`, `id`, `env`: the handle) → **closed** (`type`, `id`).',
  created: '**create** → **created**: a world, and a handle whose rows are its seats.',
  joined: '**join** → **joined**: a handle whose one row is a seat.',
  shared: '**share** (`type`, `id`, `env`: a handle) → **shared** (`type`, `id`, `token`: a string).',
  subscribed: '**subscribe** → **subscribed**',
  credited:
    '**credit** (`type`, `id`, `stream`, `credits`: so many more) → **credited** (`type`, `id`, `sent`',
  unsubscribed: '**unsubscribe** (`type`, `id`, `stream`) → **unsubscribed** (`type`, `id`).',
  left: '**leave** (`type`, `id`, `env`: a handle of a world) → **left** (`type`, `id`).',
} as const;
