/** Modules with envs of the users': the one of the README, and ones that are wrong. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { connect } from '../../protocol/index.js';
import { WorkerHost } from '../../server/index.js';
import { ManualTimers } from '../manual-timers.js';
import { startWorkers } from './workers.js';

const readme = readFileSync(new URL('../../../server/README.md', import.meta.url), 'utf8');
const EXAMPLE = /<!-- example -->\n```js\n(?<code>.*?)```/s.exec(readme)!.groups!.code!;

t.test('the example of the README', async (t) => {
  const file = join(t.testdir({ 'my-envs.js': EXAMPLE }), 'my-envs.js');
  const { server } = await startWorkers(t, { envs: [file], workers: 2, parts: 2 });
  const client = await connect(server.url);
  t.teardown(() => client.close());
  const spec = (await client.list()).find(({ id }) => id === 'My/Corridor-v0')!;
  t.match(spec, { description: 'Walk to the right end of a corridor.', source: 'my-envs.js', players: 1 });
  t.ok(spec.options.frame_stack, 'with the options of the wrappers');
  const env = await client.make('My/Corridor-v0', {
    numEnvs: 5,
    options: { length: 4 },
    autoreset: 'same_step',
  });
  const { observations } = await env.reset({ seed: 7 });
  const again = await env.reset({ seed: 7 });
  t.same(again.observations, observations, 'the same seed');
  let ended = 0;
  for (let i = 0; i < 4; i++) ended += (await env.step(new Int32Array(5).fill(1))).ended?.returns.length ?? 0;
  t.ok(ended >= 5, 'everybody came to the end');
  const snapshots = await env.snapshot();
  const future = await env.step(new Int32Array(5));
  await env.restore(snapshots);
  t.same(await env.step(new Int32Array(5)), future);
  await t.rejects(client.make('My/Corridor-v0', { options: { length: 1 } }), {
    code: 'bad_options',
    message: /length must be an integer of at least 2/,
  });
});

const env = (body: string, spec = "id: 'My/Env-v0', description: 'x'") => `
  import { Box, Discrete } from 'farstep';
  class Mine {
    observationSpace = new Box(0, 1, [1]);
    actionSpace = new Discrete(2);
    reward = 0;
    terminated = false;
    x = 0;
    reset(rng) { this.x = rng.random(); }
    step() {}
    observe(out) { out[0] = this.x; }
    snapshot() { return this.x; }
    restore(x) { this.x = x; }
    ${body}
  }
  export const envs = [{ spec: { ${spec} }, create: () => new Mine() }];`;

const WRONG: Readonly<Record<string, readonly [code: string, message: RegExp]>> = {
  'no module': ['export const envs = [', /no-module\.js: Unexpected end of input/],
  'nothing exported': ['const envs = [];', /expected an export `envs`, .* it exports nothing/],
  'no definition': ['export const envs = [7];', /envs\[0\]: expected \{spec, create\}/],
  'no version': [env('', "id: 'MyEnv', description: 'x'"), /spec\.id: expected a name like My\/Env-v0/],
  'no sentence': [
    env('', "id: 'My/Env-v0'"),
    /envs\[0\], My\/Env-v0: spec\.description: expected a sentence/,
  ],
  'an id that is taken': [
    env('', "id: 'CartPole-v1', description: 'x'"),
    /CartPole-v1 is registered already/,
  ],
  'a default that is not allowed': [
    env('', "id: 'My/A-v0', description: 'x', options: { n: { type: 'integer', default: 'x' } }"),
    /My\/A-v0: option n must be an integer, got "x"/,
  ],
  'no method': [
    env('snapshot = 3;', "id: 'My/B-v0', description: 'x'"),
    /My\/B-v0: expected a method snapshot/,
  ],
  'no space': [
    env("actionSpace = { type: 'Discrete', n: 2 };", "id: 'My/C-v0', description: 'x'"),
    /My\/C-v0: actionSpace: expected a space, as the package `farstep` exports them/,
  ],
  'outside its space': [
    env('observe(out) { out[0] = 2; }', "id: 'My/D-v0', description: 'x'"),
    /My\/D-v0: an observation is outside Box/,
  ],
  'no reward': [
    env('step() { this.reward = undefined; }', "id: 'My/E-v0', description: 'x'"),
    /My\/E-v0: expected a finite reward, got NaN/,
  ],
  'random by itself': [
    env('reset() { this.x = Math.random(); }', "id: 'My/F-v0', description: 'x'"),
    /My\/F-v0: the same seed gave another trajectory/,
  ],
  'no snapshot': [
    env('step() { this.x /= 2; } restore() {}', "id: 'My/G-v0', description: 'x'"),
    /My\/G-v0: restored from a snapshot, it took another trajectory/,
  ],
  'throws when it is made': [
    env("constructor() { throw new Error('no display'); }", "id: 'My/H-v0', description: 'x'"),
    /My\/H-v0: no display/,
  ],
  'ends the process': [
    env('constructor() { process.exit(5); }', "id: 'My/I-v0', description: 'x'"),
    /the process that stepped the envs has ended: it exited with code 5/,
  ],
};

t.test('what is wrong with a module is told at the start', async (t) => {
  const files = Object.entries(WRONG).map(([name, [code]]) => [`${name.replaceAll(' ', '-')}.js`, code]);
  const dir = t.testdir(Object.fromEntries(files));
  for (const [i, [name, [, message]]] of Object.entries(WRONG).entries()) {
    const file = join(dir, files[i]![0]!);
    const { message: got } = (await WorkerHost.start({ envs: [file], timers: new ManualTimers() }).then(
      () => t.fail(name),
      (error: Error) => error,
    )) as Error;
    t.ok(got.startsWith(`${file}: `), 'the file is named');
    t.match(got, message, name);
  }
  await t.rejects(WorkerHost.start({ envs: [join(dir, 'nowhere.js')] }), { message: /nowhere\.js: / });
});
