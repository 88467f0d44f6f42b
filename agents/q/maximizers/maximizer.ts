import type { SampleSource } from '../../../protocol/spaces/index.js';
import { choice, integer, number, type SettingsOf } from '../../settings.js';
import { cmaEs } from './cma-es.js';
import { crossEntropy } from './cross-entropy.js';
import { randomShooting } from './random-shooting.js';

/** What maximizers draw from. */
export interface NormalSource extends SampleSource {
  /** Standard normal. */
  normal(): number;
}

/** A maximum over actions of which there are infinitely many, for a batch of states at once. */
export interface ActionSearch {
  /** States, B. */
  readonly batch: number;
  /** Numbers of an action, A. */
  readonly size: number;
  /**
   * What candidates are worth.
   * @param actions [B, count, A], each number between −1 and 1
   * @returns float32 [B, count]
   */
  evaluate(actions: Float32Array, count: number): Float32Array;
}

/** The best actions found [B, A], each number between −1 and 1. */
export type Maximizer = (search: ActionSearch, random: NormalSource) => Float32Array;

export const MAXIMIZER_SETTINGS = {
  maximizer: choice(
    ['cem', 'cma-es', 'random'],
    'How the best action is searched: cross-entropy method, CMA-ES, or the best of random ones.',
  ),
  candidates: integer(64, [2, 65536], 'Actions that are tried in each round of the search.'),
  rounds: integer(2, [1, 1000], 'Rounds of the search; random search has all their candidates in one.'),
  elites: number(0.1, [0, 1], 'Share of the candidates from which the cross-entropy method draws the next.'),
};

/** The maximizer that settings choose. */
export function makeMaximizer({
  maximizer,
  candidates,
  rounds,
  elites,
}: SettingsOf<typeof MAXIMIZER_SETTINGS>): Maximizer {
  switch (maximizer) {
    case 'cem':
      return crossEntropy({ candidates, rounds, elites: Math.max(1, Math.round(elites * candidates)) });
    case 'cma-es':
      return cmaEs({ candidates, rounds });
    case 'random':
      return randomShooting(candidates * rounds);
  }
}
