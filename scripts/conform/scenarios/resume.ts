/** Sessions whose connections are lost. */
import { decodeStepped } from '../../../protocol/frames.js';
import { outcomesOf } from '../handle.js';
import { scenario } from '../stage.js';

export const resume = scenario({
  name: 'resume',
  title:
    'A connection is lost, and the session goes on on another one: nothing is done twice, nothing is lost.',
  rules: {
    'resume/session': 'The server answers with a `welcome` of the same `session`.',
    'resume/repeat': 'one that was carried out is answered with the reply that it had',
    'resume/once': 'Each request is carried out at most once',
    'resume/unknown': 'It answers with `no_such_session` where there is none of that token',
    'resume/replaced': 'the old one is closed with `session_resumed`',
    'resume/done':
      'A client that is done closes the WebSocket with code 1000 or 1001, or without a code: the session ends at once.',
  },
  needs: ['env'],
  async play(stage) {
    const fields = { env: stage.id('env'), seed: 21 };
    const twin = await stage.welcomed('twin');
    const other = await twin.make(fields, 'An env whose connection holds.');
    await twin.reset(other, {}, 'It begins.');
    const expected: string[] = [];
    for (let t = 0; t < 3; t++)
      expected.push(...outcomesOf(await twin.step(other, other.actions(t), 'A step.', 'It is taken.')));
    twin.close();

    const first = await stage.connect('first');
    const { session, resume: token } = await first.hello();
    const env = await first.make(fields, 'An env.');
    await first.reset(env, {}, 'It begins.');
    const got = [...outcomesOf(await first.step(env, env.actions(0), 'A step.', 'It is taken.'))];
    const id = first.requestStep(env, env.actions(1), 'A step, whose reply the client will miss.');
    const missed = await first.receive('It is taken.', 'stepped');
    first.lose();

    const second = await stage.connect('second', { goesOnFrom: first });
    const back = await second.hello({ resume: token }, 'resume/session');
    stage.same('resume/session', back.session, session, 'session');
    second.post(id, 'step', env.stepFrame(id, env.actions(1)), 'What is unanswered comes again.', env);
    const repeated = await second.receive('The reply that it had.', 'resume/repeat');
    const isSame = repeated.frame.equals(missed.frame);
    stage.check('resume/repeat', isSame, 'not the reply that it had', repeated.frame);
    got.push(...outcomesOf(decodeStepped(repeated.frame, env.layout)));
    const next = second.takeId();
    const frame = env.stepFrame(next, env.actions(2), undefined, id);
    second.post(next, 'step', frame, 'The next step, which says that the reply has come.', env);
    got.push(...outcomesOf(await second.replyStep(env, next, 'It is taken.', 'resume/once')));
    stage.same('resume/once', got, expected, 'what was seen');

    const third = await stage.connect('third', { goesOnFrom: second });
    await third.hello({ resume: token });
    await second.ends('resume/replaced', 'session_resumed');
    await third.ask({ type: 'list' }, 'The session goes on.', 'It is answered.', 'resume/replaced');
    await third.done();

    const late = await stage.connect('late');
    late.greet({ resume: token });
    await late.ends('resume/done', 'no_such_session');
    const stranger = await stage.connect('stranger');
    stranger.greet({ resume: 'a guess' });
    await stranger.ends('resume/unknown', 'no_such_session');
  },
});
