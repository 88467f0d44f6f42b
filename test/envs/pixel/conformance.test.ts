import t from 'tap';
import { type Candidate, conforms } from '../conformance.js';
import { makeInProcess } from '../driver.js';

/** Options that make another env of one; with their defaults all envs are examined elsewhere. */
const VARIANTS: readonly Candidate[] = [
  { id: 'Pixel/Pong-v1', options: { preprocess: true } },
  { id: 'Pixel/Pong-v1', options: { obs_type: 'state', opponent: 'hard' } },
  { id: 'Pixel/Breakout-v1', options: { preprocess: true, terminal_on_life_loss: true, clip_reward: true } },
  { id: 'Pixel/Breakout-v1', options: { obs_type: 'state', frame_skip: 1 } },
  { id: 'Pixel/Invaders-v1', options: { preprocess: true, screen_size: 64, scale_obs: true } },
  { id: 'Pixel/Invaders-v1', options: { obs_type: 'state', frame_skip: 16 } },
  { id: 'Pixel/Rally-v1', options: { preprocess: true, levels: 'test' } },
  { id: 'Pixel/Rally-v1', options: { obs_type: 'state', continuous: true, repeat_action_probability: 0.5 } },
  { id: 'Pixel/Rally-v1', options: { camera: 'car', screen_size: 44, obs_type: 'grayscale' } },
  { id: 'Pixel/Tanks-v1', options: { preprocess: true, frame_skip: 1 } },
  { id: 'Pixel/Tanks-v1', options: { obs_type: 'state', noop_max: 200 } },
];

for (const variant of VARIANTS) conforms(t, makeInProcess, variant);
