/** Simple players of the pixel games that read the state vector: what an agent should at least learn to do. */
export type Player = (state: Float32Array) => number;

/** A position that walls at 0 and `room` reflect, folded back between them. */
function fold(x: number, room: number): number {
  const folded = ((x % (2 * room)) + 2 * room) % (2 * room);
  return folded > room ? 2 * room - folded : folded;
}

/** Goes where the ball will come, and meets it off the paddle's middle. */
export const pongPlayer: Player = ([x, y, vx, vy, inPlay, paddleY, paddleSpeed]) => {
  const paddle = paddleY! * 144 + 8 + paddleSpeed! * 3;
  let target = 80;
  if (inPlay === 1 && vx! > 0) {
    const frames = (138 - x! * 160) / (vx! * 6);
    target = fold(y! * 160 + vy! * 6 * frames, 156) + 2 + (y! > 0.5 ? -5 : 5);
  }
  if (Math.abs(target - paddle) < 4) return 0;
  return target > paddle ? 3 : 2;
};

/** Goes where the ball will come down. */
export const breakoutPlayer: Player = ([x, y, vx, vy, inPlay, paddleX, paddleSpeed, paddleWidth]) => {
  if (inPlay === 0) return 1;
  const ballX = x! * 144;
  const frames = vy! > 0 ? (153 - y! * 178) / (vy! * 3) : 0;
  const paddle = paddleX! * 144 + paddleWidth! * 8 + paddleSpeed! * 6;
  const off = fold(ballX + vx! * 3 * frames, 142) + 1 - paddle;
  if (Math.abs(off) < 3) return 0;
  return off > 0 ? 2 : 3;
};

/** Steps aside from bombs, and else goes under the nearest column and fires. */
export const invadersPlayer: Player = (state) => {
  const cannon = state[0]! * 160 + 5;
  for (const at of [4, 7, 10]) {
    const [there, x, y] = state.subarray(at, at + 3);
    const near = there === 1 && y! * 210 > 120 && Math.abs(x! * 160 + 1 - cannon) < 10;
    if (near && cannon > 16 && (x! * 160 + 1 >= cannon || cannon > 144)) return 5;
    if (near) return 4;
  }
  const period = state[16]! * 30;
  let off = Infinity;
  for (let column = 0; column < 6; column++) {
    const row = [5, 4, 3, 2, 1, 0].find((row) => state[24 + row * 6 + column] === 1);
    if (row === undefined) continue;
    const frames = (174 - state[14]! * 210 - row * 12) / 4;
    const x = state[13]! * 160 + column * 16 + 5 + (state[15]! * 2 * frames) / period;
    if (Math.abs(x - cannon) < Math.abs(off)) off = x - cannon;
  }
  if (Math.abs(off) < 3) return 1;
  return off > 0 ? 4 : 5;
};

/** Steers at a point ahead in the lane, at full speed. */
export const rallyPlayer: Player = (state) => {
  const speed = state[3]! * 3;
  const look = speed > 2 ? 2 : 1;
  const off = (state[8 + look]! * 80) / ((look + 1) * 16) - state[2]! * 3 - (state[4]! * speed) / 8;
  if (Math.abs(off) < 0.07) return 1;
  return off > 0 ? 5 : 6;
};

/** Turns to the other tank where it sees it, fires where that would hit, and else drives towards it. */
export const tanksPlayer: Player = (state) => {
  const [ahead, aside, distance, sees] = state.subarray(20, 24);
  if (state[28] === 1) return 1;
  if (sees === 1 && ahead! > 0 && Math.abs(aside!) < 0.2) {
    return Math.abs(aside!) * distance! * 256 < 14 ? 7 : 2;
  }
  if (sees === 1) return aside! > 0 ? 3 : 4;
  if (ahead! > 0.3) return 2;
  return aside! > 0 ? 5 : 6;
};
