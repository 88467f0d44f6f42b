import { ranked } from './best.js';
import type { Maximizer, NormalSource } from './maximizer.js';

export interface CmaEsOptions {
  /** Actions drawn in each generation, λ. */
  readonly candidates: number;
  /** Generations. */
  readonly rounds: number;
}

const FIRST_STEP = 0.5;

/**
 * Covariance matrix adaptation (Hansen 2016, "The CMA evolution strategy: a tutorial", figure 7), for every state of a
 * batch a search of its own. The covariance is kept as its Cholesky factor, C = AAᵀ, and the path of the step size is
 * one of the normal numbers z that were drawn (Krause, Arbonès and Igel 2016), so that no eigenvectors are needed. Good
 * up to some forty numbers an action. Candidates are clipped to the box, and the best of all generations is taken.
 */
export function cmaEs({ candidates, rounds }: CmaEsOptions): Maximizer {
  return (search, random) => {
    const { batch, size } = search;
    const searches = Array.from({ length: batch }, () => new Strategy(size, candidates));
    const best = { actions: new Float32Array(batch * size), values: new Float32Array(batch).fill(-Infinity) };
    const actions = new Float32Array(batch * candidates * size);
    for (let round = 0; round < rounds; round++) {
      for (const [row, strategy] of searches.entries()) {
        strategy.draw(random, actions.subarray(row * candidates * size, (row + 1) * candidates * size));
      }
      const values = search.evaluate(actions, candidates);
      for (const [row, strategy] of searches.entries()) {
        const order = ranked(values, row, candidates);
        const top = row * candidates + order[0]!;
        if (values[top]! > best.values[row]!) {
          best.values[row] = values[top]!;
          best.actions.set(actions.subarray(top * size, (top + 1) * size), row * size);
        }
        if (round < rounds - 1) strategy.update(order);
      }
    }
    return best.actions;
  };
}

/** One search: its normal distribution m + σA·N(0, I), and how that changes from one generation to the next. */
class Strategy {
  readonly #size: number;
  readonly #candidates: number;
  readonly #rates: Rates;
  readonly #mean: Float64Array;
  #step = FIRST_STEP;
  /** A, lower triangular, row-major. */
  readonly #factor: Float64Array;
  /** p_c and p_σ, the paths of the mean: in the space of actions over σ, and in that of z. */
  readonly #path: Float64Array;
  readonly #stepPath: Float64Array;
  /** The normal numbers of the generation, and A times them. */
  readonly #z: Float64Array;
  readonly #y: Float64Array;

  constructor(size: number, candidates: number) {
    this.#size = size;
    this.#candidates = candidates;
    this.#rates = ratesFor(size, candidates);
    this.#mean = new Float64Array(size);
    this.#factor = new Float64Array(size * size);
    for (let i = 0; i < size; i++) this.#factor[i * size + i] = 1;
    this.#path = new Float64Array(size);
    this.#stepPath = new Float64Array(size);
    this.#z = new Float64Array(candidates * size);
    this.#y = new Float64Array(candidates * size);
  }

  /** Fills `out` [λ, A]. */
  draw(random: NormalSource, out: Float32Array): void {
    const n = this.#size;
    for (let k = 0; k < this.#candidates; k++) {
      const first = k * n;
      for (let i = 0; i < n; i++) this.#z[first + i] = random.normal();
      for (let i = 0; i < n; i++) {
        let before = 0;
        for (let j = 0; j < i; j++) before += this.#factor[i * n + j]! * this.#z[first + j]!;
        const diagonal = this.#factor[i * n + i]!;
        const drawn = this.#mean[i]! + this.#step * (before + diagonal * this.#z[first + i]!);
        const action = Math.max(-1, Math.min(1, drawn));
        // What was clipped counts as if it had been drawn like that; else the search would be led out of the box.
        this.#y[first + i] = (action - this.#mean[i]!) / this.#step;
        if (action !== drawn) this.#z[first + i] = (this.#y[first + i]! - before) / diagonal;
        out[first + i] = action;
      }
    }
  }

