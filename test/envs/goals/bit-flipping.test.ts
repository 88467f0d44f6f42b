import t from 'tap';
import { getEnv, resolveOptions, VectorEnv } from '../../../envs/index.js';

const definition = getEnv('BitFlipping-5-v0');

function make(given: Record<string, string> = {}): VectorEnv {
  const options = resolveOptions(definition.spec, given);
  const venv = new VectorEnv(definition, { numEnvs: 1, options, autoreset: 'disabled' });
  venv.reset({ seeds: [3] });
  return venv;
}

/** Puts the env into a state: these bits are there, and those are wanted. */
function put(venv: VectorEnv, bits: readonly number[], goal: readonly number[]): void {
  const snapshot = venv.snapshot(0);
  const state = { task: 'flip', desired: goal, state: [...bits, 0] };
  venv.restore(0, { ...snapshot, state });
}

function flip(venv: VectorEnv, bit: number) {
  venv.actions[0]![0] = bit;
  const step = venv.step();
  const [achieved, desired, observation] = step.observations.map((slab) => [...(slab as Int8Array)].join(''));
  const success = step.infos.is_success![0]![0];
  return { observation, achieved, desired, reward: step.rewards[0], success, truncated: step.truncated[0] };
}

t.test('an action flips its bit', async (t) => {
  const venv = make();
  put(venv, [0, 1, 0, 1, 1], [1, 1, 0, 1, 0]);
  t.match(flip(venv, 1), {
    observation: '00011',
    achieved: '00011',
    desired: '11010',
    reward: -1,
    success: 0,
  });
  t.match(flip(venv, 1), { achieved: '01011', reward: -1 });
  t.match(flip(venv, 0), { achieved: '11011', reward: -1, success: 0 });
  t.match(flip(venv, 4), { achieved: '11010', reward: 0, success: 1, truncated: 0 });
  t.match(
    flip(venv, 4),
    { achieved: '11011', reward: -1, success: 1, truncated: 1 },
    'once reached is a success',
  );
});

t.test('the dense reward counts wrong bits', async (t) => {
  const venv = make({ reward_type: 'dense' });
  put(venv, [0, 0, 0, 0, 0], [1, 1, 1, 1, 1]);
  t.same(
    [0, 1, 2, 2, 3].map((bit) => flip(venv, bit).reward),
    [-4, -3, -2, -3, -2],
  );
});

t.test('start and goal differ', async (t) => {
  const options = resolveOptions(definition.spec, {});
  const venv = new VectorEnv(definition, { numEnvs: 500, options, autoreset: 'disabled' });
  const { observations } = venv.reset({ seeds: Array.from({ length: 500 }, (_, i) => i) });
  const [achieved, desired] = observations as [Int8Array, Int8Array];
  for (let row = 0; row < 500; row++) {
    const isSame = achieved.subarray(5 * row, 5 * row + 5).every((bit, i) => bit === desired[5 * row + i]);
    if (isSame) t.fail(`env ${row} starts at its goal`);
  }
  t.ok(achieved.includes(0) && achieved.includes(1));
});
