import t from 'tap';
import { maskReader } from '../../../agents/action-mask.js';
import type { VisibleEnv } from '../../../agents/run/env.js';
import { discreteView, StackedEnv } from '../../../agents/views/index.js';
import type { StepResult } from '../../../protocol/results.js';
import { Box, Dict, Discrete, MultiBinary, type Space } from '../../../protocol/spaces/index.js';

/** An env of two whose steps are told beforehand. */
class Scripted implements VisibleEnv {
  readonly numEnvs = 2;
  readonly autoreset = 'same_step';
  readonly contractHash = 'scripted';
  readonly actionSpace = new Discrete(2);

  constructor(
    readonly observationSpace: Space,
    readonly first: Float32Array,
    readonly steps: Partial<StepResult>[],
    readonly infoSpaces: Record<string, Space> = {},
    readonly firstInfos = {},
  ) {}

  async reset() {
    return { n: 2, observations: [this.first], infos: this.firstInfos, seeds: new Float64Array(2) };
  }

  async step(): Promise<StepResult> {
    return {
      n: 2,
      observations: [],
      rewards: new Float64Array(2),
      terminated: new Uint8Array(2),
      truncated: new Uint8Array(2),
      infos: {},
      ...this.steps.shift(),
    };
  }

  async render() {
    return { width: 1, height: 1, data: new Uint8Array(3) };
  }
}

const ended = (finals: Float32Array, finalInfos = {}) => ({
  rows: Uint32Array.of(1),
  returns: Float64Array.of(0),
  lengths: Uint32Array.of(1),
  seeds: Float64Array.of(0),
  finalObservations: [finals],
  finalInfos,
});

const none = { seed: 0 };

t.test('vectors follow each other, the oldest first; an episode begins with copies', async (t) => {
  const inner = new Scripted(new Box([-1, -2], [10, 20], [2]), Float32Array.of(1, 2, 3, 4), [
    { observations: [Float32Array.of(5, 6, 7, 8)] },
    { observations: [Float32Array.of(9, 10, 0, 1)], ended: ended(Float32Array.of(11, 12)) },
  ]);
  const env = new StackedEnv(inner, 2);
  t.same((env.observationSpace as Box).shape, [4]);
  t.same([...(env.observationSpace as Box).low], [-1, -2, -1, -2]);
  t.same((await env.reset(none)).observations, [Float32Array.of(1, 2, 1, 2, 3, 4, 3, 4)]);
  t.same((await env.step([])).observations, [Float32Array.of(1, 2, 5, 6, 3, 4, 7, 8)]);
  const last = await env.step([]);
  t.same(last.observations, [Float32Array.of(5, 6, 9, 10, 0, 1, 0, 1)]);
  t.same(last.ended!.finalObservations, [Float32Array.of(7, 8, 11, 12)], 'the old episode ends with its own');
});

t.test('pictures get channels', async (t) => {
  // 2 × 1 pixels of one gray channel: env 0 shows 1 and 2.
  const inner = new Scripted(new Box(0, 255, [2, 1]), Float32Array.of(1, 2, 3, 4), [
    { observations: [Float32Array.of(5, 6, 7, 8)] },
  ]);
  const env = new StackedEnv(inner, 3);
  t.same((env.observationSpace as Box).shape, [2, 1, 3]);
  t.same((await env.reset(none)).observations, [Float32Array.of(1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4)]);
  t.same((await env.step([])).observations, [Float32Array.of(1, 1, 5, 2, 2, 6, 3, 3, 7, 4, 4, 8)]);
  const colours = new StackedEnv(new Scripted(new Box(0, 255, [4, 5, 3]), new Float32Array(0), []), 2);
  t.same((colours.observationSpace as Box).shape, [4, 5, 6]);
});

t.test('colours of one picture stay side by side', async (t) => {
  const inner = new Scripted(new Box(0, 9, [1, 2, 2]), Float32Array.of(1, 2, 3, 4, 0, 0, 0, 0), [
    { observations: [Float32Array.of(5, 6, 7, 8, 0, 0, 0, 0)] },
  ]);
  const env = new StackedEnv(inner, 2);
  await env.reset(none);
  const [stacks] = (await env.step([])).observations;
  t.same(stacks!.subarray(0, 8), Float32Array.of(1, 2, 5, 6, 3, 4, 7, 8));
});

t.test('a Dict cannot be stacked', async (t) => {
  const space = new Dict({ goal: new Box(0, 1, [1]) });
  t.throws(() => new StackedEnv(new Scripted(space, new Float32Array(0), []), 2), /made of a Box/);
});

t.test('an action mask becomes a part of what is observed', async (t) => {
  const [first, next, final] = [
    [1, 1, 1, 0],
    [0, 1, 1, 1],
    [0, 0],
  ].map((mask) => Int8Array.from(mask));
  const inner = new Scripted(
    new Box(0, 9, [1]),
    Float32Array.of(1, 2),
    [
      {
        observations: [Float32Array.of(3, 4)],
        infos: { action_mask: [next!] },
        ended: ended(Float32Array.of(5), { action_mask: [final!] }),
      },
    ],
    { action_mask: new MultiBinary([2]) },
    { action_mask: [first] },
  );
  const env = discreteView(inner, 1);
  const read = maskReader(env.observationSpace);
  t.equal(read((await env.reset(none)).observations), first);
  const step = await env.step([]);
  t.same(step.observations, [next, Float32Array.of(3, 4)]);
  t.same(step.ended!.finalObservations, [final, Float32Array.of(5)]);
  t.same(
    env.observationSpace.leaves.map(({ path }) => path),
    [['action_mask'], ['observation']],
  );
});

t.test('an env without either is left as it is', async (t) => {
  const inner = new Scripted(new Box(0, 9, [1]), new Float32Array(2), []);
  t.equal(discreteView(inner, 1), inner);
  t.equal(maskReader(inner.observationSpace)([]), undefined);
});
