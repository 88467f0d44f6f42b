import { testAgents } from './continuous-agents.js';

testAgents({
  naf: { settings: { noiseSteps: 1000 }, steps: 3000 },
  'qt-opt with CEM': {
    agent: 'qt-opt',
    settings: { candidates: 16, epsilonSteps: 1000, lagUpdates: 50 },
    steps: 3000,
  },
  'qt-opt with CMA-ES': {
    agent: 'qt-opt',
    settings: { maximizer: 'cma-es', candidates: 12, rounds: 4, epsilonSteps: 1000, lagUpdates: 50 },
    steps: 3000,
  },
  'qt-opt with random search': {
    agent: 'qt-opt',
    settings: { maximizer: 'random', candidates: 32, epsilonSteps: 1000, lagUpdates: 50 },
    steps: 3000,
  },
});
