import type { AgentDefinition } from '../definition.js';
import { Newest } from '../memory/newest.js';
import { completeSettings } from '../settings.js';
import { discreteView } from '../views/index.js';
import { DQN_SETTINGS, Dqn } from './dqn.js';
import { ONLINE_Q_PRESETS } from './presets.js';

const { hidden, dueling, frameStack, gamma, huber, maxGradientNorm } = DQN_SETTINGS;
const { learningRate, learningRateShare, learningRateSteps } = DQN_SETTINGS;
const { epsilonStart, epsilonEnd, epsilonSteps, longestHold, evaluationEpsilon } = DQN_SETTINGS;

export const ONLINE_Q_SETTINGS = {
  ...{ hidden, dueling, frameStack, gamma, huber, maxGradientNorm },
  ...{ learningRate, learningRateShare, learningRateSteps },
  ...{ epsilonStart, epsilonEnd, epsilonSteps, longestHold, evaluationEpsilon },
};

/**
 * Online Q-iteration (CS 285): take a step, regress Q_φ(s, a) onto r + γ max_a' Q_φ(s', a') once, forget the transition.
 * All three processes run at one rate: there is no memory, and the target parameters are the online ones. What is left
 * against correlated samples is to take each step in several envs at once, which is what `numEnvs` does.
 */
export const onlineQ: AgentDefinition = {
  name: 'online-q',
  description: 'Online Q-iteration: one regression a step on that step alone, no memory, no target network.',
  source: 'Watkins 1989; synchronized parallel form: CS 285, "Deep RL with Q-functions"',
  settings: ONLINE_Q_SETTINGS,
  presets: ONLINE_Q_PRESETS,
  view: (env, given) => discreteView(env, completeSettings(ONLINE_Q_SETTINGS, given).frameStack),
  create(task, given, seed) {
    const { numEnvs, observationSpace, actionSpace } = task;
    const settings = {
      ...completeSettings(DQN_SETTINGS, {}),
      ...completeSettings(ONLINE_Q_SETTINGS, given),
      double: false,
      batchSize: numEnvs,
      learningStarts: 1,
      stepsPerUpdate: numEnvs,
      updatesPerTarget: 1,
      tau: 1,
    };
    const memory = new Newest({
      numEnvs,
      observations: observationSpace.leaves,
      actions: actionSpace.leaves,
      gamma: settings.gamma,
    });
    return new Dqn(task, settings, seed, memory);
  },
};
