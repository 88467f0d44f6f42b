/** What a stranger cannot make a server do: it takes a server whose clock, limits and faults are ours. */
import { FarstepError } from '../../../protocol/errors.js';
import { type EnvHost, inlineHost } from '../../../server/host.js';
import type { ServerOptions } from '../../../server/index.js';
import { digest, KeyRing } from '../../../server/keys.js';
import { packed } from '../peer.js';
import { type Scenario, scenario } from '../stage.js';

/** A scenario, and the server that it needs. */
export interface StagedScenario extends Scenario {
  readonly staging: Pick<ServerOptions, 'envs' | 'limits' | 'keys'>;
}

const staged = (staging: StagedScenario['staging'], parts: Scenario): StagedScenario => ({
  ...parts,
  staging,
});

export const helloTimeout = staged(
  { limits: { helloMs: 1000 } },
  scenario({
    name: 'hello-timeout',
    title: 'A client that connects and says nothing.',
    rules: {
      'hello-timeout': '| `hello_timeout` | no | 4001 | no hello in the time that the server gives |',
    },
    needs: [],
    async play(stage) {
      const silent = await stage.connect();
      stage.pass(1001);
      await silent.ends('hello-timeout', 'hello_timeout');
    },
  }),
);

export const frameTimeout = staged(
  { limits: { frameMs: 1000 } },
  scenario({
    name: 'frame-timeout',
    title: 'A message that begins and does not come to its end.',
    rules: {
      'frame-timeout':
        '| `frame_timeout` | no | 4006 | a message that did not come to its end in the time that the server gives |',
    },
    needs: [],
    async play(stage) {
      const slow = await stage.welcomed();
      slow.sendPart();
      // When somebody who came later has been served, that has come too.
      await (await stage.welcomed('other')).done();
      stage.pass(1);
      stage.pass(1001);
      await slow.ends('frame-timeout', 'frame_timeout');
    },
  }),
);

export const idleTimeout = staged(
  { limits: { idleMs: 60_000 } },
  scenario({
    name: 'idle-timeout',
    title: 'A client from which nothing comes any more.',
    rules: {
      'idle-timeout': '| `idleMs` | milliseconds without a message from the client | `idle_timeout` |',
    },
    needs: [],
    async play(stage) {
      const idle = await stage.welcomed();
      stage.pass(60_001);
      await idle.ends('idle-timeout', 'idle_timeout');
    },
  }),
);

const KEY = {
  name: 'player',
  sha256: digest('its token').toString('hex'),
  scopes: ['envs'],
  quotas: {},
} as const;

export const keys = staged(
  { keys: new KeyRing([KEY]) },
  scenario({
    name: 'keys',
    title: 'A server that asks who comes, and a token that is not meant for everything.',
    rules: {
      'keys/unauthorized':
        '| `unauthorized` | no | 4007 | hello.token is missing, or none that the server knows, or is known no more |',
      'keys/not-allowed': '| `not_allowed` | yes | | what the token is not meant for |',
    },
    needs: ['turns'],
    async play(stage) {
      for (const [name, fields] of Object.entries({ nobody: {}, stranger: { token: 'a guess' } })) {
        const peer = await stage.connect(name);
        peer.greet(fields);
        await peer.ends('keys/unauthorized', 'unauthorized');
      }
      const player = await stage.connect('player');
      await player.hello({ token: 'its token' });
      const create = { type: 'create', world: stage.id('turns') };
      await player.refused('keys/not-allowed', create, 'not_allowed', 'Its token is for envs alone.');
      player.close();
    },
  }),
);

export const shuttingDown = staged(
  {},
  scenario({
    name: 'shutting-down',
    title: 'The server stops.',
    rules: {
      'shutting-down': '| `shutting_down` | no | 1001 | the server is stopping; connect again later |',
    },
    needs: [],
    async play(stage) {
      const client = await stage.welcomed();
      stage.target.stop?.();
      await client.ends('shutting-down', 'shutting_down');
    },
  }),
);

