/** Steps: of all envs and of some, those that are refused, and several under way at once. */
import { bytesOf, type TypedArray } from '../../../protocol/dtypes.js';
import { outcomesOf, rowsOf } from '../handle.js';
import { packed } from '../peer.js';
import { scenario } from '../stage.js';

const bins = (slabs: readonly TypedArray[]): Buffer[] => slabs.map((slab) => Buffer.from(bytesOf(slab)));
const uint32 = (...values: readonly number[]): Buffer => Buffer.from(bytesOf(Uint32Array.from(values)));

export const step = scenario({
  name: 'step',
  title: 'Steps of all envs, and of some of them in any order.',
  rules: {
    'step/rows': '| `n` | integer | envs that were stepped: the rows of everything below |',
    'step/seed': 'A seed starts the random stream of its env anew',
    'step/nil-ids': 'Absent (an array of four) or nil: all N, in order',
    'step/subset':
      'uint32, little-endian: step these envs alone, each at most once. Row k of actions and reply belongs to env ids[k].',
    'step/time-limit':
      '| `truncated` | bin | one byte an env: 1 where it was cut off by the time limit, so that what follows has not |',
  },
  needs: ['env'],
  async play(stage) {
    const peer = await stage.welcomed();
    const fields = { env: stage.id('env'), numEnvs: 3, seed: 5, maxEpisodeSteps: 4 };
    const whole = await peer.make(fields, 'Three envs with a time limit of four steps.');
    const parts = await peer.make(fields, 'Their twins, which are stepped in parts.');
    await peer.reset(whole, {}, 'Episodes begin.');
    await peer.reset(parts, {}, 'The same episodes begin.');

    const all = await peer.step(whole, whole.actions(0), 'All three.', 'Three rows.');
    stage.same('step/rows', all.n, 3, 'n');
    const [a, b, c] = outcomesOf(all);
    const ids = [2, 0];
    const some = await peer.step(
      parts,
      parts.actions(0, ids),
      'The last and the first of the twins.',
      'Two rows.',
      {
        ids,
        rule: 'step/subset',
      },
    );
    stage.same('step/rows', some.n, 2, 'n');
    stage.same('step/subset', outcomesOf(some), [c, a], 'the rows of envs 2 and 0');
    const middle = { ids: [1], rule: 'step/subset' } as const;
    const rest = await peer.step(
      parts,
      parts.actions(0, [1]),
      'The one between them.',
      'It had not moved.',
      middle,
    );
    stage.same('step/subset', outcomesOf(rest), [b], 'the row of env 1');

    const isOver = [false, false, false];
    for (let t = 1; t < 4; t++) {
      const expected = await peer.step(whole, whole.actions(t), 'A step.', 'It goes on.');
      const id = peer.takeId();
      const frame = packed([1, id, parts.env, bins(parts.actions(t)), null]);
      peer.post(id, 'step', frame, 'The same step of the twins, with nil for ids.', parts);
      const got = await peer.replyStep(parts, id, 'The same rows.', 'step/nil-ids');
      stage.same('step/nil-ids', got.n, 3, 'n');
      stage.same('step/seed', outcomesOf(got), outcomesOf(expected), 'what equal seeds and actions lead to');
      for (let i = 0; i < 3; i++) isOver[i] ||= (got.terminated[i] || got.truncated[i]) === 1;
    }
    stage.same('step/time-limit', isOver, [true, true, true], 'over after four steps');
    peer.close();
  },
});

