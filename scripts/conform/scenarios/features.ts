/** What an env can be asked for beside steps: snapshots, pictures, rewards under other goals, its table; and its end. */
import { bytesOf } from '../../../protocol/dtypes.js';
import { outcomesOf, type Rows, rowsOf } from '../handle.js';
import { scenario } from '../stage.js';

const float64s = (bytes: Uint8Array): Float64Array => new Float64Array(Uint8Array.from(bytes).buffer);
const int32s = (bytes: Uint8Array): Int32Array => new Int32Array(Uint8Array.from(bytes).buffer);

export const snapshots = scenario({
  name: 'snapshots',
  title: 'Snapshots are taken, and the same future is lived twice.',
  rules: {
    'snapshot/ids':
      'for each env asked for (`ids` as in `reset`; all where absent) a value that holds everything its future depends on',
    'restore/future': 'the same actions then give the same future.',
    'restore/shows': 'is answered by `started` with their observations as they are now',
    'restore/elsewhere': 'puts envs where snapshots were taken, of any vector env of the same id and options',
    'restore/bad':
      "A snapshot that is none of this env's is refused with `bad_snapshot`, and all envs are as they were.",
  },
  needs: ['env'],
  async play(stage) {
    const peer = await stage.welcomed();
    const fields = { env: stage.id('env'), numEnvs: 2, maxEpisodeSteps: 4 };
    const env = await peer.make({ ...fields, seed: 11 }, 'Two envs.');
    await peer.reset(env, {}, 'Episodes begin.');
    const before = await peer.step(env, env.actions(0), 'A step.', 'Where the snapshots are taken.');
    const snapshot = { type: 'snapshot', env: env.env } as const;
    const { snapshots: both } = await peer.ask(snapshot, 'A snapshot of each.', 'Two values.');
    stage.same('snapshot/ids', both.length, 2, 'snapshots');
    const some = await peer.ask({ ...snapshot, ids: [1] }, 'A snapshot of the second.', 'One value.');
    stage.same('snapshot/ids', some.snapshots.length, 1, 'snapshots');

    const future = async (): Promise<string[]> => {
      const seen: string[] = [];
      // Beyond the time limit: the elapsed steps and the random stream are part of it.
      for (let t = 1; t < 6; t++) {
        const result = await peer.step(env, env.actions(t), 'A step.', 'Of the future.', {
          rule: 'restore/future',
        });
        seen.push(...outcomesOf(result));
      }
      return seen;
    };
    const restore = async (
      means: string,
      restored: readonly unknown[],
      ids?: readonly number[],
      handle = env,
    ): Promise<Rows> => {
      const request = { type: 'restore', env: handle.env, ...(ids && { ids }), snapshots: restored } as const;
      const id = peer.request(request, means, handle);
      return peer.started('restore', handle, id, 'The observations as they are now.', 'restore/shows');
    };
    const once = await future();
    const back = await restore('Both go back.', both);
    stage.same('restore/shows', rowsOf(back), rowsOf(before), 'observations');
    const twice = await future();
    stage.same('restore/future', twice, once, 'the second future');

    const other = await peer.make({ ...fields, seed: 12 }, 'Two envs of other seeds.');
    await peer.reset(other, {}, 'Their episodes begin.');
    const moved = await restore('The first goes where the second of the others was.', [both[1]], [0], other);
    stage.same('restore/elsewhere', rowsOf(moved)[0], rowsOf(before)[1], 'observation');

    await restore('Both go back once more.', both);
    const bad = { type: 'restore', env: env.env, snapshots: [both[0], 'nothing'] };
    await peer.refused('restore/bad', bad, 'bad_snapshot', 'One snapshot and one that is none.');
    const thrice = await future();
    stage.same('restore/bad', thrice, once, 'the future after a restore that was refused');
    peer.close();
  },
});

