/** Watching an env that somebody else steps. */
import { outcomesOf } from '../handle.js';
import { scenario } from '../stage.js';

export const streams = scenario({
  name: 'streams',
  title: 'One client steps an env, another one watches, as far as it gives credit.',
  rules: {
    'stream/contract': '| `contract` | map | that of the vector env, as of `make` |',
    'stream/again': 'Sharing again gives the same one.',
    'stream/reset': 'reset sample = [4, stream, sequence, ids, n, observations, infos, seeds]',
    'stream/step':
      'step sample = [3, stream, sequence, ids, actions, n, observations, rewards, terminated, truncated, infos, ended]',
    'stream/ids':
      '| `ids` | nil or bin | uint32: the envs that were stepped, reset or restored, row by row; nil: all, in order |',
    'stream/credit': 'A sample is lost that comes when there is no credit',
    'stream/sequence':
      '| `sequence` | integer | counts the samples of the stream, one by one, whoever they are sent to |',
    'stream/sent': '`sent`: the samples sent to this subscription so far, on all its connections',
    'stream/unknown':
      'A token that opens nothing, and a stream that the session is not subscribed to, are refused with `no_such_stream`',
    'stream/over':
      '**over** (`type`, `stream`, `sequence`): the vector env was closed, and with it the stream',
  },
  needs: ['env'],
  async play(stage) {
    const owner = await stage.welcomed('owner');
    const env = await owner.make({ env: stage.id('env'), numEnvs: 2, seed: 31 }, 'Two envs.');
    const share = { type: 'share', env: env.env } as const;
    const { token } = await owner.ask(share, 'They may be watched.', 'The token to watch them with.');
    const again = await owner.ask(share, 'Once more.', 'The same token.', 'stream/again');
    stage.same('stream/again', again.token, token, 'token');

    const watcher = await stage.welcomed('watcher');
    const subscribe = { type: 'subscribe', token, credits: 3 } as const;
    const { stream, sequence, contract } = await watcher.ask(
      subscribe,
      'It has room for three samples.',
      'What samples name the stream by, and what they look like.',
    );
    stage.same('stream/contract', contract.hash, env.contract.hash, 'hash');
    stage.same('stream/sequence', sequence, 0, 'sequence before the first sample');

    const began = await owner.reset(env, {}, 'Episodes begin.');
    const reset = await watcher.sample(env, 'They have begun.', 'stream/reset');
    stage.same('stream/reset', reset.type, 'reset', 'kind of sample');
    stage.same(
      'stream/reset',
      reset.result.observations[0] as Float32Array,
      began.observations[0] as Float32Array,
      'observations',
    );

    const actions = env.actions(0);
    const whole = await owner.step(env, actions, 'A step.', 'It is taken.');
    const step = await watcher.sample(env, 'The same step, with its actions.', 'stream/step');
    if (step.type !== 'step') throw watcher.stop('stream/step', 'the sample of a step is none');
    stage.same('stream/step', outcomesOf(step.result), outcomesOf(whole), 'what was seen');
    stage.same('stream/step', step.actions[0] as Int32Array, actions[0] as Int32Array, 'actions');
    stage.same('stream/sequence', step.sequence, 2, 'sequence');

    await owner.step(env, env.actions(1, [1]), 'A step of the second.', 'It is taken.', { ids: [1] });
    const part = await watcher.sample(env, 'With the index of the env.', 'stream/ids');
    stage.same('stream/ids', part.ids ?? [], [1], 'ids');

    await owner.step(env, env.actions(2), 'A step that the watcher has no credit for.', 'It is taken.');
    const credit = { type: 'credit', stream, credits: 2 } as const;
    const { sent } = await watcher.ask(
      credit,
      'Room for two more.',
      'Three were sent so far.',
      'stream/credit',
    );
    stage.same('stream/sent', sent, 3, 'samples sent');
    await owner.step(env, env.actions(3), 'A step.', 'It is taken.');
    const later = await watcher.sample(env, 'The number tells that one was lost.', 'stream/credit');
    stage.same('stream/credit', later.sequence, 5, 'sequence');

    const unsubscribe = { type: 'unsubscribe', stream } as const;
    await watcher.ask(unsubscribe, 'The client has seen enough.', 'It will see no more.');
    await watcher.refused(
      'stream/unknown',
      credit,
      'no_such_stream',
      'Credit for what it is not subscribed to.',
    );
    const guess = { ...subscribe, token: 'a guess' };
    await watcher.refused('stream/unknown', guess, 'no_such_stream', 'A token that opens nothing.');
    await watcher.ask(subscribe, 'It watches again.', 'From here on.');
    await owner.ask({ type: 'close', env: env.env }, 'The envs are closed.', 'They are gone.');
    await watcher.over('The stream is over.', 'stream/over');
    watcher.close();
    owner.close();
  },
});
