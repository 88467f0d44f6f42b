import t from 'tap';
import type { Options } from '../../../envs/env.js';
import { getEnv, resolveOptions, VectorEnv } from '../../../envs/index.js';
import { SumoMatch } from '../../../envs/physics/sumo-match.js';
import { Pcg64 } from '../../../envs/rng/pcg64.js';
import type { View } from '../../../protocol/spaces/index.js';
import { expertOf, type Policy } from './episodes.js';

/** One env and what it showed last. */
class Single {
  readonly #venv: VectorEnv;
  #observations;
  reward = 0;
  terminated = false;
  success = false;

  constructor(id: string, given: Partial<Options> = {}, seed = 0) {
    const definition = getEnv(id);
    const options = resolveOptions(definition.spec, given);
    this.#venv = new VectorEnv(definition, {
      numEnvs: 1,
      options,
      autoreset: 'disabled',
      maxEpisodeSteps: 1e6,
    });
    this.#observations = this.#venv.reset({ seeds: [seed] }).observations;
  }

  get view(): View {
    return this.#venv.observationSpace.read(this.#observations, 0) as View;
  }

  /** The state among the observations. */
  get state(): readonly number[] {
    const { view } = this;
    return [...(view instanceof Float32Array ? view : (view as { observation: Float32Array }).observation)];
  }

  get achieved(): readonly number[] {
    return [...(this.view as unknown as { achieved_goal: Float32Array }).achieved_goal];
  }

  step(...action: readonly number[]): this {
    this.#venv.actions[0]!.set(action as never);
    const step = this.#venv.step();
    this.#observations = step.observations;
    this.reward = step.rewards[0]!;
    this.terminated = step.terminated[0] === 1;
    this.success = step.infos.is_success![0]![0] === 1;
    return this;
  }

  /** Steps with a policy until a condition holds, for so many steps at most; returns whether it came to hold. */
  follow(policy: Policy, until: () => boolean, most = 100): boolean {
    for (let i = 0; i < most && !until(); i++) this.step(...(policy(this.view) as Float32Array));
    return until();
  }
}

t.test('a velocity that is observed is the way of a step over its time', async (t) => {
  for (const id of ['Physics/Push-v1', 'Physics/Drawer-v1', 'Physics/Soccer-v1']) {
    const env = new Single(id);
    const up = id.includes('Soccer') ? [0.2, 0.4, -1] : [0.2, 0.4];
    for (let i = 0; i < 5; i++) env.step(...up);
    const [x, y] = env.state;
    const [nextX, nextY, vx, vy] = env.step(...up).state;
    const speeds = [(nextX! - x!) / 0.05, (nextY! - y!) / 0.05];
    t.ok(
      Math.abs(speeds[0]! - vx!) < 1e-3 && Math.abs(speeds[1]! - vy!) < 1e-3,
      `${id}: ${speeds.join()} is ${vx},${vy}`,
    );
    t.ok(Math.abs(vx! - 0.36) < 1e-3 && Math.abs(vy! - 0.72) < 1e-3, 'a fifth and two of full speed');
  }
});

t.test('the hand stays on the table however it is driven', async (t) => {
  const env = new Single('Physics/Push-v1');
  for (const [x, y] of [
    [1, 1],
    [-1, 1],
    [-1, -1],
    [1, -1],
  ] as const) {
    for (let i = 0; i < 60; i++) env.step(x, y);
    const [handX, handY, , , puckX, puckY] = env.state.map(Math.abs);
    t.ok(
      Math.max(handX!, handY!) > 0.85 && Math.max(handX!, handY!) < 0.95,
      `in a corner: ${handX}, ${handY}`,
    );
    t.ok(puckX! < 1 && puckY! < 1);
  }
});

t.test('a drawer that was pulled stays out, and goes no farther than its ends', async (t) => {
  const env = new Single('Physics/Drawer-v1', { task: 'open' });
  const [start] = env.achieved;
  t.ok(env.follow(expertOf('Physics/Drawer-v1', {}), () => env.success));
  for (let i = 0; i < 10; i++) env.step(0, 0);
  const [resting] = env.achieved;
  t.ok(resting! > start! + 0.1);
  for (let i = 0; i < 20; i++) env.step(0, 0);
  t.ok(Math.abs(env.achieved[0]! - resting!) < 1e-3);
  // The hand is behind the handle's bar still: on to the end of the rail.
  for (let i = 0; i < 60; i++) env.step(-1, 0);
  t.same(env.achieved, [0.5]);
});

