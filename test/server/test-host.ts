/** Where the envs of the tests step: workers-suites.test.ts runs other files with `FARSTEP_TEST_PARTS` set. */
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { type EnvDefinition, listEnvs } from '../../envs/index.js';
import { type EnvHost, WorkerHost } from '../../server/index.js';

/** The file of a module of the tests. */
export const moduleFile = (name: string): string => fileURLToPath(new URL(`./${name}.js`, import.meta.url));

const parts = process.env.FARSTEP_TEST_PARTS;

async function onThreads(): Promise<EnvHost> {
  const host = await WorkerHost.start({
    workers: 2,
    parts: Number(parts),
    trustedEnvs: [moduleFile('probe-envs')],
  });
  t.teardown(() => host.close());
  return host;
}

/** Options of a server: none, or a host whose envs step on threads, each vector env in so many parts. */
export const TEST_HOST: { readonly envs?: EnvHost } = parts === undefined ? {} : { envs: await onThreads() };

/** One of each shape: what steps on threads differs in spaces and infos alone. */
const SHAPES = [
  'Blackjack-v1',
  'CartPole-v1',
  'MinAtar/Breakout-v1',
  'Pendulum-v1',
  'Physics/Push-v1',
  'Pixel/Pong-v1',
  'Taxi-v4',
];

/** Farstep's own envs to try where these tests step them: all, or on threads some. */
export const TEST_ENVS: readonly EnvDefinition[] = listEnvs().filter(({ spec }) =>
  parts === undefined ? spec.source !== 'the tests' : SHAPES.includes(spec.id),
);
