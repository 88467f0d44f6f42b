/**
 * `farstep bench train`: training steps a second from end to end, acting, stepping the env over the wire, storing,
 * sampling and updating, beside Stable-Baselines3 at equal settings where Python can import it. The two sides take turns,
 * and the best of the turns counts for each.
 */
import { availableParallelism } from 'node:os';
import { type BackendName, useBackend } from '../../agents/nn/backend.js';
import { getAgent } from '../../agents/registry.js';
import { Collecting } from '../../agents/run/train.js';
import { completeSettings, type SettingValue } from '../../agents/settings.js';
import { openServer } from '../open-server.js';
import { PythonPeer } from './python-peer.js';

interface Row {
  readonly title: string;
  readonly agent: string;
  readonly env: string;
  readonly settings: Readonly<Record<string, SettingValue>>;
  /** Least number of times that farstep is to be as fast as its peer at the fastest. */
  readonly bar: number;
}

/** By the names that the other side has in train-sb3.py, with its settings: those of the RL Zoo, one env. */
const ROWS: Readonly<Record<string, Row>> = {
  'dqn-cartpole': {
    title: 'DQN, CartPole-v1, 256-256, batch 64, an update every 2 steps',
    agent: 'dqn',
    env: 'CartPole-v1',
    settings: {
      hidden: [256, 256],
      learningRate: 2.3e-3,
      batchSize: 64,
      memory: 100_000,
      learningStarts: 1000,
      stepsPerUpdate: 2,
      updatesPerTarget: 5,
      epsilonSteps: 8000,
      epsilonEnd: 0.04,
      double: false,
    },
    bar: 2,
  },
  'ddpg-pendulum': {
    title: 'DDPG, Pendulum-v1, 400-300, batch 256, an update a step',
    agent: 'ddpg',
    env: 'Pendulum-v1',
    settings: { hidden: [400, 300], gamma: 0.98, batchSize: 256, memory: 200_000, learningStarts: 1000 },
    bar: 2,
  },
  'sac-pendulum': {
    title: 'SAC, Pendulum-v1, 256-256, batch 256, an update a step',
    agent: 'sac',
    env: 'Pendulum-v1',
    settings: { hidden: [256, 256], batchSize: 256, memory: 1_000_000, learningStarts: 1000 },
    bar: 1.5,
  },
};

/** What `rows` may name. */
export const TRAIN_ROWS: readonly string[] = Object.keys(ROWS);

/** Steps before the clock starts: memory has been filled, and everything is compiled. */
const WARM_UP = 1500;
/** Threads that PyTorch gets in turn: powers of two up to as many as there are processors, or eight. */
export const PEER_THREADS: readonly number[] = [1, 2, 4, 8].filter(
  (threads) => threads <= availableParallelism(),
);

export interface BenchTrainOptions {
  readonly rows: readonly string[];
  readonly backend: BackendName;
  /** Length of a turn. */
  readonly seconds: number;
  readonly turns: number;
}

export interface TrainResult {
  readonly row: string;
  readonly title: string;
  readonly stepsPerSecond: number;
  readonly backend: string;
  /** By threads; absent where there is no Stable-Baselines3. */
  readonly peer?: readonly { readonly threads: number; readonly stepsPerSecond: number }[];
  /** Ours / the fastest of them. */
  readonly times?: number;
  readonly passed: boolean;
}

/** Measures row after row. `peer` is the version of Stable-Baselines3, where there is one. */
export async function benchTrain(
  { rows, backend, seconds, turns }: BenchTrainOptions,
  onRow: (result: TrainResult) => void,
): Promise<{ readonly peer: string | undefined; readonly results: readonly TrainResult[] }> {
  const peer = await PythonPeer.start('train-sb3.py');
  const results: TrainResult[] = [];
  try {
    for (const name of rows) {
      const row = ROWS[name]!;
      const ours = await Trainer.start(row, backend);
      let best = 0;
      const theirs = PEER_THREADS.map(() => 0);
      for (let turn = 0; turn < turns; turn++) {
        best = Math.max(best, await ours.measure(seconds));
        for (const [i, threads] of PEER_THREADS.entries()) {
          if (peer) theirs[i] = Math.max(theirs[i]!, await peer.measure(name, threads, seconds));
        }
      }
      await ours.stop();
      const times = peer && best / Math.max(...theirs);
      const result: TrainResult = {
        row: name,
        title: row.title,
        stepsPerSecond: best,
        backend: ours.backend,
        ...(peer && {
          peer: PEER_THREADS.map((threads, i) => ({ threads, stepsPerSecond: theirs[i]! })),
          times: times!,
        }),
        passed: times === undefined || times >= row.bar,
      };
      onRow(result);
      results.push(result);
    }
  } finally {
    peer?.stop();
  }
  return { peer: peer?.version, results };
}

/** An agent of ours in training, which can be let run for a while. */
class Trainer {
  private constructor(
    readonly backend: string,
    private readonly source: Collecting,
    readonly stop: () => Promise<void>,
  ) {}

  /** Up to the end of the warm-up. */
  static async start({ agent: name, env: id, settings }: Row, wanted: BackendName): Promise<Trainer> {
    const definition = getAgent(name);
    const all = completeSettings(definition.settings, settings);
    const server = await openServer(null);
    const env = await server.client.make(id, { autoreset: 'same_step' });
    const backend = await useBackend(wanted, definition.workload?.(env, all));
    const agent = await definition.create(env, all, 0);
    const source = new Collecting({ agent, env, seed: 0, steps: Infinity, metricsEvery: Infinity });
    await source.start();
    for (let step = 0; step < WARM_UP; step++) await source.advance(() => {});
    return new Trainer(backend.name, source, async () => {
      agent.dispose();
      await server.close();
    });
  }

  /** Steps a second. */
  async measure(seconds: number): Promise<number> {
    const start = performance.now();
    let steps = 0;
    let now = start;
    while (now < start + 1000 * seconds) {
      for (let i = 0; i < 64; i++) steps += await this.source.advance(() => {});
      now = performance.now();
    }
    return (1000 * steps) / (now - start);
  }
}