export const stepRefused = scenario({
  name: 'step-refused',
  title: 'Steps that are refused: nothing has moved, as a twin that never saw them shows.',
  rules: {
    'step/not-reset': '| `not_reset` | yes | | a step before the first reset |',
    'step/bad-action': '| `bad_action` | yes | | an action outside its space, or slabs of the wrong size |',
    'step/outside': 'All actions are checked before any env is stepped.',
    'step/bad-ids': '| `bad_ids` | yes | | ids out of range or repeated |',
    'step/no-such-env': '| `no_such_env` | yes | | an env handle that was never made or is closed |',
    'step/changes-nothing':
      'A request that is refused with a recoverable error changes nothing: no env was stepped, reset, made or closed, no handle or seed used up.',
  },
  needs: ['env'],
  async play(stage) {
    const peer = await stage.welcomed();
    const fields = { env: stage.id('env'), numEnvs: 2, seed: 5 };
    const env = await peer.make(fields, 'Two envs.');
    const twin = await peer.make(fields, 'Their twins, which see nothing of what follows.');
    const refuse = async (
      rule: Parameters<typeof stage.check>[0],
      code: string,
      means: string,
      actions: readonly Uint8Array[],
      ids?: Buffer,
      handle = env.env,
    ): Promise<void> => {
      const id = peer.takeId();
      const frame = packed(ids ? [1, id, handle, actions, ids] : [1, id, handle, actions]);
      await peer.refused(rule, frame, code, means, { id, handle: env });
    };
    const good = bins(env.actions(0));
    const one = bins(env.actions(0, [0]));
    await refuse('step/not-reset', 'not_reset', 'No episode has begun.', good);
    await peer.reset(env, {}, 'Episodes begin.');
    await peer.reset(twin, {}, 'The same episodes begin.');

    await refuse('step/bad-action', 'bad_action', 'A leaf too many.', [...good, one[0]!]);
    await refuse('step/bad-action', 'bad_action', 'No leaf at all.', []);
    await refuse('step/bad-action', 'bad_action', 'Actions of one env for two.', one);
    await refuse('step/bad-action', 'bad_action', 'Actions of two envs for one.', good, uint32(1));
    const outside = env.outside(0);
    if (outside)
      await refuse('step/outside', 'bad_action', 'The last action is outside its space.', bins(outside));
    await refuse('step/bad-ids', 'bad_ids', 'There are two envs.', one, uint32(2));
    await refuse('step/bad-ids', 'bad_ids', 'An env named twice.', good, uint32(1, 1));
    await refuse('step/bad-ids', 'bad_ids', 'No env at all.', bins(env.actions(0, [])), uint32());
    await refuse('step/bad-ids', 'bad_ids', 'Half an index.', one, Buffer.from([0, 0]));
    await refuse(
      'step/no-such-env',
      'no_such_env',
      'A handle that was never given.',
      good,
      undefined,
      1_000_000,
    );

    for (let t = 1; t < 3; t++) {
      const got = await peer.step(env, env.actions(t), 'A good step.', 'It is carried out.');
      const expected = await peer.step(twin, twin.actions(t), 'The same of the twins.', 'The same rows.');
      stage.same(
        'step/changes-nothing',
        outcomesOf(got),
        outcomesOf(expected),
        'the step of twins that saw no refusal',
      );
    }
    const reset = await peer.reset(env, {}, 'The next episodes begin.');
    const other = await peer.reset(twin, {}, 'Those of the twins.', 'The same rows.');
    stage.same('step/changes-nothing', rowsOf(reset), rowsOf(other), 'the next episodes of such twins');
    peer.close();
  },
});

export const pipelined = scenario({
  name: 'pipelined',
  title: 'Requests sent without waiting for replies, as many as the limits allow and more.',
  rules: {
    'pipelined/order':
      'Requests of one session are carried out one after the other in the order they were sent',
    'pipelined/limit':
      'up to `limits.requestsInFlight` unanswered ones; what is beyond is refused with `too_many_requests`.',
  },
  needs: ['env'],
  async play(stage) {
    const peer = await stage.connect();
    const { limits } = await peer.hello();
    const fields = { env: stage.id('env'), numEnvs: 2, seed: 9 };
    const env = await peer.make(fields, 'Two envs.');
    const twin = await peer.make(fields, 'Their twins, which are stepped one by one.');
    await peer.reset(twin, {}, 'Episodes of the twins begin.');
    const expected: string[][] = [];
    for (let t = 0; t < 2; t++)
      expected.push(outcomesOf(await peer.step(twin, twin.actions(t), 'A step of the twins.', 'Its reply.')));

    if (limits.requestsInFlight >= 3) {
      const ids: number[] = [];
      peer.inOneWrite(() => {
        ids.push(peer.request({ type: 'reset', env: env.env }, 'A reset, and at once', env));
        for (let t = 0; t < 2; t++) ids.push(peer.requestStep(env, env.actions(t), 'a step behind it.'));
      });
      await peer.started('reset', env, ids[0]!, 'The replies come in the same order.', 'pipelined/order');
      for (let t = 0; t < 2; t++) {
        const answer = 'The same rows as those of the twins.';
        const got = await peer.replyStep(env, ids[t + 1]!, answer, 'pipelined/order');
        stage.same(
          'pipelined/order',
          outcomesOf(got),
          expected[t],
          'what requests lead to that did not wait',
        );
      }
    }

    // A server that answers at once may never have more unanswered than it allows.
    const count = Math.min(limits.requestsInFlight, 1000) + 2;
    const steps: number[] = [];
    peer.inOneWrite(() => {
      for (let i = 0; i < count; i++)
        steps.push(peer.requestStep(env, env.actions(2), `Step ${i + 1} of ${count} in one write.`));
    });
    const answered = new Set<number>();
    const means = 'It is carried out, or refused with too_many_requests.';
    for (let i = 0; i < count; i++) {
      const { type, id, fields, frame } = await peer.receive(means, 'pipelined/limit');
      answered.add(id ?? -1);
      const isGood = type === 'stepped' || fields.code === 'too_many_requests';
      stage.check('pipelined/limit', isGood, `got ${type} ${String(fields.code)}`, frame);
    }
    const isAll = steps.every((id) => answered.has(id));
    stage.check('pipelined/limit', isAll, `of ${count} requests ${answered.size} were answered`);
    const last = await peer.step(env, env.actions(3), 'One alone.', 'It is carried out.', {
      rule: 'pipelined/limit',
    });
    stage.same('pipelined/limit', last.n, 2, 'n');
    peer.close();
  },
});
