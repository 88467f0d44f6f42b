/** The TypeScript client at the task of ../README.md: `node typescript.js URL ENV NUM_ENVS SEED AUTORESET STEPS WAY`. */
import {
  type AutoresetMode,
  arrayType,
  type Client,
  connect,
  FarstepError,
  type RemoteVectorEnv,
  type StepResult,
  sizeOf,
  type TypedArray,
} from '../../index.js';

const [url, id, numEnvs, seed, autoreset, steps, way] = process.argv.slice(2) as [
  string,
  string,
  ...string[],
];
const everything = Array.from({ length: Number(numEnvs) }, (_, i) => i);
const parts = way === 'whole' ? [everything] : [0, 1].map((half) => everything.filter((i) => i % 2 === half));

const told = {
  rewards: everything.map(() => 0),
  returns: [] as number[],
  observed: 0,
  final: 0,
  errors: [] as string[],
};

const sum = (slabs: readonly TypedArray[] = []): number => {
  let total = 0;
  for (const slab of slabs) for (const x of slab as Iterable<number | bigint>) total += Number(x);
  return total;
};

/** Every element of the action of env i in step t is (t + i) mod 2. */
const actions = (env: RemoteVectorEnv, t: number, ids: readonly number[]): TypedArray[] =>
  env.actionSpace.leaves.map(({ dtype, shape }) => {
    const size = sizeOf(shape);
    const slab = new (arrayType(dtype))(ids.length * size);
    for (const [row, i] of ids.entries()) {
      const action = (t + i) % 2;
      const row0 = row * size;
      for (let j = 0; j < size; j++)
        slab[row0 + j] = (dtype.endsWith('int64') ? BigInt(action) : action) as never;
    }
    return slab;
  });

/** Takes note of a step's result; gives the envs that are over. */
function see({ rewards, observations, ended }: StepResult, ids: readonly number[]): number[] {
  for (const [row, i] of ids.entries()) told.rewards[i]! += rewards[row]!;
  told.observed += sum(observations);
  told.final += sum(ended?.finalObservations);
  told.returns.push(...(ended?.returns ?? []));
  return Array.from(ended?.rows ?? [], (row) => ids[row]!);
}

/** Takes note of why something was refused. Throws where nothing more can come. */
function refuse(error: unknown): number[] {
  if (!(error instanceof FarstepError && error.recoverable)) throw error;
  told.errors.push(error.code);
  return [];
}

let client: Client | undefined;
try {
  client = await connect(url);
  const env = await client.make(id, { numEnvs: everything.length, autoreset: autoreset as AutoresetMode });
  told.observed += sum((await env.reset({ seed: Number(seed) })).observations);
  const isPatient = client.limits.requestsInFlight < parts.length;
  let over: number[] = [];
  for (let t = 0; t < Number(steps); t++) {
    if (autoreset === 'disabled' && over.length > 0)
      told.observed += sum((await env.reset({ ids: over })).observations);
    over = [];
    const underway: Promise<number[]>[] = [];
    for (const ids of parts) {
      const step = env.step(actions(env, t, ids), way === 'whole' ? {} : { ids });
      const seen = step.then((result) => see(result, ids), refuse);
      if (isPatient) await seen;
      underway.push(seen);
    }
    for (const ids of await Promise.all(underway)) over.push(...ids);
  }
  await env.close();
} catch (error) {
  if (!(error instanceof FarstepError)) throw error;
  told.errors.push(error.code);
} finally {
  client?.close();
}
console.log(JSON.stringify(told));
