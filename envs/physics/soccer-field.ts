import type { Body } from './body.js';
import type { Frame } from './painter.js';
import { makeWall, WALL } from './table.js';

/** Half the length and width of the field, half the width of the goal, and how deep its net is. */
export const LENGTH = 1.2;
export const WIDTH = 0.9;
export const MOUTH = 0.3;
export const NET = 0.2;

export const BALL_RADIUS = 0.07;
/** Share of its velocity that a ball loses in an engine step: on the grass, and where it is trapped. */
export const ROLLING = 0.02;
export const TRAPPED = 0.7;
/** How far the mate reaches. */
export const TRAP = 0.15;
/** The gap between player and ball up to which a kick works, and the speed that the hardest one gives. */
export const REACH = 0.06;
export const KICK_SPEED = 3.5;

const SIDE = 2 * LENGTH + NET + 0.2;

/** All of the field, as a square. */
export const FIELD_FRAME: Frame = { left: -LENGTH - 0.1, top: -SIDE / 2, width: SIDE, height: SIDE };

/** The walls: above and below the field, left, right above and below the goal, and the back of the net. */
export function makeWalls(): Body[] {
  const post = WIDTH - MOUTH;
  return [
    makeWall(0, -WIDTH - WALL / 2, 2 * LENGTH + 2 * WALL, WALL),
    makeWall(0, WIDTH + WALL / 2, 2 * LENGTH + 2 * WALL, WALL),
    makeWall(-LENGTH - WALL / 2, 0, WALL, 2 * WIDTH),
    makeWall(LENGTH + NET / 2, -MOUTH - post / 2, NET, post),
    makeWall(LENGTH + NET / 2, MOUTH + post / 2, NET, post),
    makeWall(LENGTH + NET + WALL / 2, 0, WALL, 2 * WIDTH),
  ];
}
