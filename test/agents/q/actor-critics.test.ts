import { testAgents } from './continuous-agents.js';

testAgents({
  ddpg: { settings: { actorLearningRate: 1e-3, noiseScale: 0.2 }, steps: 3000 },
  'ddpg with an Ornstein-Uhlenbeck process': {
    agent: 'ddpg',
    settings: { noise: 'ou', noiseScale: 0.2 },
    steps: 3000,
  },
  'ddpg with noise in parameters': {
    agent: 'ddpg',
    settings: { noise: 'parameters', noiseScale: 0.2 },
    steps: 3000,
  },
  td3: { settings: { actorLearningRate: 1e-3, noiseScale: 0.2, smoothing: 0.05 }, steps: 3000 },
  sac: { settings: { actorLearningRate: 3e-3, temperature: 0.1, targetEntropy: -3 }, steps: 3000 },
});
