import type { SampleSource } from '../../protocol/spaces/index.js';
import { linear } from '../schedules.js';
import { choice, integer, number, type SettingsOf } from '../settings.js';
import { firstBest } from './q-table.js';

export const BEHAVIOUR_SETTINGS = {
  exploration: choice(
    ['epsilon-greedy', 'boltzmann'],
    'How to try things out: now and then any action, or each action with probability proportional to exp(Q / T).',
  ),
  epsilonStart: number(1, [0, 1], 'Probability of a random action at first, with epsilon-greedy.'),
  epsilonEnd: number(0.05, [0, 1], 'Probability of a random action in the end.'),
  temperatureStart: number(1, [1e-9, Infinity], 'T at first, with boltzmann, in units of return.'),
  temperatureEnd: number(0.1, [1e-9, Infinity], 'T in the end.'),
  explorationSteps: integer(50_000, [0, Infinity], 'Steps over which it goes from one to the other.'),
};

/**
 * A policy π made of action values, which does not only do what seems best. Below, `q` is a table of values, of which
 * those of a state are the `n` from `at`.
 */
export interface Behaviour {
  /** The name of `level` in metrics. */
  readonly measure: string;
  /** How random it is after `step` steps: ε, or the temperature. */
  level(step: number): number;
  /** An action, from 0. */
  choose(q: Float64Array, at: number, n: number, level: number, random: SampleSource): number;
  /** Σ_a π(a|s) q(s, a) */
  expectation(q: Float64Array, at: number, n: number, level: number): number;
}

/** With probability ε any action, uniformly, else the first of the highest value. */
export const epsilonGreedy: Omit<Behaviour, 'level'> = {
  measure: 'epsilon',
  choose(q, at, n, epsilon, random) {
    return random.random() < epsilon ? random.integers(0, n) : firstBest(q, at, n);
  },
  expectation(q, at, n, epsilon) {
    let sum = 0;
    for (let a = 0; a < n; a++) sum += q[at + a]!;
    return (epsilon * sum) / n + (1 - epsilon) * q[at + firstBest(q, at, n)]!;
  },
};

/** π(a|s) ∝ exp(q(s, a) / T). The highest value is taken off all of them first: nothing overflows. */
export const boltzmann: Omit<Behaviour, 'level'> = {
  measure: 'temperature',
  choose(q, at, n, temperature, random) {
    const highest = q[at + firstBest(q, at, n)]!;
    const weight = (a: number) => Math.exp((q[at + a]! - highest) / temperature);
    let total = 0;
    for (let a = 0; a < n; a++) total += weight(a);
    let left = random.random() * total;
    for (let a = 0; a < n - 1; a++) {
      left -= weight(a);
      if (left < 0) return a;
    }
    return n - 1;
  },
  expectation(q, at, n, temperature) {
    const highest = q[at + firstBest(q, at, n)]!;
    let sum = 0;
    let total = 0;
    for (let a = 0; a < n; a++) {
      const weight = Math.exp((q[at + a]! - highest) / temperature);
      sum += weight * q[at + a]!;
      total += weight;
    }
    return sum / total;
  },
};

export function behaviour(settings: SettingsOf<typeof BEHAVIOUR_SETTINGS>): Behaviour {
  const { epsilonStart, epsilonEnd, temperatureStart, temperatureEnd, explorationSteps } = settings;
  return settings.exploration === 'boltzmann'
    ? { ...boltzmann, level: (step) => linear(temperatureStart, temperatureEnd, explorationSteps, step) }
    : { ...epsilonGreedy, level: (step) => linear(epsilonStart, epsilonEnd, explorationSteps, step) };
}