export const render = scenario({
  name: 'render',
  title: 'Pictures of one env, as a PNG file and as bare pixels.',
  rules: {
    'render/png':
      '`"png"`, a PNG file, or `"rgb"`, three bytes a pixel, row-major from the top left; `"png"` where absent',
    'render/rgb': '`"rgb"`, three bytes a pixel, row-major from the top left',
    'render/size': '| `width`, `height` | integers | pixels |',
    'render/index': '| `index` | integer, optional | which env; 0 where absent |',
  },
  needs: ['env'],
  async play(stage) {
    const peer = await stage.welcomed();
    const env = await peer.make({ env: stage.id('env'), numEnvs: 2, seed: 1 }, 'Two envs.');
    await peer.reset(env, {}, 'Episodes begin.');
    const request = { type: 'render', env: env.env } as const;
    const png = await peer.ask(request, 'A picture of the first.', 'A PNG file.');
    const file = Buffer.from(png.data);
    const isPng = png.format === 'png' && file.subarray(0, 8).toString('hex') === '89504e470d0a1a0a';
    stage.check('render/png', isPng, `a ${png.format} that begins ${file.toString('hex', 0, 8)}`);
    const size = [file.readUInt32BE(16), file.readUInt32BE(20)];
    stage.same('render/size', size, [png.width, png.height], 'width and height of the file');
    const rgb = await peer.ask(
      { ...request, index: 1, format: 'rgb' },
      'The second, as pixels.',
      'Three bytes a pixel.',
      'render/index',
    );
    stage.holds('render/index');
    const bytes = 3 * rgb.width * rgb.height;
    stage.check(
      'render/rgb',
      rgb.format === 'rgb' && rgb.data.length === bytes,
      `expected ${bytes} bytes, got ${rgb.data.length}`,
    );
    await peer.refused('render/index', { ...request, index: 2 }, 'bad_ids', 'There are two envs.');
    peer.close();
  },
});

export const close = scenario({
  name: 'close',
  title: 'An env is closed, and its handle names nothing any more.',
  rules: {
    'close/gone': 'The envs are gone; the session goes on.',
    'close/no-such-env': '| `no_such_env` | yes | | an env handle that was never made or is closed |',
  },
  needs: ['env'],
  async play(stage) {
    const peer = await stage.welcomed();
    const env = await peer.make({ env: stage.id('env') }, 'An env.');
    const other = await peer.make({ env: stage.id('env'), seed: 1 }, 'Another.');
    await peer.ask({ type: 'close', env: env.env }, 'The first is closed.', 'It is gone.');
    const frame = (id: number) => env.stepFrame(id, env.actions(0));
    const id = peer.takeId();
    await peer.refused('close/no-such-env', frame(id), 'no_such_env', 'A step of the closed env.', {
      id,
      handle: env,
    });
    for (const type of ['reset', 'render', 'snapshot', 'close']) {
      const means = `A ${type} of the closed env.`;
      await peer.refused('close/no-such-env', { type, env: env.env }, 'no_such_env', means);
    }
    await peer.reset(other, {}, 'The other is as it was.', 'Its episode begins.', 'close/gone');
    stage.holds('close/gone');
    peer.close();
  },
});

