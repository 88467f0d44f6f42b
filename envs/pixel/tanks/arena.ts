import { UNIT } from '../motion.js';

/** The arena is a grid of square tiles below a panel. */
export const TILE_SIZE = 8;
export const ARENA_TOP = 24;
export const MAP = [
  '####################',
  '#..................#',
  '#..................#',
  '#....####..####....#',
  '#....#........#....#',
  '#....#........#....#',
  '#..................#',
  '#........##........#',
  '#..##....##....##..#',
  '#...#..........#...#',
  '#...#..........#...#',
  '#...#....##....#...#',
  '#...#..........#...#',
  '#...#..........#...#',
  '#..##....##....##..#',
  '#........##........#',
  '#..................#',
  '#....#........#....#',
  '#....#........#....#',
  '#....####..####....#',
  '#..................#',
  '#..................#',
  '####################',
] as const;
const COLUMNS = MAP[0].length;
const ROWS = MAP.length;

/** 1 where a wall is, row by row. */
const WALLS = Uint8Array.from(MAP.join(''), (tile) => (tile === '#' ? 1 : 0));

/** Headings: 16 to a turn, clockwise from up, as movements of length UNIT. */
export const HEADINGS = 16;
export const DX = Int32Array.from({ length: HEADINGS }, (_, i) =>
  Math.round(Math.sin((i / HEADINGS) * 2 * Math.PI) * UNIT),
);
export const DY = Int32Array.from({ length: HEADINGS }, (_, i) =>
  Math.round(-Math.cos((i / HEADINGS) * 2 * Math.PI) * UNIT),
);

/** The heading nearest to that of a vector. */
export function headingOf(dx: number, dy: number): number {
  let best = 0;
  for (let i = 1; i < HEADINGS; i++) {
    if (dx * DX[i]! + dy * DY[i]! > dx * DX[best]! + dy * DY[best]!) best = i;
  }
  return best;
}

/** How many steps clockwise lead from a heading to another, -8 to 7. */
export const turnBetween = (from: number, to: number): number =>
  ((to - from + HEADINGS + HEADINGS / 2) % HEADINGS) - HEADINGS / 2;

/** Whether a pixel of the screen lies in a wall. */
export const isWall = (x: number, y: number): boolean =>
  WALLS[Math.floor((y - ARENA_TOP) / TILE_SIZE) * COLUMNS + Math.floor(x / TILE_SIZE)] === 1;

/** Whether a square around a pixel touches no wall. */
export const isClear = (x: number, y: number, half: number): boolean =>
  !isWall(x - half, y - half) &&
  !isWall(x + half, y - half) &&
  !isWall(x - half, y + half) &&
  !isWall(x + half, y + half);

/** Whether no wall is on the line between two pixels. */
export function canSee(x1: number, y1: number, x2: number, y2: number): boolean {
  const steps = Math.ceil(Math.max(Math.abs(x2 - x1), Math.abs(y2 - y1)) / 3);
  for (let i = 1; i < steps; i++) {
    if (isWall(x1 + Math.round(((x2 - x1) * i) / steps), y1 + Math.round(((y2 - y1) * i) / steps)))
      return false;
  }
  return true;
}

/** Whether something that flies from a pixel with a heading passes within `reach` of another, no wall being between. */
export function canHit(
  x: number,
  y: number,
  heading: number,
  toX: number,
  toY: number,
  reach: number,
): boolean {
  const ahead = (toX - x) * DX[heading]! + (toY - y) * DY[heading]!;
  const aside = (toY - y) * DX[heading]! - (toX - x) * DY[heading]!;
  return ahead > 0 && Math.abs(aside) < reach * UNIT && canSee(x, y, toX, toY);
}

/** A tank finds its way from corner to corner of the tiles; it fits where four free tiles meet. */
const CORNERS = (COLUMNS - 1) * (ROWS - 1);
const STEPS = [1, -1, COLUMNS - 1, 1 - COLUMNS] as const;
const isFree = Uint8Array.from({ length: CORNERS }, (_, i) => {
  const tile = Math.floor(i / (COLUMNS - 1)) * COLUMNS + (i % (COLUMNS - 1));
  return WALLS[tile]! + WALLS[tile + 1]! + WALLS[tile + COLUMNS]! + WALLS[tile + COLUMNS + 1]! === 0 ? 1 : 0;
});

const cornerX = (corner: number): number => ((corner % (COLUMNS - 1)) + 1) * TILE_SIZE;
const cornerY = (corner: number): number => (Math.floor(corner / (COLUMNS - 1)) + 1) * TILE_SIZE + ARENA_TOP;

/** The free corner nearest to a pixel. */
function nearestCorner(x: number, y: number): number {
  let best = -1;
  let bestDistance = Infinity;
  for (let i = 0; i < CORNERS; i++) {
    const distance = (cornerX(i) - x) ** 2 + (cornerY(i) - y) ** 2;
    if (isFree[i] === 1 && distance < bestDistance) {
      best = i;
      bestDistance = distance;
    }
  }
  return best;
}

/** Finds ways through the arena, by breadth-first search. */
export class Pathfinder {
  readonly #visited = new Uint8Array(CORNERS);
  readonly #queue = new Int16Array(CORNERS);

  /** The heading from a pixel towards the next corner on a shortest way to another. */
  headingTo(fromX: number, fromY: number, toX: number, toY: number): number {
    const here = nearestCorner(fromX, fromY);
    const next = this.#nextCorner(here, nearestCorner(toX, toY));
    return headingOf(cornerX(next) - fromX, cornerY(next) - fromY);
  }

  /** Searches from the goal, so that the first neighbour of `here` that it comes upon is next on the way. */
  #nextCorner(here: number, goal: number): number {
    const visited = this.#visited.fill(0);
    const queue = this.#queue;
    let length = 1;
    queue[0] = goal;
    visited[goal] = 1;
    for (let i = 0; i < length; i++) {
      const corner = queue[i]!;
      for (const step of STEPS) {
        const neighbour = corner + step;
        if (neighbour === here) return corner;
        if (isFree[neighbour] === 1 && visited[neighbour] === 0) {
          visited[neighbour] = 1;
          queue[length++] = neighbour;
        }
      }
    }
    return goal;
  }
}
