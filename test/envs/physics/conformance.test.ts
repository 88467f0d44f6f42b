import t from 'tap';
import { type Candidate, conforms } from '../conformance.js';
import { makeInProcess } from '../driver.js';

/** Options that make another env of one; with their defaults all envs are examined elsewhere. */
const VARIANTS: readonly Candidate[] = [
  { id: 'BitFlipping-10-v0', options: { reward_type: 'dense' } },
  { id: 'PointMaze-v1', options: { layout: 'large', reward_type: 'dense' } },
  { id: 'PointMaze-v1', options: { layout: 'generated', maze_size: 6, maze_seed: 3 } },
  { id: 'Physics/Reach-v1', options: { arm: '2-joint' } },
  { id: 'Physics/Reach-v1', options: { arm: '3-joint', reward_type: 'dense' } },
  { id: 'Physics/Push-v1', options: { obs_type: 'both', grayscale: true, image_goal: true } },
  { id: 'Physics/Drawer-v1', options: { task: 'open', reward_type: 'dense' } },
  { id: 'Physics/Drawer-v1', options: { task: 'close' } },
  { id: 'Physics/Soccer-v1', options: { task: 'pass' } },
  { id: 'Physics/Soccer-v1', options: { task: 'shoot', reward_type: 'dense' } },
  { id: 'Physics/Grasp-v1', options: { num_objects: 5, objects: 'test' } },
  { id: 'Physics/Grasp-v1', options: { num_objects: 1, objects: 'all' } },
  { id: 'Physics/Sumo-v1', options: { opponent_strength: 1 } },
];

for (const variant of VARIANTS) conforms(t, makeInProcess, variant);