  /** @param order the candidates, the best first */
  update(order: Uint32Array): void {
    const n = this.#size;
    const { weights, muEff, cSigma, dSigma, cC, c1, cMu, chi } = this.#rates;
    const weighted = (x: Float64Array, i: number): number =>
      weights.reduce((sum, weight, rank) => sum + weight * x[order[rank]! * n + i]!, 0);
    const meanY = Float64Array.from({ length: n }, (_, i) => weighted(this.#y, i));
    const grow = Math.sqrt(cSigma * (2 - cSigma) * muEff);
    let length = 0;
    for (let i = 0; i < n; i++) {
      this.#mean[i] = Math.max(-1, Math.min(1, this.#mean[i]! + this.#step * meanY[i]!));
      this.#stepPath[i] = (1 - cSigma) * this.#stepPath[i]! + grow * weighted(this.#z, i);
      length += this.#stepPath[i]! ** 2;
    }
    length = Math.sqrt(length);
    const stalled = length < (1.4 + 2 / (n + 1)) * chi ? 1 : 0;
    for (let i = 0; i < n; i++) {
      this.#path[i] = (1 - cC) * this.#path[i]! + stalled * Math.sqrt(cC * (2 - cC) * muEff) * meanY[i]!;
    }
    // C ← (1 − c_1 − c_μ) C + c_1 p_c p_cᵀ + c_μ Σ w_k y_k y_kᵀ, one update of rank one after the other on A.
    const keep = Math.sqrt(1 - c1 - cMu + (1 - stalled) * c1 * cC * (2 - cC));
    for (let i = 0; i < this.#factor.length; i++) this.#factor[i]! *= keep;
    rankOneUpdate(this.#factor, n, this.#path, c1);
    for (const [rank, weight] of weights.entries()) {
      const k = order[rank]! * n;
      rankOneUpdate(this.#factor, n, this.#y.subarray(k, k + n), cMu * weight);
    }
    this.#step *= Math.exp(Math.min(1, (cSigma / dSigma) * (length / chi - 1)));
  }
}

interface Rates {
  /** Of the best half of the candidates, summing up to 1. */
  readonly weights: readonly number[];
  readonly muEff: number;
  readonly cSigma: number;
  readonly dSigma: number;
  readonly cC: number;
  readonly c1: number;
  readonly cMu: number;
  /** E‖N(0, I)‖ */
  readonly chi: number;
}

/** The tutorial's defaults (equations 49 to 58), without negative weights. */
function ratesFor(n: number, candidates: number): Rates {
  const mu = Math.max(1, Math.floor(candidates / 2));
  const raw = Array.from({ length: mu }, (_, k) => Math.log((candidates + 1) / 2) - Math.log(k + 1));
  const sum = raw.reduce((total, weight) => total + weight, 0);
  const weights = raw.map((weight) => weight / sum);
  const muEff = 1 / weights.reduce((total, weight) => total + weight * weight, 0);
  const cSigma = (muEff + 2) / (n + muEff + 5);
  const c1 = 2 / ((n + 1.3) ** 2 + muEff);
  return {
    weights,
    muEff,
    cSigma,
    dSigma: 1 + 2 * Math.max(0, Math.sqrt((muEff - 1) / (n + 1)) - 1) + cSigma,
    cC: (4 + muEff / n) / (n + 4 + (2 * muEff) / n),
    c1,
    cMu: Math.min(1 - c1, (2 * (muEff - 2 + 1 / muEff)) / ((n + 2) ** 2 + muEff)),
    chi: Math.sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n * n)),
  };
}

/** Makes A, a Cholesky factor of C, one of C + weight · vvᵀ, in place (Golub and Van Loan 2013, section 6.5.4). */
function rankOneUpdate(factor: Float64Array, n: number, v: Float64Array, weight: number): void {
  const x = Float64Array.from(v, (value) => Math.sqrt(weight) * value);
  for (let k = 0; k < n; k++) {
    const diagonal = factor[k * n + k]!;
    const radius = Math.hypot(diagonal, x[k]!);
    const [cosine, sine] = [radius / diagonal, x[k]! / diagonal];
    factor[k * n + k] = radius;
    for (let i = k + 1; i < n; i++) {
      const below = (factor[i * n + k]! + sine * x[i]!) / cosine;
      x[i] = cosine * x[i]! - sine * below;
      factor[i * n + k] = below;
    }
  }
}
