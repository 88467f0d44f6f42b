import t from 'tap';
import type { Agent } from '../../../agents/agent.js';
import type { CheckpointReader } from '../../../agents/checkpoint.js';
import { mean } from '../../../agents/mean.js';
import { getAgent } from '../../../agents/registry.js';
import { type CheckpointStore, train } from '../../../agents/run/index.js';
import { actionValue } from '../../../agents/tabular/dynamic-programming.js';
import { connect, type RemoteVectorEnv } from '../../../protocol/index.js';
import type { TransitionTable } from '../../../protocol/spec.js';
import { startEmbeddedServer } from '../../../scripts/embedded-server.js';
import { memoryCheckpoint } from '../checkpoint-in-memory.js';
import { GREEDY, savedValues } from './steps.js';

const server = await startEmbeddedServer();
const client = await connect(server.url);
t.teardown(async () => {
  client.close();
  await server.close();
});

const make = (id: string, numEnvs: number) => client.make(id, { numEnvs, autoreset: 'same_step' });

/** The values that a planner finds, learning until there is nothing left to learn. */
async function plan(name: string, env: RemoteVectorEnv, gamma: number): Promise<Agent> {
  const agent = await getAgent(name).create(env, { gamma }, 0);
  for (let n = 0; agent.learn() !== undefined; n++) if (n > 10_000) throw new Error('no end of learning');
  return agent;
}

const ENVS = ['FrozenLake-v1', 'FrozenLake8x8-v1', 'Taxi-v3', 'CliffWalking-v1'];

t.test('value iteration and policy iteration agree, in values and in actions', async (t) => {
  for (const id of ENVS) {
    const env = await make(id, 1);
    const agents = await Promise.all(
      ['value-iteration', 'policy-iteration'].map((name) => plan(name, env, 0.99)),
    );
    const [ours, theirs] = agents.map(savedValues) as [number[], number[]];
    const apart = Math.max(...ours.map((value, s) => Math.abs(value - theirs[s]!)));
    t.ok(apart < 1e-8, `${id}: values are ${apart} apart`);
    const all = [Int32Array.from(ours, (_, s) => s)];
    const [actions, others] = agents.map((agent) => agent.act(all, GREEDY));
    t.strictSame(actions, others, `${id}: actions`);
  }
});

t.test('values that are known', async (t) => {
  for (const name of ['value-iteration', 'policy-iteration']) {
    // Undiscounted: the probability of crossing the lake, 14/17 (8x8: it can be crossed for certain), and steps to go.
    for (const [id, state, value] of [
      ['FrozenLake-v1', 0, 14 / 17],
      ['FrozenLake8x8-v1', 0, 1],
      ['CliffWalking-v1', 36, -13],
    ] as const) {
      const found = savedValues(await plan(name, await make(id, 1), 1))[state]!;
      t.ok(Math.abs(found - value) < 1e-8, `${name}, ${id}: ${found}`);
    }
  }
});

t.test('an env that is no table', async (t) => {
  const create = async (id: string) => getAgent('value-iteration').create(await make(id, 1), {}, 0);
  await t.rejects(create('Blackjack-v1'), { message: /Blackjack-v1 is not a table/ });
  await t.rejects(create('CartPole-v1'), { message: /observations that can be counted/ });
});

/** The states that can come about, from these on. */
function reachable(table: TransitionTable, starts: readonly number[]): number[] {
  const seen = new Set(starts);
  for (const state of seen) {
    const end = table.first[(state + 1) * table.numActions]!;
    for (let k = table.first[state * table.numActions]!; k < end; k++) {
      if (!table.terminated[k]) seen.add(table.nextStates[k]!);
    }
  }
  return [...seen];
}

/** Where episodes of Taxi start: with the passenger at one of four places, and not where it wants to go. */
const TAXI_STARTS = Array.from({ length: 500 }, (_, state) => state).filter((state) => {
  const passenger = Math.floor(state / 4) % 5;
  return passenger < 4 && passenger !== state % 4;
});