export const crowded = staged(
  { limits: { sessions: 1, worlds: 1, vectorEnvs: 2, subscriptions: 1 } },
  scenario({
    name: 'crowded',
    title: 'More than the server has room for.',
    rules: {
      'crowded/sessions':
        '| `too_many_sessions` | no | 1013 | no room for another session, on the server or for this token |',
      'crowded/worlds': '| `too_many_worlds` | yes | | the server has as many worlds as it takes |',
      'crowded/vector-envs': '| `vectorEnvs` | vector envs open at once | `too_many_envs` |',
      'crowded/subscriptions':
        '| `subscriptions` | streams subscribed to at once | `too_many_subscriptions` |',
    },
    needs: ['turns', 'env'],
    async play(stage) {
      const first = await stage.welcomed('first');
      const second = await stage.connect('second');
      second.greet();
      await second.ends('crowded/sessions', 'too_many_sessions');
      const create = { type: 'create', world: stage.id('turns') };
      await first.create({ world: stage.id('turns') }, 'A world.');
      await first.refused(
        'crowded/worlds',
        create,
        'too_many_worlds',
        'One more than the server has room for.',
      );
      const env = await first.make({ env: stage.id('env') }, 'An env.');
      const make = { type: 'make', env: stage.id('env') };
      await first.refused('crowded/vector-envs', make, 'too_many_envs', 'One more than limits.vectorEnvs.');
      for (const handle of [1, 2]) {
        const share = { type: 'share', env: handle } as const;
        const { token } = await first.ask(share, 'It may be watched.', 'The token to watch it with.');
        const subscribe = { type: 'subscribe', token, credits: 1 } as const;
        if (handle !== env.env) await first.ask(subscribe, 'It watches.', 'From here on.');
        else {
          const means = 'One more than limits.subscriptions.';
          await first.refused('crowded/subscriptions', subscribe, 'too_many_subscriptions', means);
        }
      }
      first.close();
    },
  }),
);

export const forgetful = staged(
  { limits: { keptReplyBytes: 0 } },
  scenario({
    name: 'forgetful',
    title: 'A client comes back and lacks more replies than the server keeps.',
    rules: {
      'forgetful/not-kept':
        'A repeat of a request that was carried out and whose reply is not kept any more is answered with `reply_not_kept`',
      'forgetful/last': 'but always the last',
    },
    needs: ['env'],
    async play(stage) {
      const first = await stage.connect('first');
      const { resume } = await first.hello();
      const make = { type: 'make', env: stage.id('env') } as const;
      const { id } = await first.ask(make, 'An env.', 'The server has made it.');
      const list = first.request({ type: 'list' }, 'What is there.');
      await first.receive('It is told.', 'listed');
      first.lose();
      const second = await stage.connect('second', { goesOnFrom: first });
      await second.hello({ resume: resume });
      const { type, ...fields } = make;
      const means = 'It asks again for both.';
      await second.refused('forgetful/not-kept', { type, id, ...fields }, 'reply_not_kept', means, { id });
      second.post(list, 'list', packed({ type: 'list', id: list }), means);
      await second.reply('list', list, 'The reply that it had.', 'forgetful/last');
      stage.holds('forgetful/last');
      second.close();
    },
  }),
);

/** Hosts envs that cannot be drawn, break when they are stepped, and whose snapshots meet a fault of the server. */
const fragileHost: EnvHost = {
  make(request) {
    const env = inlineHost.make(request);
    const fail = (error: Error) => (): never => {
      throw error;
    };
    return {
      ...env,
      step: fail(new FarstepError('env_failed', 'step: env 0 failed; its vector env is closed')),
      render: fail(new FarstepError('no_render', `${request.env} cannot be rendered`)),
      snapshot: fail(new Error('a fault of the server')),
    };
  },
};

export const failures = staged(
  { envs: fragileHost },
  scenario({
    name: 'failures',
    title:
      'An env without a picture, a fault of the server, and an env that breaks: each is told, and the session goes on.',
    rules: {
      'failures/no-render': '| `no_render` | yes | | the env has no such render mode |',
      'failures/internal': '| `internal` | yes | | a fault of the server; the log has it under the session |',
      'failures/env-failed': '| `env_failed` | yes | | the env threw; its vector env is closed |',
      'failures/closed':
        'After `env_failed` the handle is closed: the env threw, and cannot be trusted any more.',
    },
    needs: ['env'],
    async play(stage) {
      const peer = await stage.welcomed();
      const env = await peer.make({ env: stage.id('env'), seed: 1 }, 'An env that will break.');
      await peer.reset(env, {}, 'Its first episode begins.');
      const request = { env: env.env };
      await peer.refused(
        'failures/no-render',
        { type: 'render', ...request },
        'no_render',
        'A picture, of what has none.',
      );
      await peer.refused(
        'failures/internal',
        { type: 'snapshot', ...request },
        'internal',
        'The server meets a fault of its own.',
      );
      const id = peer.takeId();
      const frame = env.stepFrame(id, env.actions(0));
      await peer.refused('failures/env-failed', frame, 'env_failed', 'A step at which the env breaks.', {
        id,
        handle: env,
      });
      await peer.refused(
        'failures/closed',
        { type: 'reset', ...request },
        'no_such_env',
        'The handle is closed.',
      );
      await peer.ask({ type: 'list' }, 'The session goes on.', 'It is answered.');
      peer.close();
    },
  }),
);
