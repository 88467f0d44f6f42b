import t from 'tap';
import type { Agent, Task } from '../../../agents/agent.js';
import { getAgent } from '../../../agents/registry.js';
import { evaluationSweep, improve, optimalitySweep } from '../../../agents/tabular/dynamic-programming.js';
import { Box, Discrete } from '../../../protocol/spaces/index.js';
import type { TransitionTable } from '../../../protocol/spec.js';
import { memoryCheckpoint } from '../checkpoint-in-memory.js';
import { GREEDY, savedValues } from './steps.js';

/**
 * Two states, two actions, γ = 0.9. From state 0, action 0 stays and pays 2, action 1 ends and pays 5. From state 1,
 * action 0 stays and pays 1, action 1 pays nothing and leads to state 0 half of the time, else it stays.
 *
 * V(0) = max(2 / (1 − 0.9), 5) = 20; V(1) = 0.45 V(0) + 0.45 V(1) = 9 / 0.55 = 180 / 11, more than 1 / (1 − 0.9) = 10.
 */
const TABLE: TransitionTable = {
  numStates: 2,
  numActions: 2,
  first: Int32Array.of(0, 1, 2, 3, 5),
  probabilities: Float64Array.of(1, 1, 1, 0.5, 0.5),
  nextStates: Int32Array.of(0, 1, 1, 0, 1),
  rewards: Float64Array.of(2, 5, 1, 0, 0),
  terminated: Uint8Array.of(0, 1, 0, 0, 0),
};
const GAMMA = 0.9;
const OPTIMAL = [20, 180 / 11];

const task = (table: TransitionTable = TABLE): Task => ({
  observationSpace: new Discrete(2),
  actionSpace: new Discrete(2, 5),
  numEnvs: 1,
  transitions: async () => table,
});

const near = (values: ArrayLike<number>, expected: readonly number[], within: number): boolean =>
  expected.every((value, i) => Math.abs(values[i]! - value) <= within);

t.test('sweeps, in place: the second state sees what became of the first', async (t) => {
  const V = new Float64Array(2);
  t.equal(optimalitySweep(TABLE, V, GAMMA), 5);
  t.ok(near(V, [5, 2.25], 1e-12));
  t.ok(Math.abs(optimalitySweep(TABLE, V, GAMMA) - 1.6875) < 1e-12);
  t.ok(near(V, [6.5, 3.9375], 1e-12));

  V.fill(0);
  t.equal(evaluationSweep(TABLE, V, Int32Array.of(0, 1), GAMMA), 2);
  t.ok(near(V, [2, 0.9], 1e-12));
});

t.test('an improvement changes the policy where that gains something', async (t) => {
  const policy = Int32Array.of(0, 0);
  const V = Float64Array.of(20, 10);
  const { residual, changes } = improve(TABLE, V, policy, GAMMA, 1e-9);
  t.equal(changes, 1);
  t.ok(Math.abs(residual - 3.5) < 1e-12);
  t.same(policy, [0, 1]);
  t.equal(improve(TABLE, V, policy, GAMMA, 1e-9).changes, 0);
  t.equal(improve(TABLE, V, Int32Array.of(0, 0), GAMMA, 4).changes, 0, 'less than the tolerance is nothing');
});

/** Learns until there is nothing left to learn; how often that took. */
function converge(agent: Agent): number {
  for (let n = 0; n < 10_000; n++) if (agent.learn() === undefined) return n;
  throw new Error('it learns on for ever');
}

t.test('both find the values and the policy', async (t) => {
  for (const [name, settings] of [
    ['value-iteration', {}],
    ['policy-iteration', {}],
    ['policy-iteration', { evaluationSweeps: 3 }],
  ] as const) {
    const agent = await getAgent(name).create(task(), { gamma: GAMMA, ...settings }, 0);
    const times = converge(agent);
    t.ok(near(savedValues(agent), OPTIMAL, 1e-9), `${name}: ${savedValues(agent).join(', ')}`);
    t.same(agent.act([Int32Array.of(1, 0, 1)], GREEDY), [[6, 5, 6]]);
    if (name === 'policy-iteration' && !('evaluationSweeps' in settings)) t.equal(times, 2);
  }
});

t.test('stopped and resumed, it goes on bit for bit', async (t) => {
  for (const [name, settings] of [
    ['value-iteration', {}],
    ['policy-iteration', { evaluationSweeps: 2 }],
  ] as const) {
    for (const stop of [1, 10, 300]) {
      const make = () => getAgent(name).create(task(), { gamma: GAMMA, ...settings }, 0);
      const whole = await make();
      for (let i = 0; i < stop; i++) whole.learn();
      const resumed = await make();
      await resumed.load(memoryCheckpoint(whole.save()));
      for (const agent of [whole, resumed]) agent.learn();
      t.strictSame(resumed.save(), whole.save(), `${name}, stopped at ${stop}`);
    }
  }
});

t.test('tasks that cannot be planned for', async (t) => {
  const plan = (changes: object) => async () =>
    getAgent('value-iteration').create({ ...task(), ...changes }, {}, 0);
  await t.rejects(plan({ transitions: undefined }), {
    message: 'planning takes an env that can be asked for its transitions',
  });
  await t.rejects(plan({ observationSpace: new Box(0, 1, [1]) }), /observations that can be counted/);
  await t.rejects(plan({ actionSpace: new Box(0, 1, [1]) }), {
    message: 'this agent takes a Discrete action space, the env has Box(0, 1, (1), float32)',
  });
  await t.rejects(plan({ observationSpace: new Discrete(3) }), {
    message: "the env's table has 2 states and 2 actions, its spaces 3 and 2",
  });
  for (const wrong of [
    { nextStates: Int32Array.of(0, 1, 2, 0, 1) },
    { first: Int32Array.of(0, 2, 1, 3, 5) },
    { first: Int32Array.of(0, 1, 2, 3, 6) },
    { rewards: new Float64Array(4) },
  ]) {
    const transitions = async () => ({ ...TABLE, ...wrong });
    await t.rejects(plan({ transitions }), { message: /states or outcomes that it does not have/ });
  }
});
