import t, { type Test } from 'tap';
import { createRng, type EnvDefinition, resolveOptions, VectorEnv } from '../../../envs/index.js';
import { breakout } from '../../../envs/pixel/breakout.js';
import { invaders } from '../../../envs/pixel/invaders/invaders.js';
import { pong } from '../../../envs/pixel/pong.js';
import { rally } from '../../../envs/pixel/rally/rally.js';
import { tanks } from '../../../envs/pixel/tanks/tanks.js';
import type { Discrete } from '../../../protocol/spaces/index.js';
import {
  breakoutPlayer,
  invadersPlayer,
  type Player,
  pongPlayer,
  rallyPlayer,
  tanksPlayer,
} from './players.js';

type Given = Readonly<Record<string, unknown>>;

/** Mean return of the first `episodes` episodes of as many envs, with the options as they come but numbers to see. */
function meanReturn(
  definition: EnvDefinition,
  episodes: number,
  player: Player | 'random',
  given?: Given,
): number {
  const options = resolveOptions(definition.spec, { obs_type: 'state', ...given });
  const venv = new VectorEnv(definition, { numEnvs: episodes, options, autoreset: 'same_step' });
  const size = venv.observationSpace.leaves[0]!.shape[0]!;
  const rng = createRng('pcg64', 0);
  const returns = new Map<number, number>();
  let states = venv.reset({ seeds: Array.from({ length: episodes }, (_, i) => i) })
    .observations[0] as Float32Array;
  while (returns.size < episodes) {
    for (let i = 0; i < episodes; i++) {
      venv.actions[0]![i] =
        player === 'random'
          ? rng.integers(0, (venv.actionSpace as Discrete).n)
          : player(states.subarray(i * size, (i + 1) * size));
    }
    const { observations, ended } = venv.step();
    states = observations[0] as Float32Array;
    for (let k = 0; k < (ended?.n ?? 0); k++) {
      const row = ended!.rows[k]!;
      if (!returns.has(row)) returns.set(row, ended!.returns[k]!);
    }
  }
  return [...returns.values()].reduce((sum, x) => sum + x, 0) / episodes;
}

function between(t: Test, what: string, x: number, low: number, high: number): void {
  t.ok(x >= low && x <= high, `${what}: ${x.toFixed(2)} is from ${low} to ${high}`);
}

t.test('Pong: chance loses, the stronger the opponent the more; a simple player wins', async (t) => {
  const chance = ['easy', 'medium', 'hard'].map((opponent) => meanReturn(pong, 16, 'random', { opponent }));
  between(t, 'easy', chance[0]!, -19.5, -16.5);
  between(t, 'medium', chance[1]!, -20.9, -19.6);
  between(t, 'hard', chance[2]!, -21, chance[1]!);
  between(t, 'player against medium', meanReturn(pong, 8, pongPlayer), 12, 21);
});

t.test('Breakout', async (t) => {
  between(t, 'chance', meanReturn(breakout, 60, 'random'), 0.5, 2.5);
  between(t, 'player', meanReturn(breakout, 6, breakoutPlayer), 200, 864);
});

t.test('Invaders', async (t) => {
  between(t, 'chance', meanReturn(invaders, 60, 'random'), 90, 220);
  between(t, 'player', meanReturn(invaders, 8, invadersPlayer), 700, 20_000);
});

t.test('Rally: also on roads that no one has trained on', async (t) => {
  between(t, 'chance', meanReturn(rally, 60, 'random'), -8, -2);
  for (const levels of ['train', 'test']) {
    between(t, `player on ${levels} levels`, meanReturn(rally, 8, rallyPlayer, { levels }), 75, 108);
  }
});

t.test('Tanks: chance loses, a simple player wins', async (t) => {
  const chance = ['easy', 'hard'].map((opponent) => meanReturn(tanks, 12, 'random', { opponent }));
  between(t, 'easy', chance[0]!, -8, -2);
  between(t, 'hard', chance[1]!, -10, -6.5);
  between(t, 'player against medium', meanReturn(tanks, 8, tanksPlayer), 4, 10);
});
