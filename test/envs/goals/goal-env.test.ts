import t from 'tap';
import type { Options } from '../../../envs/env.js';
import { type ExpertEnvDefinition, hasExpert } from '../../../envs/expert.js';
import { type GoalEnvDefinition, type GoalObservation, isGoalEnv } from '../../../envs/goal-env.js';
import { listEnvs, resolveOptions, VectorEnv } from '../../../envs/index.js';
import { Pcg64 } from '../../../envs/rng/pcg64.js';
import type { Value, View } from '../../../protocol/spaces/index.js';

const NUM_ENVS = 8;

type Goals = Float32Array | Int8Array;

/** What a client has of a run: goals and tasks of every transition as it saw them, and what the env paid. */
interface Run {
  readonly achieved: Goals;
  readonly desired: Goals;
  readonly tasks: readonly number[];
  readonly rewards: number[];
  readonly successes: number[];
  readonly n: number;
}

/** Steps with the expert's actions and random ones by turns, so that goals are both reached and missed. */
function play(definition: GoalEnvDefinition & ExpertEnvDefinition, options: Options, steps: number): Run {
  const venv = new VectorEnv(definition, { numEnvs: NUM_ENVS, options, autoreset: 'next_step' });
  const expert = definition.expert(options);
  const rng = new Pcg64(1);
  const rows: GoalObservation[] = [];
  const [rewards, successes]: [number[], number[]] = [[], []];
  let { observations } = venv.reset({ seeds: Array.from({ length: NUM_ENVS }, (_, i) => i) });
  let wasReset = new Set<number>();
  for (let i = 0; i < steps; i++) {
    for (let row = 0; row < NUM_ENVS; row++) {
      const view = venv.observationSpace.read(observations, row) as View;
      const action: Value = row < 6 ? expert(view) : venv.actionSpace.sample(rng);
      venv.actionSpace.write(action, venv.actions, row);
    }
    const step = venv.step();
    observations = step.observations;
    if ([...step.terminated].includes(1)) throw new Error(`${definition.spec.id} terminated`);
    for (let row = 0; row < NUM_ENVS; row++) {
      // Under NEXT_STEP the step after an end is a reset, and no transition.
      if (wasReset.has(row)) continue;
      rows.push(structuredClone(venv.observationSpace.read(observations, row)) as unknown as GoalObservation);
      rewards.push(step.rewards[row]!);
      successes.push(Number(step.infos.is_success![0]![row]));
    }
    wasReset = new Set(step.ended?.rows.subarray(0, step.ended.n));
  }
  const join = (key: 'achieved_goal' | 'desired_goal'): Goals => {
    const size = rows[0]![key].length;
    const all = new (rows[0]![key].constructor as new (length: number) => Goals)(rows.length * size);
    for (const [i, row] of rows.entries()) all.set(row[key], i * size);
    return all;
  };
  return {
    achieved: join('achieved_goal'),
    desired: join('desired_goal'),
    tasks: rows.map(({ task }) => task?.indexOf(1) ?? 0),
    rewards,
    successes,
    n: rows.length,
  };
}

const definitions = listEnvs().filter(
  (definition): definition is GoalEnvDefinition & ExpertEnvDefinition =>
    isGoalEnv(definition) && hasExpert(definition),
);

t.test('the goal-conditioned envs are known as such', async (t) => {
  const ids = definitions.map(({ spec }) => spec.id).filter((id) => !id.startsWith('BitFlipping'));
  t.same(ids, [
    'Physics/Drawer-v1',
    'Physics/Push-v1',
    'Physics/Reach-v1',
    'Physics/Soccer-v1',
    'PointMaze-v1',
  ]);
});

for (const definition of definitions) {
  const { id } = definition.spec;
  for (const rewardType of ['sparse', 'dense']) {
    t.test(`${id}, ${rewardType}: what is computed is what was paid`, async (t) => {
      const options = resolveOptions(definition.spec, { reward_type: rewardType });
      const { achieved, desired, tasks, rewards, successes, n } = play(definition, options, 150);
      const functions = Object.values(definition.rewardFunctions(options));
      const computed = functions.map((reward) => {
        const out = new Float64Array(n);
        reward(achieved, desired, n, out);
        return out;
      });
      t.same(
        tasks.map((task, i) => computed[task]![i]),
        rewards,
        'bit by bit, from the numbers that the client saw',
      );
      t.ok(
        computed.every((out) => out.every(Number.isFinite)),
        'for every task on every transition',
      );
      t.same(new Set(tasks).size, functions.length, 'every task came up');
      t.ok(successes.includes(1) && successes.includes(0), 'the goal was reached, and was missed');
      if (rewardType === 'sparse') {
        t.ok(rewards.every((reward) => reward === 0 || reward === -1));
        if (!id.startsWith('BitFlipping')) {
          t.same(
            rewards.map((reward) => Number(reward === 0)),
            successes,
            'success is a reward of 0',
          );
        }
      } else {
        t.ok(rewards.every((reward) => reward <= 0 && !Object.is(reward, -0)));
      }
    });
  }
}

t.test('a transition judged by the goal it achieved is a success', async (t) => {
  for (const definition of definitions) {
    const options = resolveOptions(definition.spec, {});
    const { achieved, n } = play(definition, options, 20);
    for (const [task, reward] of Object.entries(definition.rewardFunctions(options))) {
      const out = new Float64Array(n).fill(-1);
      reward(achieved, achieved, n, out);
      t.ok(
        out.every((x) => x === 0),
        `${definition.spec.id} ${task}`,
      );
    }
  }
});

t.test('a task can be chosen, and else is drawn anew for each episode', async (t) => {
  for (const definition of definitions) {
    const tasks = Object.keys(definition.rewardFunctions(resolveOptions(definition.spec, {})));
    if (tasks.length === 1) {
      t.notOk(Object.hasOwn(definition.spec.options, 'task'));
      continue;
    }
    for (const [index, task] of tasks.entries()) {
      const run = play(definition, resolveOptions(definition.spec, { task }), 10);
      t.same(new Set(run.tasks), new Set([index]), `${definition.spec.id} ${task}`);
    }
    const spaces = ['all', ...tasks].map((task) => {
      const env = definition.create(resolveOptions(definition.spec, { task }));
      return JSON.stringify([env.observationSpace, env.actionSpace]);
    });
    t.equal(new Set(spaces).size, 1, 'all tasks share their spaces');
  }
});