for (const [id, starts] of [
  ['FrozenLake-v1', [0]],
  ['Taxi-v3', TAXI_STARTS],
  ['CliffWalking-v1', [36]],
] as const) {
  t.test(`Q-learning on ${id}: by the steps of its preset it does what planning would`, async (t) => {
    const { numEnvs, steps, settings } = getAgent('q-learning').presets[id]!;
    const env = await make(id, numEnvs);
    const agent = await getAgent('q-learning').create(env, settings, 0);
    await train({ agent, env, steps, seed: 0, metricsEvery: steps });
    const table = await env.transitions();
    const V = Float64Array.from(savedValues(await plan('value-iteration', env, 0.99)));
    const states = reachable(table, starts);
    const [actions] = agent.act([Int32Array.from(states)], GREEDY);
    const worse = states.filter(
      (state, i) => actionValue(table, V, state, Number(actions![i]), 0.99) < V[state]! - 1e-8,
    );
    t.same(worse, [], `of ${states.length} states`);
  });
}

t.test(
  'along the cliff, exploring all the while: SARSA keeps away from it (Sutton and Barto, example 6.6)',
  async (t) => {
    const online = async (name: string) => {
      const settings = { gamma: 1, learningRate: 0.5, epsilonStart: 0.1, epsilonEnd: 0.1 };
      const env = await make('CliffWalking-v1', 1);
      const agent = await getAgent(name).create(env, settings, 0);
      const returns: number[] = [];
      await train({
        agent,
        env,
        steps: 10_000,
        seed: 0,
        metricsEvery: 10_000,
        onEpisode: (earned) => returns.push(earned),
      });
      return mean(returns.slice(100));
    };
    const [q, sarsa, expected] = [
      await online('q-learning'),
      await online('sarsa'),
      await online('expected-sarsa'),
    ];
    t.ok(sarsa! > q! + 10, `SARSA ${sarsa}, Q-learning ${q}`);
    t.ok(expected! > q! + 10, `expected SARSA ${expected}`);
  },
);

t.test('Blackjack, whose observation is a tuple', async (t) => {
  const env = await make('Blackjack-v1', 32);
  const agent = await getAgent('q-learning').create(
    env,
    getAgent('q-learning').presets['Blackjack-v1']!.settings,
    0,
  );
  await train({ agent, env, steps: 200_000, seed: 0, metricsEvery: 200_000 });
  const action = (sum: number, card: number) =>
    agent.act([Int32Array.of(sum), Int32Array.of(card), Int32Array.of(0)], GREEDY)[0]![0];
  t.equal(action(20, 6), 0, 'stick');
  t.equal(action(11, 6), 1, 'hit');
});

t.test('stopped and resumed: bit for bit the run that was not', async (t) => {
  const files = [
    'policy.safetensors',
    'visits.safetensors',
    'underway.safetensors',
    'agent.json',
    'run.json',
    'observations.bin',
  ];
  for (const name of ['q-learning', 'sarsa']) {
    const run = async (stops: readonly number[]) => {
      let latest: CheckpointReader | undefined;
      const store: CheckpointStore = {
        save: async (_slot, _step, saved) => {
          latest = memoryCheckpoint(saved);
        },
      };
      for (const stopAt of [...stops, undefined]) {
        const env = await make('FrozenLake-v1', 3);
        const agent = await getAgent(name).create(env, { explorationSteps: 500, visitExponent: 0.6 }, 5);
        const controller = new AbortController();
        await train({
          agent,
          env,
          steps: 1200,
          seed: 5,
          metricsEvery: 100,
          checkpoints: { store, every: 500 },
          signal: controller.signal,
          resume: latest,
          onStep: (step) => {
            if (step === stopAt) controller.abort();
          },
        });
      }
      return Promise.all(files.map((file) => latest!.read(file)));
    };
    t.strictSame(await run([3, 333, 504, 1101]), await run([]), name);
  }
});
