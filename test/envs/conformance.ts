import type { Test } from 'tap';
import { packMessage, unpackMessage } from '../../protocol/messages.js';
import { spaceFromJSON } from '../../protocol/spaces/index.js';
import {
  Actions,
  areSame,
  checkValues,
  pick,
  rejects,
  same,
  sameRun,
  spoilers,
  trajectory,
} from './conformance-tools.js';
import type { DrivenEnv, Make } from './driver.js';

/** An env to examine. */
export interface Candidate {
  readonly id: string;
  readonly options?: Readonly<Record<string, unknown>>;
  /** Whether episodes of different seeds differ; true unless the env draws nothing at random. */
  readonly stochastic?: boolean;
}

const NUM_ENVS = 4;
const SEEDS = [7, 8, 9, 10];

/** What every env promises, whichever way it is reached; each is a test that names the promise. */
export function conforms(t: Test, make: Make, candidate: Candidate): void {
  const { id, options, stochastic = true } = candidate;
  const title = options === undefined ? id : `${id} ${JSON.stringify(options)}`;

  const open = async (
    t: Test,
    autoreset: 'next_step' | 'same_step' | 'disabled',
    maxEpisodeSteps?: number,
  ): Promise<DrivenEnv> => {
    const env = await make(id, { numEnvs: NUM_ENVS, autoreset, options, maxEpisodeSteps });
    t.teardown(() => env.close());
    return env;
  };
  const promise = (name: string, check: (t: Test) => Promise<void>) => t.test(`${title}: ${name}`, check);

  promise('spaces survive their JSON form', async (t) => {
    const env = await open(t, 'next_step');
    for (const space of [env.observationSpace, env.actionSpace, ...Object.values(env.infoSpaces)]) {
      t.ok(spaceFromJSON(JSON.parse(JSON.stringify(space))).equals(space), space.toString());
    }
  });

  promise('outputs lie in their spaces, rewards in the range', async (t) => {
    const env = await open(t, 'same_step', 40);
    const [low, high] = env.spec.rewardRange;
    const reset = await env.reset({ seeds: SEEDS });
    checkValues(t, env, 'reset', reset);
    const actions = new Actions(env, 1);
    for (let i = 1; i <= 150; i++) {
      const step = await env.step(actions.next());
      checkValues(t, env, `step ${i}`, step);
      if (!step.rewards.every((r) => Number.isFinite(r) && r >= low && r <= high))
        t.fail(`step ${i}: rewards ${step.rewards.join(', ')} leave [${low}, ${high}]`);
      if (![...step.terminated, ...step.truncated].every((flag) => flag === 0 || flag === 1))
        t.fail(`step ${i}: terminated and truncated must be 0 or 1`);
    }
  });

  promise('the same seed gives the same trajectory, in another copy and in the same one again', async (t) => {
    const env = await open(t, 'next_step', 60);
    const first = await trajectory(env, { seeds: SEEDS, steps: 150 });
    sameRun(t, await trajectory(env, { seeds: SEEDS, steps: 150 }), first, 'the same copy again');
    const other = await open(t, 'next_step', 60);
    sameRun(t, await trajectory(other, { seeds: SEEDS, steps: 150 }), first, 'another copy');
  });

  if (stochastic) {
    promise('different seeds give different trajectories', async (t) => {
      const env = await open(t, 'next_step', 60);
      const first = await trajectory(env, { seeds: SEEDS, steps: 150 });
      t.notOk(areSame(await trajectory(env, { seeds: [1, 2, 3, 4], steps: 150 }), first));
    });
    promise('an env that is never seeded gets a seed of its own', async (t) => {
      const env = await open(t, 'next_step');
      const { seeds } = await env.reset();
      t.equal(new Set(seeds).size, NUM_ENVS);
      const unseeded = await trajectory(env, { seeds: [...seeds], steps: 50 });
      sameRun(t, await trajectory(env, { seeds: [...seeds], steps: 50 }), unseeded, 'from that seed');
    });
  }

  promise('a reset without a seed goes on with the random stream', async (t) => {
    const run = async () => {
      const env = await open(t, 'disabled');
      await env.reset({ seeds: SEEDS });
      const { observations, seeds } = await env.reset({ seeds: [null, 8, null, null] });
      t.same([...seeds], SEEDS, 'the seed of the stream stays');
      return observations;
    };
    same(t, await run(), await run(), 'twice the same');
  });

  promise('an action outside the space is refused and changes nothing', async (t) => {
    const env = await open(t, 'disabled', 1000);
    const expected = await trajectory(await open(t, 'disabled', 1000), { seeds: SEEDS, steps: 1 });
    await env.reset({ seeds: SEEDS });
    for (const spoil of spoilers(env.actionSpace)) {
      const actions = new Actions(env, 1).next();
      spoil(actions, NUM_ENVS - 1);
      await rejects(t, env.step(actions), 'bad_action', /env 3: action/);
    }
    const step = await env.step(new Actions(env, 0).next());
    same(t, step, expected.at(-1), 'the step after');
  });

  promise('stepping before a reset, or after an end without autoreset, is refused', async (t) => {
    const env = await open(t, 'disabled', 1);
    const actions = new Actions(env, 1).next();
    await rejects(t, env.step(actions), 'not_reset', /env 0/);
    await env.reset({ seeds: SEEDS });
    await env.step(actions);
    await rejects(t, env.step(actions), 'episode_over', /env 0/);
    await env.reset({ ids: Uint32Array.of(1, 2, 3) });
    await rejects(t, env.step(actions), 'episode_over', /env 0/);
    const ids = Uint32Array.of(2);
    const partial = await env.step(pick(actions, ids, NUM_ENVS), ids);
    t.equal(partial.n, 1, 'an env that was reset steps');
  });

  promise('the time limit truncates, and statistics tell of the episode', async (t) => {
    const env = await open(t, 'next_step', 3);
    await env.reset({ seeds: SEEDS });
    const actions = new Actions(env, 2);
    const steps = [
      await env.step(actions.next()),
      await env.step(actions.next()),
      await env.step(actions.next()),
    ];
    for (let i = 0; i < NUM_ENVS; i++) {
      const end = steps.findIndex((step) => step.terminated[i] === 1 || step.truncated[i] === 1);
      const { ended, truncated } = steps[end]!;
      const row = ended!.rows.indexOf(i);
      const rewards = steps.slice(0, end + 1).map((step) => step.rewards[i]!);
      t.equal(truncated[i], end === 2 ? 1 : 0, 'the third step truncates and no earlier one');
      t.equal(ended!.lengths[row], end + 1);
      t.equal(
        ended!.returns[row],
        rewards.reduce((sum, r) => sum + r, 0),
      );
      t.equal(ended!.seeds[row], SEEDS[i]);
    }
  });

  promise('NEXT_STEP and SAME_STEP autoreset do what a caller would do by hand', async (t) => {
    const limit = 7;
    const [byHand, nextStep, sameStep] = [
      await open(t, 'disabled', limit),
      await open(t, 'next_step', limit),
      await open(t, 'same_step', limit),
    ];
    const ids = Uint32Array.of(0);
    for (const env of [byHand, nextStep, sameStep]) await env.reset({ seeds: SEEDS });
    const actions = new Actions(byHand, 3);
    for (let i = 0; i < 40; i++) {
      const action = actions.next().map((slab) => slab.slice(0, slab.length / NUM_ENVS));
      const expected = await byHand.step(action, ids);
      same(t, await nextStep.step(action, ids), expected, `NEXT_STEP ${i}`);
      const { observations, infos, ended, ...rest } = await sameStep.step(action, ids);
      if (expected.ended === undefined) {
        same(t, { observations, infos, ...rest }, expected, `SAME_STEP ${i}`);
        continue;
      }
      const { finalObservations, finalInfos, ...statistics } = ended!;
      same(
        t,
        { observations: finalObservations, infos: finalInfos, ended: statistics, ...rest },
        expected,
        `SAME_STEP end ${i}: the final observation is the one of the episode that ended`,
      );
      const reset = await byHand.reset({ ids });
      const afterwards = await nextStep.step(action, ids);
      same(t, afterwards.observations, reset.observations, `NEXT_STEP ${i}: the step after an end resets`);
      t.same([afterwards.rewards[0], afterwards.terminated[0], afterwards.truncated[0]], [0, 0, 0]);
      same(t, observations, reset.observations, `SAME_STEP end ${i}: the next episode has begun`);
      same(t, infos, reset.infos, `SAME_STEP end ${i}: its infos`);
    }
  });

  promise('a subset step is that part of a full one', async (t) => {
    const [whole, parts] = [await open(t, 'next_step', 9), await open(t, 'next_step', 9)];
    await whole.reset({ seeds: SEEDS });
    await parts.reset({ ids: Uint32Array.of(3, 1), seeds: [SEEDS[3]!, SEEDS[1]!] });
    await parts.reset({ ids: Uint32Array.of(0, 2), seeds: [SEEDS[0]!, SEEDS[2]!] });
    const actions = new Actions(whole, 4);
    for (let i = 0; i < 30; i++) {
      const all = actions.next();
      const expected = await whole.step(all);
      for (const ids of [Uint32Array.of(2, 0), Uint32Array.of(1), Uint32Array.of(3)]) {
        const step = await parts.step(pick(all, ids, NUM_ENVS), ids);
        same(
          t,
          step.observations,
          pick(expected.observations, ids, NUM_ENVS),
          `step ${i} of envs ${ids.join()}`,
        );
        t.same(
          [...step.rewards],
          [...ids].map((id) => expected.rewards[id]),
        );
      }
    }
  });

  promise('a picture shows something', async (t) => {
    const env = await open(t, 'next_step');
    if (!env.spec.renderModes.includes('rgb_array')) return;
    await env.reset({ seeds: SEEDS });
    const { width, height, data } = await env.render(0);
    t.equal(data.length, width * height * 3);
    t.ok(
      data.some((x) => x !== data[0]),
      'more than one colour',
    );
  });

  promise('restore goes on exactly where snapshot was taken', async (t) => {
    const env = await open(t, 'next_step', 30);
    if (!env.snapshot) return;
    await trajectory(env, { seeds: SEEDS, steps: 11 });
    // A snapshot is plain values: what JSON carries, every wire does.
    const taken = await Promise.all(SEEDS.map((_, i) => env.snapshot!(i)));
    const carried = packMessage({ type: 'restore', id: 1, env: 1, snapshots: taken });
    const snapshots = unpackMessage(carried).snapshots as readonly unknown[];
    const expected = await trajectory(env, { steps: 60 });
    const elsewhere = await open(t, 'next_step', 30);
    for (const [name, other] of [
      ['the same copy', env],
      ['a copy never reset', elsewhere],
    ] as const) {
      for (const [i, snapshot] of snapshots.entries()) await other.restore!(i, snapshot);
      sameRun(t, await trajectory(other, { steps: 60 }), expected, name);
    }
  });

  promise('what is no snapshot of this env is refused and changes nothing', async (t) => {
    const env = await open(t, 'next_step', 30);
    if (!env.snapshot) return;
    await trajectory(env, { seeds: SEEDS, steps: 11 });
    const good = (await env.snapshot(0)) as Readonly<Record<string, unknown>>;
    const bad = [null, {}, { ...good, env: 'other' }, { ...good, rng: [] }, { ...good, state: 'nonsense' }];
    for (const snapshot of bad) await rejects(t, env.restore!(0, snapshot), 'bad_snapshot', /./);
    t.same(await env.snapshot(0), good);
  });
}
