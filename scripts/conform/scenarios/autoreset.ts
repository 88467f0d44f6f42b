/** The ends of episodes, in each of the three modes. */
import { rowsOf } from '../handle.js';
import { scenario } from '../stage.js';
import { checkEnded, ENVS, FIELDS, playByHand } from './episodes.js';

const STATISTICS =
  '| step t: `ended` | statistics | statistics, final observation o_t and infos | statistics |';
const STREAM = "The next episode goes on with the env's random stream.";

export const disabled = scenario({
  name: 'autoreset-disabled',
  title: 'No autoreset: a step of an env that is over is refused until it is reset.',
  rules: {
    'disabled/episode-over':
      "| step t + 1 | the action is ignored; o'_0, reward 0, flags 0 | an ordinary step from o'_0 | refused: `episode_over` |",
    'disabled/no-final':
      '| `finalObservations` | nil or array of bin | under `same_step`: the last observation of each, m rows |',
  },
  needs: ['env'],
  async play(stage) {
    const peer = await stage.welcomed();
    const fields = { env: stage.id('env'), ...FIELDS, autoreset: 'disabled' };
    const env = await peer.make(fields, 'Two envs without autoreset, and a time limit of three steps.');
    await peer.reset(env, {}, 'Episodes begin.');
    await playByHand(stage, peer, env);

    await peer.reset(env, {}, 'All begin anew.');
    let over: readonly number[] = [];
    for (let t = 0; over.length === 0; t++) {
      const { terminated, truncated, ended } = await peer.step(
        env,
        env.actions(t),
        'A step.',
        'Until one is over.',
      );
      over = ENVS.filter((i) => terminated[i] || truncated[i]);
      const isFree = ended?.finalObservations === undefined;
      stage.check('disabled/no-final', isFree, 'final observations outside same_step');
    }
    const id = peer.takeId();
    const frame = env.stepFrame(id, env.actions(9, over), over);
    const means = 'A step of what is over.';
    await peer.refused('disabled/episode-over', frame, 'episode_over', means, { id, handle: env });
    await peer.reset(env, { ids: over }, 'It is reset.');
    const answer = 'It goes on.';
    const options = { ids: over, rule: 'disabled/episode-over' } as const;
    await peer.step(env, env.actions(10, over), 'A step of its next episode.', answer, options);
    peer.close();
  },
});

export const nextStep = scenario({
  name: 'autoreset-next-step',
  title: 'Autoreset in the next step: the step behind the last one begins the next episode.',
  rules: {
    'next-step/final':
      "| step t: observation | o_t, the final one | o'_0, the first of the next episode | o_t |",
    'next-step/begins':
      "| step t + 1 | the action is ignored; o'_0, reward 0, flags 0 | an ordinary step from o'_0 | refused: `episode_over` |",
    'next-step/stream': STREAM,
    'next-step/by-hand':
      'Under `next_step` an env that ended may also be reset by hand; its next step is then an ordinary one.',
    'next-step/no-final':
      '| `finalObservations` | nil or array of bin | under `same_step`: the last observation of each, m rows |',
  },
  needs: ['env'],
  async play(stage) {
    const peer = await stage.welcomed();
    const fields = { env: stage.id('env'), ...FIELDS };
    const hand = await peer.make({ ...fields, autoreset: 'disabled' }, 'Two envs that are reset by hand.');
    const env = await peer.make(
      { ...fields, autoreset: 'next_step' },
      'Their twins, which reset themselves.',
    );
    await peer.reset(hand, {}, 'Episodes begin.');
    const played = await playByHand(stage, peer, hand);

    await peer.reset(env, {}, 'The same episodes begin.');
    /** How many of the steps by hand each env has made, and what it begins with where it is over. */
    const done = ENVS.map(() => 0);
    const begins: (string | undefined)[] = ENVS.map(() => undefined);
    while (done.every((t) => t < played.length)) {
      const result = await peer.step(
        env,
        env.actions(done),
        'A step of both.',
        'Of those that are over, the first observation.',
      );
      const rows = rowsOf(result);
      const over = [];
      for (const i of ENVS) {
        const { [i]: reward } = result.rewards;
        const flags = `${result.terminated[i]} ${result.truncated[i]}`;
        if (begins[i] !== undefined) {
          const isBeginning = reward === 0 && flags === '0 0';
          stage.check('next-step/begins', isBeginning, `env ${i}: reward ${reward}, flags ${flags}`);
          stage.same('next-step/stream', rows[i], begins[i], `what env ${i} begins with`);
          begins[i] = undefined;
          continue;
        }
        const transition = played[done[i]!]![i]!;
        const isSame =
          rows[i] === transition.observation &&
          reward === transition.reward &&
          flags === `${transition.terminated} ${transition.truncated}`;
        stage.check('next-step/final', isSame, `env ${i} goes on other than when it is reset by hand`);
        begins[i] = transition.next;
        done[i]!++;
        if (transition.ended) over.push({ row: i, env: i, transition });
      }
      checkEnded(stage, result.ended, over);
      const isFree = result.ended?.finalObservations === undefined;
      stage.check('next-step/no-final', isFree, 'final observations outside same_step');
    }

    await peer.reset(env, { seeds: ENVS.map((i) => FIELDS.seed + i) }, 'The first episodes once more.');
    let over: readonly number[] = [];
    for (let t = 0; over.length === 0; t++) {
      const { terminated, truncated } = await peer.step(env, env.actions(t), 'A step.', 'Until one is over.');
      over = ENVS.filter((i) => terminated[i] || truncated[i]);
    }
    const begun = await peer.reset(env, { ids: over }, 'It is reset by hand.', 'Its next episode.');
    const options = { ids: over, rule: 'next-step/by-hand' } as const;
    const next = await peer.step(env, env.actions(3, over), 'A step of it.', 'An ordinary one.', options);
    const [was, is] = [rowsOf(begun)[0], rowsOf(next)[0]];
    stage.check(
      'next-step/by-hand',
      was !== is || next.rewards[0] !== 0,
      'the step was taken for one that begins',
    );
    peer.close();
  },
});

