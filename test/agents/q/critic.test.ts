import t from 'tap';
import { discreteCritic } from '../../../agents/q/critic.js';
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
  t.match(critic(new Box(0, 255, [42, 42, 4], 'uint8')).network.architecture, /conv\(32, 3×3\/2, relu\)/);
});

t.test('dueling streams', async (t) => {
  const task = { observationSpace: new Box(-1, 1, [4]), actionSpace: new Discrete(3), numEnvs: 1 };
  t.match(discreteCritic(task, [16, 32], true).network.architecture, /dense\(64, relu\) → dueling\(3\)/);
});

t.test('actions of the space', async (t) => {
  const { numActions, firstAction } = critic(new Box(0, 1, [10, 10, 4], 'bool'));
  t.same([numActions, firstAction], [3, 1]);
});
