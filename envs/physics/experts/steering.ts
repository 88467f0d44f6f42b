/** Ways for a hand at the origin; all places are relative to it. */

type Point = [x: number, y: number];

/**
 * The direction and distance to go next for coming to (x, y) without coming nearer than `clear` to an obstacle in
 * between: straight on where the way is free, else around it on the shorter side.
 */
export function goAround(x: number, y: number, obstacleX: number, obstacleY: number, clear: number): Point {
  const way = Math.hypot(x, y);
  const distance = Math.hypot(obstacleX, obstacleY);
  if (way < 1e-6 || distance < 1e-6) return [x, y];
  const along = (obstacleX * x + obstacleY * y) / way;
  const across = Math.abs(obstacleX * y - obstacleY * x) / way;
  if (along < 0 || along > way + clear || across >= clear) return [x, y];
  // The tangent to the side on which the target is, leading away from the obstacle where it is too near.
  const side = obstacleX * y - obstacleY * x > 0 ? 1 : -1;
  const [towardX, towardY] = [obstacleX / distance, obstacleY / distance];
  const away = (clear - distance) / clear;
  return [(-towardY * side - towardX * away) * way, (towardX * side - towardY * away) * way];
}

/**
 * The velocity with which to push a puck at (x, y) along the way (wayX, wayY) that it has to go: first around to its far
 * side, then through its middle. `contact` is the distance of hand and puck when they touch.
 */
export function pushAlong(
  x: number,
  y: number,
  wayX: number,
  wayY: number,
  contact: number,
  most: number,
): Point {
  const way = Math.hypot(wayX, wayY);
  const [dirX, dirY] = [wayX / way, wayY / way];
  /** How far the hand is behind the puck, and beside the line along which the puck has to go. */
  const behind = x * dirX + y * dirY;
  const beside = x * -dirY + y * dirX;
  if (behind > 0.7 * contact && Math.abs(beside) < 0.35 * contact) {
    const speed = Math.min(10 * way, most);
    const steer = 8 * beside;
    return [dirX * speed - dirY * steer, dirY * speed + dirX * steer];
  }
  const spot = 1.3 * contact;
  const [aimX, aimY] = goAround(x - dirX * spot, y - dirY * spot, x, y, 1.15 * contact);
  const distance = Math.hypot(aimX, aimY);
  const speed = Math.min(12 * distance, most);
  return [(aimX / distance) * speed, (aimY / distance) * speed];
}
