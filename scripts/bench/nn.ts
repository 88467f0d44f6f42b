/**
 * `farstep bench nn`: how long updates and forward passes take, beside PyTorch in eager mode on one thread where
 * Python can import it. The two sides take turns for short rounds and the best of each counts, so that what else the
 * machine does hits both.
 */
import * as tf from '@tensorflow/tfjs-core';
import { type BackendName, useBackend } from '../../agents/nn/backend.js';
import { ensemble } from '../../agents/nn/ensemble.js';
import { inputTensor } from '../../agents/nn/input.js';
import { meanSquaredError, tdLoss } from '../../agents/nn/losses.js';
import { cnn, mlp, type Network } from '../../agents/nn/network.js';
import { adam } from '../../agents/nn/optimizer.js';
import { Params } from '../../agents/nn/params.js';
import { lstm } from '../../agents/nn/recurrent/lstm.js';
import { minimize } from '../../agents/nn/train.js';
import { PythonPeer } from './python-peer.js';

interface Row {
  readonly title: string;
  /** Makes what is timed. */
  readonly make: () => () => unknown;
}

const SMALL = mlp({ inputs: 8, hidden: [64, 64], outputs: 4 });
const WIDE = mlp({ inputs: 8, hidden: [256, 256], outputs: 4 });
const MINATAR = cnn({
  inputs: [10, 10, 4],
  conv: [{ filters: 16, size: 3, stride: 1 }],
  hidden: [128],
  outputs: 6,
});
const NATURE = cnn({
  inputs: [84, 84, 4],
  conv: [
    { filters: 32, size: 8, stride: 4 },
    { filters: 64, size: 4, stride: 2 },
    { filters: 64, size: 3, stride: 1 },
  ],
  hidden: [512],
  outputs: 6,
});

/** Rows by the name that the PyTorch side knows them by. */
const ROWS: Record<string, Row> = {
  'dqn-small': { title: 'DQN update, 8-64-64-4, batch 64', make: () => dqnUpdate(SMALL, 64) },
  'dqn-wide': { title: 'DQN update, 8-256-256-4, batch 256', make: () => dqnUpdate(WIDE, 256) },
  'dqn-minatar': { title: 'DQN update, MinAtar conv16-fc128, batch 32', make: () => dqnUpdate(MINATAR, 32) },
  'dqn-nature': { title: 'DQN update, Nature CNN 84×84×4, batch 32', make: () => dqnUpdate(NATURE, 32) },
  ensemble: { title: 'ensemble of 7 × (4×200), batch 256: update', make: ensembleUpdate },
  lstm: { title: 'LSTM 64, 16 sequences of 32 steps: forward and backward', make: lstmBothWays },
  'act-1': { title: 'act, 8-64-64-4, batch 1', make: () => forward(SMALL, 1) },
  'act-64': { title: 'act, 8-64-64-4, batch 64', make: () => forward(SMALL, 64) },
};

/** What `rows` may name. */
export const NN_ROWS: readonly string[] = Object.keys(ROWS);

function numbers(length: number): Float32Array {
  return Float32Array.from({ length }, Math.random);
}

function inputSize(network: Network, batch: number): number {
  return batch * network.inputs.reduce((product, length) => product * length, 1);
}

/** Target forward, forward, backward, clip and Adam. */
function dqnUpdate(network: Network, batch: number): () => unknown {
  const { outputs } = network;
  const online = new Params(network.init(Math.random));
  const target = new Params(online.read());
  const optimizer = adam({ learningRate: 1e-4 });
  const size = inputSize(network, batch);
  const [observations, following, rewards] = [numbers(size), numbers(size), numbers(batch)];
  const actions = Int32Array.from({ length: batch }, () => Math.floor(outputs * Math.random()));
  const targets = new Float32Array(batch);
  return () => {
    const values = network.predict(target, following, batch);
    for (let i = 0; i < batch; i++) {
      let best = values[i * outputs]!;
      for (let a = 1; a < outputs; a++) best = Math.max(best, values[i * outputs + a]!);
      targets[i] = rewards[i]! + 0.99 * best;
    }
    const x = inputTensor(observations, [batch, ...network.inputs]);
    const loss = () => tdLoss(network.apply(online.tensor, x), actions, targets, { huber: 1 });
    const result = minimize(online, optimizer, loss, { maxNorm: 10 });
    x.dispose();
    return result;
  };
}

