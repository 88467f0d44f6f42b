import type { Options } from '../../env.js';
import type { Expert } from '../../expert.js';
import { BALL_RADIUS, KICK_SPEED, LENGTH, REACH } from '../soccer-field.js';
import { HAND_RADIUS, HAND_SPEED } from '../table.js';
import { clamp, goalView, requireState } from './sight.js';
import { goAround } from './steering.js';

const PASS = 0;
/** Distance of the middles of player and ball when they touch. */
const CONTACT = HAND_RADIUS + BALL_RADIUS;
/** How far a kick may miss the middle of where it is aimed at. */
const MISS = 0.06;
/** A ball as near to the mate as this has arrived. */
const ARRIVED = 0.12;
/** Speed that a ball loses in a unit of its way, and what a pass shall have left at the end. */
const SPEED_A_UNIT = 1.2;
const SPARE_SPEED = 0.6;
/** Seconds by which the player runs ahead of a rolling ball. */
const LEAD = 0.15;

/** Goes around to the far side of the ball without touching it, and kicks from there. */
export function soccerExpert(options: Options): Expert {
  requireState('Physics/Soccer-v1', options);
  return (view) => {
    const { state, goal, task } = goalView(view);
    const [ballVx, ballVy, x, y] = [state[6]!, state[7]!, state[8]!, state[9]!];
    const wayX = goal[0]! - state[4]!;
    const wayY = goal[1]! - state[5]!;
    const way = Math.hypot(wayX, wayY);
    const [dirX, dirY] = [wayX / way, wayY / way];
    /** The ball's velocity along its way, and across it. */
    const coming = ballVx * dirX + ballVy * dirY;
    const drift = ballVy * dirX - ballVx * dirY;
    const isThere = task === PASS ? way < ARRIVED : state[4]! > LENGTH + BALL_RADIUS;
    const isComing = coming > SPEED_A_UNIT * way && way * Math.abs(drift) < MISS * coming;
    if (isThere || isComing) return new Float32Array(3);

    const wanted = SPEED_A_UNIT * way + (task === PASS ? SPARE_SPEED : KICK_SPEED);
    const strength = clamp((wanted - coming) / KICK_SPEED);
    const distance = Math.hypot(x, y);
    // A kick adds to what the ball does already.
    const given = (strength * KICK_SPEED) / distance;
    const along = coming + given * (x * dirX + y * dirY);
    const across = drift + given * (y * dirX - x * dirY);
    const isAimed = along > 0 && way * Math.abs(across) < MISS * along;
    const kick = isAimed && distance < CONTACT + REACH ? strength : -1;

    const behind = CONTACT + REACH / 2;
    const [ballX, ballY] = [x + LEAD * ballVx, y + LEAD * ballVy];
    const [aimX, aimY] = goAround(ballX - dirX * behind, ballY - dirY * behind, ballX, ballY, behind);
    return Float32Array.of(clamp((8 * aimX) / HAND_SPEED), clamp((8 * aimY) / HAND_SPEED), kick);
  };
}
