import t from 'tap';
import { Arm, bendTo, LINKS } from '../../../envs/physics/arm.js';
import { PointGripper } from '../../../envs/physics/effector.js';

const round = (numbers: Iterable<number>): number[] =>
  Array.from(numbers, (x) => Math.round(x * 1e6) / 1e6 + 0);

t.test('the point gripper follows its command with a lag, up to the edge', async (t) => {
  const gripper = new PointGripper();
  const state = new Float32Array(4);
  gripper.load([0, 0.97, 0, 0]);
  gripper.act(Float32Array.of(1, 0.5));
  gripper.writeState(state);
  t.same(round(state), [0.05, 0.995, 0.05, 0.025]);
  gripper.act(Float32Array.of(1, 0.5));
  gripper.writeState(state);
  t.same(round(state), [0.125, 1, 0.075, 0.005]);
});

t.test('an arm is where its joints put it', async (t) => {
  const arm = new Arm(LINKS['3-joint']);
  const state = new Float32Array(13);
  const quarter = Math.PI / 2;
  arm.load([0, quarter, -quarter, 0, 0, 0, 0, 0]);
  t.same(round([arm.x, arm.y]), [0.7, 0.3], '0.5 to the right, 0.3 down, 0.2 to the right');
  arm.act(Float32Array.of(0, 0, 1));
  arm.writeState(state);
  const turned = 0.075 - quarter;
  const [x, y] = [0.5 + 0.2 * Math.cos(0.075), 0.3 + 0.2 * Math.sin(0.075)];
  const expected = [
    [1, 0, Math.cos(turned)],
    [0, 1, Math.sin(turned)],
    [0, 0, 0.075],
    [x, y, x - 0.7, y - 0.3],
  ].flat();
  t.ok(
    state.every((value, i) => Math.abs(value - expected[i]!) < 1e-6),
    `${state.join()} is ${expected.join()}`,
  );
});

t.test('a joint may turn on and on', async (t) => {
  const arm = new Arm(LINKS['2-joint']);
  arm.load([3.1, -3.1, 0.15, -0.15, 0, 0]);
  arm.act(Float32Array.of(1, -1));
  const [first, second] = arm.save() as [number, number];
  t.same(round([first, second]), round([3.25 - 2 * Math.PI, 2 * Math.PI - 3.25]));
});

t.test('bending to a point brings the tip there', async (t) => {
  const arm = new Arm(LINKS['2-joint']);
  for (const bend of [1, -1]) {
    for (const [x, y] of [
      [0.3, 0.4],
      [-0.9, 0.1],
      [0.02, -0.2],
      [1, 0],
    ] as const) {
      const angles = bendTo(x, y, 0.5, 0.5, bend);
      arm.load([...angles, 0, 0, 0, 0]);
      t.same(round([arm.x, arm.y]), [x, y]);
      t.ok(angles[1] * bend >= 0);
    }
  }
  arm.load([...bendTo(0, 3, 0.5, 0.5, 1), 0, 0, 0, 0]);
  t.same(round([arm.x, arm.y]), [0, 1], 'or as near as it gets');
});
