/** What the scenarios of the autoreset modes share: envs whose episodes are played by hand, to hold the modes against. */
import type { EndedEpisodes } from '../../../protocol/results.js';
import { type Handle, rowsOf } from '../handle.js';
import type { CommonRule, Peer } from '../peer.js';
import type { Stage } from '../stage.js';

/** An ordinary step of one env. */
export interface Transition {
  readonly observation: string;
  readonly reward: number;
  readonly terminated: number;
  readonly truncated: number;
  /** Statistics of the episode that it ended. */
  readonly ended?: { readonly return: number; readonly length: number };
  /** What the next episode begins with. */
  next?: string;
}

/** Two envs that are over after three steps at the latest. */
export const FIELDS = { numEnvs: 2, seed: 40, maxEpisodeSteps: 3 };
export const ENVS: readonly number[] = [0, 1];
/** Steps that each env is taken through: more than an episode. */
const STEPS = 5;

/** Judges what a reply tells of the episodes that ended. `over` are the transitions that did it, by their rows. */
export function checkEnded(
  stage: Stage,
  ended: EndedEpisodes | undefined,
  over: readonly { readonly row: number; readonly env: number; readonly transition: Transition }[],
): void {
  const isTold = ended !== undefined;
  stage.check(
    'ended/none',
    isTold === over.length > 0,
    `${over.length} episodes ended, told of any: ${isTold}`,
  );
  if (!ended || over.length === 0) return;
  const column = (rule: CommonRule, got: Iterable<number>, expected: readonly number[]) => {
    const told = [...got];
    const isSame = told.length === expected.length && told.every((x, i) => Math.abs(x - expected[i]!) < 1e-6);
    stage.check(rule, isSame, `expected ${expected.join(', ')}, got ${told.join(', ')}`);
  };
  const sums = over.map(({ transition }) => transition.ended!);
  column(
    'ended/rows',
    ended.rows,
    over.map(({ row }) => row),
  );
  column(
    'ended/returns',
    ended.returns,
    sums.map((sum) => sum.return),
  );
  column(
    'ended/lengths',
    ended.lengths,
    sums.map(({ length }) => length),
  );
  column(
    'ended/seeds',
    ended.seeds,
    over.map(({ env }) => FIELDS.seed + env),
  );
}

/**
 * Steps envs whose autoreset is disabled, resetting by hand those that are over. Gives what each of them went through:
 * `[step][env]`.
 */
export async function playByHand(stage: Stage, peer: Peer<string>, env: Handle): Promise<Transition[][]> {
  const played: Transition[][] = [];
  const sums = ENVS.map(() => ({ return: 0, length: 0 }));
  for (let t = 0; t < STEPS; t++) {
    const result = await peer.step(env, env.actions(t), 'A step of both.', 'Its outcome.');
    const observations = rowsOf(result);
    const transitions = ENVS.map((i): Transition => {
      const [reward, terminated, truncated] = [
        result.rewards[i]!,
        result.terminated[i]!,
        result.truncated[i]!,
      ];
      const sum = sums[i]!;
      sum.return += reward;
      sum.length++;
      const isOver = terminated + truncated > 0;
      if (isOver) sums[i] = { return: 0, length: 0 };
      return { observation: observations[i]!, reward, terminated, truncated, ...(isOver && { ended: sum }) };
    });
    played.push(transitions);
    const over = ENVS.filter((i) => transitions[i]!.ended);
    checkEnded(
      stage,
      result.ended,
      over.map((i) => ({ row: i, env: i, transition: transitions[i]! })),
    );
    if (over.length === 0) continue;
    const begun = rowsOf(await peer.reset(env, { ids: over }, 'Those that are over are reset by hand.'));
    for (const [row, i] of over.entries()) transitions[i]!.next = begun[row]!;
  }
  return played;
}
