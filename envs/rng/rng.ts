/**
 * A random generator that reproduces one of NumPy's bit for bit, so that an env given the original's seed takes the
 * original's trajectory. `pcg64` is `numpy.random.default_rng(seed)`; `mt19937` is `numpy.random.RandomState(seed)`.
 */
export interface Rng {
  /** Uniform in [0, 1), 53 bits (`random()`, `rand()`). */
  random(): number;
  /** Uniform in [low, high) (`uniform`). */
  uniform(low: number, high: number): number;
  /** Uniform integer in [low, high), int64 (`integers`, `randint`). */
  integers(low: number, high: number): number;
  /** The complete state, as plain values that msgpack carries. */
  getState(): unknown;
  setState(state: unknown): void;
}