export const goals = scenario({
  name: 'goals',
  title: 'What transitions would have paid, had something else been wanted.',
  rules: {
    'rewards/as-stepped': 'a row: what `step` would have given, bit for bit.',
    'rewards/task': "`task` is one of the contract's `rewardTasks`, the first where absent.",
    'rewards/rows': 'both are bin, rows of those leaves of the observation, as many of one as of the other',
    'rewards/not-supported': '`not_supported` where there are no goals.',
  },
  needs: ['goals', 'env'],
  async play(stage) {
    const peer = await stage.welcomed();
    const env = await peer.make(
      { env: stage.id('goals'), numEnvs: 2, seed: 8, autoreset: 'same_step' },
      'Two envs with goals.',
    );
    await peer.reset(env, {}, 'Episodes begin.');
    const result = await peer.step(env, env.actions(0), 'A step.', 'Rewards that depend on the goal.');
    const part = (name: string): Buffer => {
      const index = env.contract.observationLeaves.findIndex(({ path }) => path[0] === name);
      return Buffer.from(bytesOf(result.observations[index]!));
    };
    const request = { type: 'rewards', env: env.env } as const;
    const [achieved, desired] = [part('achieved_goal'), part('desired_goal')];
    const ask = async (means: string, fields: object): Promise<Float64Array> => {
      const id = peer.request({ ...request, ...fields }, means, env);
      return float64s((await peer.reply('rewards', id, 'One a row.')).rewards);
    };
    const same = await ask('What the step would have paid under its own goals.', { achieved, desired });
    stage.same('rewards/as-stepped', same, result.rewards, 'rewards');
    const [task] = env.contract.rewardTasks;
    const named = await ask('The same, with the task named.', { task, achieved, desired });
    stage.same('rewards/task', named, same, 'rewards of the first task');
    const reached = await ask('What was achieved as what was wanted.', { achieved, desired: achieved });
    stage.same('rewards/rows', reached.length, 2, 'rewards');
    const bad = { ...request, achieved, desired: desired.subarray(0, desired.length / 2) };
    await peer.refused('rewards/rows', bad, 'bad_message', 'Two rows and one.', { handle: env });
    const other = await peer.make({ env: stage.id('env') }, 'An env without goals.');
    await peer.refused(
      'rewards/not-supported',
      { ...request, env: other.env, achieved, desired },
      'not_supported',
      'Rewards of it.',
    );
    peer.close();
  },
});

export const table = scenario({
  name: 'table',
  title: 'The table of an environment of finitely many states and actions.',
  rules: {
    'table/offsets':
      'the outcomes of action a in state s are entries `first[s * numActions + a]` (int32) to `first[s * numActions + a + 1] - 1`',
    'table/columns': 'of the others, which are float64, int32, float64 and one byte an outcome.',
    'table/probabilities': 'asks an environment of finitely many states and actions for its table.',
    'table/not-supported': '`not_supported` where it is no table.',
  },
  needs: ['table', 'env'],
  async play(stage) {
    const peer = await stage.welcomed();
    const env = await peer.make({ env: stage.id('table') }, 'An env that is a table.');
    const id = peer.request({ type: 'transitions', env: env.env }, 'Its table?', env);
    const told = await peer.reply('transitions', id, 'Every outcome of every action in every state.');
    const first = int32s(told.first);
    const size = told.numStates * told.numActions;
    const isRising = first.every((x, i) => i === 0 || x >= first[i - 1]!);
    stage.check(
      'table/offsets',
      first.length === size + 1 && first[0] === 0 && isRising,
      `first has ${first.length} entries for ${size} pairs`,
    );
    const outcomes = first[size] ?? 0;
    const [probabilities, nextStates, rewards] = [
      float64s(told.probabilities),
      int32s(told.nextStates),
      float64s(told.rewards),
    ];
    const lengths = [probabilities.length, nextStates.length, rewards.length, told.terminated.length];
    stage.same('table/columns', lengths, [outcomes, outcomes, outcomes, outcomes], 'outcomes in each column');
    const sums = Array.from({ length: size }, (_, i) =>
      probabilities.subarray(first[i], first[i + 1]).reduce((a, b) => a + b, 0),
    );
    const isWhole =
      sums.every((sum) => Math.abs(sum - 1) < 1e-9) && nextStates.every((s) => s >= 0 && s < told.numStates);
    stage.check(
      'table/probabilities',
      isWhole,
      'probabilities that do not sum to 1, or states that there are not',
    );
    const other = await peer.make({ env: stage.id('env') }, 'An env that is no table.');
    await peer.refused(
      'table/not-supported',
      { type: 'transitions', env: other.env },
      'not_supported',
      'The table of it.',
    );
    peer.close();
  },
});
