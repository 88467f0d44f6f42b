import t from 'tap';
import { listEnvs } from '../../envs/index.js';
import { type Candidate, conforms } from './conformance.js';
import { makeInProcess } from './driver.js';

/** Envs that draw nothing at random, or nothing that shows. */
const DETERMINISTIC = new Set(['CliffWalking-v1']);

/** Options that make another env of one. */
const VARIANTS: readonly Candidate[] = [
  { id: 'CartPole-v1', options: { sutton_barto_reward: true } },
  { id: 'FrozenLake-v1', options: { is_slippery: false }, stochastic: false },
  { id: 'FrozenLake-v1', options: { desc: 'SFFFF/FHFSF/FFFHG', reward_schedule: '5,-2,-0.5' } },
  { id: 'FrozenLake-v1', options: { map_name: 'generated', map_size: 6, map_seed: 1 } },
  { id: 'FrozenLake-v1', options: { map_name: 'generated', map_size: 5, levels: 'train' } },
  { id: 'Taxi-v4', options: { is_rainy: true, fickle_passenger: true } },
  { id: 'Blackjack-v1', options: { sab: false, natural: true } },
  { id: 'MinAtar/Seaquest-v1', options: { sticky_action_prob: 0.25, difficulty_ramping: false } },
];

for (const { spec } of listEnvs()) {
  conforms(t, makeInProcess, { id: spec.id, stochastic: !DETERMINISTIC.has(spec.id) });
}
for (const variant of VARIANTS) conforms(t, makeInProcess, variant);
