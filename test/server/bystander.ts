import { isDeepStrictEqual } from 'node:util';
import type { Test } from 'tap';
import { connect, type StepResult } from '../../protocol/index.js';
import { makeInProcess } from '../envs/driver.js';

const CONFIG = { numEnvs: 4, autoreset: 'same_step' } as const;
const SEED = 31;
const actionsOf = (i: number) => Int32Array.of(i & 1, (i >> 1) & 1, (i >> 2) & 1, 1);

/**
 * Steps envs in a session of its own for as long as `disturb` runs, and holds that every one of its results is what it
 * would have been without.
 */
export async function undisturbed(t: Test, url: string, disturb: () => Promise<void>): Promise<void> {
  const client = await connect(url);
  const env = await client.make('CartPole-v1', CONFIG);
  const reset = await env.reset({ seed: SEED });
  let over = false;
  const steps: StepResult[] = [];
  const stepping = (async () => {
    while (!over || steps.length < 20) steps.push(await env.step(actionsOf(steps.length)));
  })();
  await Promise.race([disturb(), stepping]).finally(() => {
    over = true;
  });
  await stepping;
  client.close();

  const here = await makeInProcess('CartPole-v1', CONFIG);
  const expected = await here.reset({ seeds: [0, 1, 2, 3].map((i) => SEED + i) });
  t.ok(isDeepStrictEqual(reset, expected), 'the bystander was reset');
  for (const [i, step] of steps.entries()) {
    if (isDeepStrictEqual(step, await here.step([actionsOf(i)]))) continue;
    t.fail(`step ${i} of the bystander differs`);
    return;
  }
  t.pass(`${steps.length} steps of the bystander`);
}