t.test('a kick reaches the ball only from near, and sends it away from the player', async (t) => {
  const env = new Single('Physics/Soccer-v1', { task: 'shoot' });
  const [, , , , x, y] = env.state;
  env.step(0, 0, 1);
  t.same(env.state.slice(4, 8), [x, y, 0, 0], 'too far away');
  const expert = expertOf('Physics/Soccer-v1', {});
  let before = env.state;
  const watching: Policy = (view) => {
    before = env.state;
    return expert(view);
  };
  t.ok(
    env.follow(watching, () => Math.hypot(env.state[6]!, env.state[7]!) > 1),
    'kicked',
  );
  const [dx, dy] = [before[8]!, before[9]!];
  const [vx, vy] = [env.state[6]!, env.state[7]!];
  const cosine = (dx * vx + dy * vy) / Math.hypot(dx, dy) / Math.hypot(vx, vy);
  t.ok(Math.hypot(dx, dy) < 0.22 && cosine > 0.99, `along the line of player and ball: ${cosine}`);
  t.ok(
    env.follow(expert, () => env.success),
    'a goal',
  );
  for (let i = 0; i < 50; i++) env.step(-1, 0, -1);
  t.ok(env.success, 'the net holds the ball');
});

t.test('the mate traps a pass', async (t) => {
  for (let seed = 0; seed < 5; seed++) {
    const env = new Single('Physics/Soccer-v1', { task: 'pass' }, seed);
    t.ok(env.follow(expertOf('Physics/Soccer-v1', {}), () => env.success));
    for (let i = 0; i < 60; i++) env.step(-1, 0, -1);
    t.ok(env.success, `seed ${seed}`);
  }
});

t.test('grasp: the episode ends on command, and pays for what is lifted', async (t) => {
  const env = new Single('Physics/Grasp-v1');
  env.step(0, 0, 0, 0, 0.5);
  t.same([env.terminated, env.reward], [false, 0], 'not yet');
  env.step(0, 0, 0, 0, 0.6);
  t.same([env.terminated, env.reward, env.success], [true, 0, false], 'nothing is lifted');

  const other = new Single('Physics/Grasp-v1');
  const expert = expertOf('Physics/Grasp-v1', {});
  const hesitant: Policy = (view) => (expert(view) as Float32Array).with(4, -1);
  t.ok(other.follow(hesitant, () => other.success));
  t.same([other.terminated, other.reward], [false, 0], 'lifted, and the episode goes on');
  for (let i = 0; i < 10; i++) other.step(0, 0, 0, 1, -1);
  t.ok(other.success, 'what is held stays up');
  other.step(0, 0, 0, 1, 1);
  t.same([other.terminated, other.reward], [true, 1]);
});

t.test('grasp: what is let go falls', async (t) => {
  const env = new Single('Physics/Grasp-v1');
  const expert = expertOf('Physics/Grasp-v1', {});
  env.follow(
    (view) => (expert(view) as Float32Array).with(4, -1),
    () => env.success,
  );
  for (let i = 0; i < 25; i++) env.step(0, 0, 0, -1, -1);
  t.notOk(env.success);
  const opening = env.state[6]!;
  t.ok(Math.abs(opening - 0.44) < 1e-6, 'and the fingers are open');
});

t.test('grasp: objects stand still until they are touched', async (t) => {
  const env = new Single('Physics/Grasp-v1', { num_objects: 5 });
  const places = () => env.state.slice(8).filter((_, i) => i % 8 < 2);
  const before = places();
  for (let i = 0; i < 60; i++) env.step(0, 0, 0, 0, 0);
  t.ok(before.every((x, i) => Math.abs(x - places()[i]!) < 0.01));
});

t.test('sumo: who leaves the ring has lost', async (t) => {
  const winner = new Single('Physics/Sumo-v1');
  t.ok(winner.follow(expertOf('Physics/Sumo-v1', {}), () => winner.terminated, 200));
  t.same([winner.reward, winner.success], [1, true]);
  const loser = new Single('Physics/Sumo-v1');
  t.ok(
    loser.follow(
      () => [1, 0],
      () => loser.terminated,
      200,
    ),
  );
  t.same([loser.reward, loser.success], [-1, false]);
});

t.test('sumo: both seats are alike', async (t) => {
  const [a, b] = [new SumoMatch(), new SumoMatch()];
  a.begin(new Pcg64(1));
  b.begin(new Pcg64(1));
  const rng = new Pcg64(2);
  const [mine, mirrored] = [new Float32Array(8), new Float32Array(8)];
  for (let i = 0; i < 30; i++) {
    const [x, y] = [rng.uniform(-1, 1), rng.uniform(-1, 1)];
    a.step([x, y], [0.5, 0.1]);
    b.step([-0.5, -0.1], [-x, -y]);
    a.writeView(0, mine);
    b.writeView(1, mirrored);
    const worst = Math.max(...mine.map((value, k) => Math.abs(value + mirrored[k]!)));
    if (worst > 1e-5) t.fail(`step ${i}: ${mine.join()} and ${mirrored.join()}`);
  }
  t.ok(mine.some((value) => value !== 0));
});