/** The update of a dynamics model: forward, squared error, backward and Adam. */
function ensembleUpdate(): () => unknown {
  const [members, batch, inputs, outputs] = [7, 256, 20, 16];
  const network = ensemble({ members, inputs, hidden: [200, 200, 200, 200], outputs });
  const params = new Params(network.init(Math.random));
  const optimizer = adam({ learningRate: 1e-4 });
  const x = inputTensor(numbers(members * batch * inputs), [members, batch, inputs]);
  const targets = numbers(members * batch * outputs);
  return () => minimize(params, optimizer, () => meanSquaredError(network.apply(params.tensor, x), targets));
}

function lstmBothWays(): () => unknown {
  const [batch, steps, inputs, units] = [16, 32, 32, 64];
  const core = lstm({ inputs, units });
  const params = new Params(core.init(Math.random));
  const x = inputTensor(numbers(batch * steps * inputs), [batch, steps, inputs]) as tf.Tensor3D;
  const targets = new Float32Array(batch * steps * units);
  const loss = () => meanSquaredError(core.apply(params.tensor, x, core.initialState(batch)), targets);
  return () => tf.tidy(() => void tf.valueAndGrad(loss)(params.tensor));
}

function forward(network: Network, batch: number): () => unknown {
  const params = new Params(network.init(Math.random));
  const x = numbers(inputSize(network, batch));
  return () => network.predict(params, x, batch);
}

/** Seconds a call: the best of rounds of about a third of a millisecond, too short to be interrupted, for `seconds` altogether. */
function measure(run: () => unknown, seconds: number): number {
  run();
  let best = Number.POSITIVE_INFINITY;
  const end = performance.now() + 1000 * seconds;
  while (performance.now() < end) {
    const calls = Math.max(1, Math.min(1000, Math.floor(0.0003 / best)));
    const start = performance.now();
    for (let i = 0; i < calls; i++) run();
    best = Math.min(best, (performance.now() - start) / 1000 / calls);
  }
  return best;
}

const TURNS = 5;
const SECONDS_A_TURN = 0.3;

export interface BenchNnOptions {
  readonly backend?: BackendName;
  /** Names of rows; all of them unless told. */
  readonly rows?: readonly string[];
}

/** Prints the table as it is measured. */
export async function benchNn({ backend = 'auto', rows = NN_ROWS }: BenchNnOptions = {}): Promise<void> {
  console.log((await useBackend(backend)).reason);
  for (const name of rows) {
    if (!Object.hasOwn(ROWS, name))
      throw new Error(`bench nn: no row ${name}; there are ${NN_ROWS.join(', ')}`);
  }
  const torch = await PythonPeer.start('nn-torch.py');
  console.log(
    torch === undefined
      ? 'No PyTorch to compare with (set FARSTEP_PYTHON to a Python that has it).'
      : `PyTorch ${torch.version}, eager, one thread, in turns with farstep.`,
  );
  console.log('\n| | farstep, ms | PyTorch, ms | ratio |\n|-|-|-|-|');
  for (const name of rows) {
    const row = ROWS[name]!;
    const run = row.make();
    measure(run, SECONDS_A_TURN);
    let [ours, theirs] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    for (let turn = 0; turn < TURNS; turn++) {
      ours = Math.min(ours, measure(run, SECONDS_A_TURN));
      if (torch !== undefined) theirs = Math.min(theirs, await torch.measure(name, SECONDS_A_TURN));
    }
    const cells =
      torch === undefined ? ['', ''] : [(1e3 * theirs).toPrecision(3), (ours / theirs).toFixed(2)];
    console.log(`| ${row.title} | ${(1e3 * ours).toPrecision(3)} | ${cells.join(' | ')} |`);
  }
  torch?.stop();
}
