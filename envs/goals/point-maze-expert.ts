import type { Expert } from '../expert.js';
import type { GoalObservation } from '../goal-env.js';
import { DIRECTIONS, distancesFrom, type Layout } from './maze-layout.js';

/** Steers along the shortest way: to the middle of the next cell on it, and in the last cell to the goal itself. */
export function pointMazeExpert(layout: Layout): Expert {
  const rows = layout.length;
  const columns = layout[0]!.length;
  /** Distances from a goal's cell to all cells, by that cell. */
  const ways = new Map<number, Int32Array>();

  return (view) => {
    const { observation, desired_goal: goal } = view as unknown as GoalObservation;
    const [x, y, vx, vy] = observation as unknown as Float32Array;
    const cellAt = (left: number, top: number): number =>
      Math.floor(top + rows / 2) * columns + Math.floor(left + columns / 2);
    const goalCell = cellAt(goal[0]!, goal[1]!);
    const distances = ways.get(goalCell) ?? distancesFrom(layout, goalCell);
    ways.set(goalCell, distances);

    const cell = cellAt(x!, y!);
    let targetX = goal[0]!;
    let targetY = goal[1]!;
    for (const [down, right] of DIRECTIONS) {
      const next = cell + down * columns + right;
      if (distances[next] !== distances[cell]! - 1 || distances[next] < 0) continue;
      targetX = (next % columns) + 0.5 - columns / 2;
      targetY = Math.floor(next / columns) + 0.5 - rows / 2;
    }
    // The ball still rolls on by four times its velocity: 0.8 + 0.8^2 + ...
    const steer = (offset: number, velocity: number) =>
      Math.min(Math.max((offset - 4 * velocity) * 5, -1), 1);
    return Float32Array.of(steer(targetX - x!, vx!), steer(targetY - y!, vy!));
  };
}