export const sameStep = scenario({
  name: 'autoreset-same-step',
  title:
    'Autoreset in the same step: the last step shows the next episode, and the final observation beside it.',
  rules: {
    'same-step/next':
      "| step t: observation | o_t, the final one | o'_0, the first of the next episode | o_t |",
    'same-step/outcome':
      '| step t: reward, terminated, truncated | r_t and the flags | r_t and the flags | r_t and the flags |',
    'same-step/final': STATISTICS,
    'same-step/goes-on':
      "| step t + 1 | the action is ignored; o'_0, reward 0, flags 0 | an ordinary step from o'_0 | refused: `episode_over` |",
    'same-step/subset-rows':
      '| `rows` | bin | uint32: the row of this reply (not the index of the env) that each belongs to, ascending; m of them |',
  },
  needs: ['env'],
  async play(stage) {
    const peer = await stage.welcomed();
    const fields = { env: stage.id('env'), ...FIELDS };
    const hand = await peer.make({ ...fields, autoreset: 'disabled' }, 'Two envs that are reset by hand.');
    const env = await peer.make(
      { ...fields, autoreset: 'same_step' },
      'Their twins, which reset themselves.',
    );
    await peer.reset(hand, {}, 'Episodes begin.');
    const played = await playByHand(stage, peer, hand);

    await peer.reset(env, {}, 'The same episodes begin.');
    let wasOver = false;
    for (const [t, transitions] of played.entries()) {
      const result = await peer.step(
        env,
        env.actions(t),
        'A step of both.',
        'The next episode, where one is over.',
      );
      const rows = rowsOf(result);
      const over = [];
      for (const [i, transition] of transitions.entries()) {
        const { next, observation, reward, terminated, truncated, ended } = transition;
        const rule = ended ? 'same-step/next' : wasOver ? 'same-step/goes-on' : 'same-step/outcome';
        stage.same(rule, rows[i], next ?? observation, `what env ${i} shows`);
        const outcome = [result.rewards[i], result.terminated[i], result.truncated[i]];
        const expected = [reward, terminated, truncated];
        stage.same('same-step/outcome', outcome, expected, 'reward and flags');
        if (ended) over.push({ row: i, env: i, transition });
      }
      wasOver = over.length > 0;
      checkEnded(stage, result.ended, over);
      if (!result.ended) continue;
      const { rows: endedRows, finalObservations, finalInfos } = result.ended;
      const told = finalObservations && rowsOf({ n: endedRows.length, observations: finalObservations });
      const expected = over.map(({ transition }) => transition.observation);
      stage.same('same-step/final', told, expected, 'final observations');
      stage.check('same-step/final', finalInfos !== undefined, 'no infos with the final observations');
    }

    await peer.reset(env, {}, 'Both begin anew.');
    const ids = [1];
    for (let t = 0, isOver = false; !isOver; t++) {
      const result = await peer.step(env, env.actions(t, ids), 'A step of the second alone.', 'One row.', {
        ids,
      });
      isOver = (result.terminated[0] || result.truncated[0]) === 1;
      stage.same('same-step/subset-rows', result.ended?.rows ?? [], isOver ? [0] : [], 'rows of ended');
    }
    peer.close();
  },
});
