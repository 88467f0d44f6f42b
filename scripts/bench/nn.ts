/**
 * `farstep bench nn`: how long updates and forward passes take, beside PyTorch in eager mode on one thread where
 * Python can import it, else beside the same maths of TensorFlow.js's own operations. The two sides take turns for
 * short rounds and the best of each counts, so that what else the machine does hits both.
 */
import { type BackendName, useBackend } from '../../agents/nn/backend.js';
import { megabytes, thousands } from '../format.js';
import { FARSTEP, PLAIN } from './nn-kits.js';
import { type Held, heldAfter } from './nn-memory.js';
import { ROWS } from './nn-rows.js';
import { PythonPeer } from './python-peer.js';

/** What `rows` may name. */
export const NN_ROWS: readonly string[] = Object.keys(ROWS);

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
  /** Measures memory over so many updates of each row instead. */
  readonly updates?: number;
}

/** Prints the table as it is measured. */
export async function benchNn({
  backend = 'auto',
  rows = NN_ROWS,
  updates,
}: BenchNnOptions = {}): Promise<void> {
  console.log((await useBackend(backend)).reason);
  for (const name of rows) {
    if (!Object.hasOwn(ROWS, name))
      throw new Error(`bench nn: no row ${name}; there are ${NN_ROWS.join(', ')}`);
  }
  if (updates !== undefined) return benchMemory(rows, updates);
  const torch = await PythonPeer.start('nn-torch.py');
  const other = torch === undefined ? 'plain tfjs' : 'PyTorch';
  console.log(
    torch === undefined
      ? 'No PyTorch to compare with (set FARSTEP_PYTHON to a Python that has it); in its place, plain tfjs.'
      : `PyTorch ${torch.version}, eager, one thread, in turns with farstep.`,
  );
  console.log(`\n| | farstep, ms | ${other}, ms | ratio |\n|-|-|-|-|`);
  try {
    for (const name of rows) {
      const { title, make } = ROWS[name]!;
      const run = make(FARSTEP);
      const plain = torch === undefined ? make(PLAIN) : undefined;
      let [ours, theirs] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
      // The first turn is to warm up.
      for (let turn = 0; turn <= TURNS; turn++) {
        const mine = measure(run, SECONDS_A_TURN);
        const its =
          plain === undefined ? await torch!.measure(name, SECONDS_A_TURN) : measure(plain, SECONDS_A_TURN);
        if (turn > 0) [ours, theirs] = [Math.min(ours, mine), Math.min(theirs, its)];
      }
      const cells = [1e3 * ours, 1e3 * theirs, ours / theirs].map((x) => x.toPrecision(3));
      console.log(`| ${title} | ${cells.join(' | ')} |`);
    }
  } finally {
    torch?.stop();
  }
}

function benchMemory(rows: readonly string[], updates: number): void {
  console.log(
    `\n| from update ${thousands(updates / 10)} to ${thousands(updates)} | tensors | in use | resident |`,
  );
  console.log('|-|-|-|-|');
  for (const name of rows) {
    const { title } = ROWS[name]!;
    const [tenth, all] = heldAfter(ROWS[name]!, updates);
    const change = (of: (held: Held) => string | number): string => `${of(tenth)} → ${of(all)}`;
    const cells = [
      change(({ tensors }) => tensors),
      change(({ used }) => megabytes(used, 1)),
      change(({ resident }) => megabytes(resident, 1)),
    ];
    console.log(`| ${title} | ${cells.join(' | ')} |`);
    if (all.tensors !== tenth.tensors) process.exitCode = 1;
  }
}
