import t from 'tap';
import type { Env } from '../../envs/env.js';
import { createRng } from '../../envs/index.js';
import { StickyActions } from '../../envs/wrappers/sticky-actions.js';
import { Discrete } from '../../protocol/spaces/index.js';

/** Remembers the actions it is given. */
class Recorder implements Env<number> {
  readonly observationSpace = new Discrete(1);
  readonly actionSpace = new Discrete(6);
  readonly reward = 0;
  readonly terminated = false;
  readonly actions: number[] = [];
  reset(): void {}
  step(action: number): void {
    this.actions.push(action);
  }
  observe(): void {}
  snapshot(): unknown {
    return 'inner';
  }
  restore(): void {}
}

/** The actions that reach an env out of 1, 2, 3, 4, 5, ... */
function received(sticky: StickyActions, inner: Recorder, steps: number): number[] {
  inner.actions.length = 0;
  for (let i = 0; i < steps; i++) sticky.step((i % 5) + 1);
  return [...inner.actions];
}

t.test('the coin of each step comes from the generator of the env', async (t) => {
  const inner = new Recorder();
  const sticky = new StickyActions(inner, 0.25);
  sticky.reset(createRng('mt19937', 3));
  const coins = createRng('mt19937', 3);
  let last = 0;
  const expected = Array.from({ length: 50 }, (_, i) => {
    last = coins.random() < 0.25 ? last : (i % 5) + 1;
    return last;
  });
  t.same(received(sticky, inner, 50), expected);
  t.not(new Set(expected.map((action, i) => action === (i % 5) + 1)).size, 1, 'some stuck and some did not');
});

t.test('the last action outlives an episode, but not the seed', async (t) => {
  const inner = new Recorder();
  const rng = createRng('mt19937', 3);
  const sticky = new StickyActions(inner, 1);
  sticky.reset(rng);
  t.same(received(sticky, inner, 2), [0, 0], 'always stuck, at the action before the first');
  sticky.restore({ lastAction: 4, env: 'inner' });
  sticky.reset(rng);
  t.same(received(sticky, inner, 2), [4, 4]);
  sticky.reset(createRng('mt19937', 3));
  t.same(received(sticky, inner, 2), [0, 0]);
});

t.test('a snapshot holds the last action', async (t) => {
  const inner = new Recorder();
  const sticky = new StickyActions(inner, 0);
  sticky.reset(createRng('mt19937', 3));
  sticky.step(5);
  t.same(sticky.snapshot(), { lastAction: 5, env: 'inner' });
  for (const bad of [null, {}, { lastAction: '5' }, { lastAction: 0.5, env: 'inner' }]) {
    t.throws(() => sticky.restore(bad), { code: 'bad_snapshot' });
  }
});
