/**
 * Where to go next from the origin to come to (x, y) without getting nearer than `clear` to an obstacle in between:
 * straight on where the way is free, else around it on the shorter side. All places are relative to who goes.
 */
export function goAround(
  x: number,
  y: number,
  obstacleX: number,
  obstacleY: number,
  clear: number,
): [x: number, y: number] {
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
