/**
 * numpy.random.SeedSequence for one integer of entropy: spreads a seed over as many well-mixed 32-bit words as a
 * generator wants. After M. E. O'Neill's `randutils::seed_seq_fe` (Developing a seed_seq Alternative, 2015).
 */
const POOL_SIZE = 4;
const INIT_A = 0x43b0d7e5;
const MULT_A = 0x931e8875;
const INIT_B = 0x8b51f9dd;
const MULT_B = 0x58f38ded;
const MIX_MULT_L = 0xca01f9dd;
const MIX_MULT_R = 0x4973f715;

const foldDown = (x: number): number => x ^ (x >>> 16);

const mix = (x: number, y: number): number => foldDown(Math.imul(x, MIX_MULT_L) - Math.imul(y, MIX_MULT_R));

/** `SeedSequence(seed).generate_state(count, numpy.uint32)`. The seed is a safe non-negative integer. */
export function seedSequence(seed: number, count: number): Uint32Array {
  let constant = INIT_A;
  const hash = (x: number): number => {
    const y = x ^ constant;
    constant = Math.imul(constant, MULT_A);
    return foldDown(Math.imul(y, constant));
  };

  const entropy = [seed >>> 0, Math.floor(seed / 2 ** 32)];
  const pool = Array.from({ length: POOL_SIZE }, (_, i) => hash(entropy[i] ?? 0));
  for (let source = 0; source < POOL_SIZE; source++) {
    for (let target = 0; target < POOL_SIZE; target++) {
      if (source !== target) pool[target] = mix(pool[target]!, hash(pool[source]!));
    }
  }

  constant = INIT_B;
  return Uint32Array.from({ length: count }, (_, i) => {
    const y = pool[i % POOL_SIZE]! ^ constant;
    constant = Math.imul(constant, MULT_B);
    return foldDown(Math.imul(y, constant));
  });
}
