import { arrayType, type Client, type Image, type SampleSource, sizeOf } from '../index.js';

/** A game under way. */
export interface Frame {
  readonly step: number;
  readonly picture: Image;
  /** Return of the episode so far. */
  readonly reward: number;
  /** Returns of the episodes that ended. */
  readonly returns: readonly number[];
}

/**
 * Plays an env with random actions, and gives the picture after the reset and after each step. The same seed plays the
 * same game.
 */
export async function* play(client: Client, id: string, seed: number, steps: number): AsyncGenerator<Frame> {
  const env = await client.make(id, { seed, autoreset: 'same_step' });
  try {
    await env.reset();
    const source = randomSource(seed);
    const slabs = env.actionSpace.leaves.map(({ dtype, shape }) => new (arrayType(dtype))(sizeOf(shape)));
    const returns: number[] = [];
    let reward = 0;
    yield { step: 0, picture: await env.render(), reward, returns };
    for (let step = 1; step <= steps; step++) {
      env.actionSpace.write(env.actionSpace.sample(source), slabs, 0);
      // Both are under way at once: the picture is that after the step.
      const [{ rewards, ended }, picture] = await Promise.all([env.step(slabs), env.render()]);
      reward += rewards[0]!;
      if (ended) {
        returns.push(ended.returns[0]!);
        reward = 0;
      }
      yield { step, picture, reward, returns };
    }
  } finally {
    await env.close();
  }
}

/** Numbers that look random (mulberry32); the same seed gives the same ones. */
function randomSource(seed: number): SampleSource {
  let state = seed;
  const random = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
  return { random, integers: (low, high) => low + Math.floor(random() * (high - low)) };
}
