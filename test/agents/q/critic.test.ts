import t from 'tap';
import { asInput, discreteCritic } from '../../../agents/q/critic.js';
import { Box, Discrete } from '../../../protocol/spaces/index.js';

const critic = (observationSpace: Box) =>
  discreteCritic({ observationSpace, actionSpace: new Discrete(3, 1), numEnvs: 1 }, [32]);

t.test('the network follows from the observations', async (t) => {
  t.equal(critic(new Box(-1, 1, [4])).network.architecture, '[4] → dense(32, relu) → dense(3)');
  t.equal(
    critic(new Box(0, 1, [10, 10, 4], 'bool')).network.architecture,
    '[10, 10, 4] → conv(16, 3×3/1, relu) → dense(32, relu) → dense(3)',
  );
  t.match(critic(new Box(0, 255, [84, 84, 4], 'uint8')).network.architecture, /conv\(64, 4×4\/2, relu\)/);
});

t.test('pixels are scaled to 0..1, zeros and ones stay as they are', async (t) => {
  t.equal(critic(new Box(0, 255, [84, 84, 4], 'uint8')).inputScale, 1 / 255);
  t.equal(critic(new Box(0, 1, [10, 10, 4], 'bool')).inputScale, 1);
  t.equal(critic(new Box(-1, 1, [4])).inputScale, 1);
});

t.test('actions and observations of the space', async (t) => {
  const { numActions, firstAction, inputSize } = critic(new Box(0, 1, [10, 10, 4], 'bool'));
  t.same([numActions, firstAction, inputSize], [3, 1, 400]);
  t.strictSame(asInput(Float64Array.of(0.5, 2)), Float32Array.of(0.5, 2));
  const bytes = Uint8Array.of(1, 2);
  t.equal(asInput(bytes), bytes);
});
