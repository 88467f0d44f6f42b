/**
 * What an agent for Atari games relies on: axes, dtypes and the meaning of every preprocessing option are those of
 * Gymnasium's AtariPreprocessing and FrameStackObservation, as scripts/record-atari.py recorded them.
 */
import { readFileSync } from 'node:fs';
import { inflateSync } from 'node:zlib';
import t from 'tap';
import { createRng, getEnv, resolveOptions } from '../../../envs/index.js';
import { pixelEnv } from '../../../envs/pixel/define.js';
import type { PixelGame } from '../../../envs/pixel/game.js';
import { palette } from '../../../envs/pixel/palette.js';
import { Screen } from '../../../envs/pixel/screen.js';
import { withWrappers } from '../../../envs/wrappers/index.js';
import { arrayType } from '../../../protocol/dtypes.js';
import { Box, Discrete } from '../../../protocol/spaces/index.js';

type Given = Readonly<Record<string, unknown>>;

const recorded = JSON.parse(
  readFileSync(new URL('../../../../test/fixtures/pixel/gymnasium.json', import.meta.url), 'utf8'),
) as {
  readonly spaces: readonly { readonly options: Given; readonly space: object }[];
  readonly runs: readonly {
    readonly options: Given;
    readonly episodes: readonly {
      readonly seed: number;
      readonly observations: string;
      readonly rewards: readonly number[];
    }[];
  }[];
};

/** In frame n a rectangle is lit at (7 n, 10 n), and n is paid. Frame 10 takes a life, and frame 20 is the last. */
class Beacon implements PixelGame<number> {
  readonly screen = new Screen();
  readonly palette = palette([0, 0, 0], [250, 250, 250]);
  readonly actionSpace = new Discrete(2);
  readonly stateSpace = new Box(0, 1, [1]);
  frame = 0;

  get lives(): number {
    return this.frame < 10 ? 2 : 1;
  }
  get isOver(): boolean {
    return this.frame === 20;
  }
  start(): void {
    this.frame = 0;
  }
  hold(): void {}
  playFrame(): number {
    return ++this.frame;
  }
  draw(): void {
    this.screen.clear();
    this.screen.drawRect(7 * this.frame, 10 * this.frame, 9, 13, 1);
  }
  observe(): void {}
  save(): unknown {
    return this.frame;
  }
  load(): void {}
}

const beacon = withWrappers(
  pixelEnv({
    name: 'Beacon',
    description: 'A test.',
    source: 'test',
    rewardRange: [0, 20],
    rewardThreshold: 0,
    lives: 2,
    create: () => new Beacon(),
  }),
);

for (const { options, space } of recorded.spaces) {
  t.test(`the observation space with ${JSON.stringify(options)}`, async (t) => {
    const breakout = getEnv('Pixel/Breakout-v1');
    const { observationSpace } = breakout.create(resolveOptions(breakout.spec, options));
    t.match(observationSpace.toJSON(), { type: 'Box', ...space });
  });
}

for (const { options, episodes } of recorded.runs) {
  t.test(`what an agent sees and gets with ${JSON.stringify(options)}`, async (t) => {
    const env = beacon.create(resolveOptions(beacon.spec, options));
    const { dtype, size } = env.observationSpace as Box;
    const Slab = arrayType(dtype);
    for (const { seed, observations, rewards } of episodes) {
      const bytes = new Uint8Array(inflateSync(Buffer.from(observations, 'base64')));
      const wanted = new Slab(bytes.buffer);
      const out = new Slab(size);
      const look = (step: number): void => {
        env.observe(out);
        const different = out.findIndex((x: number | bigint, i: number) => x !== wanted[step * size + i]);
        t.equal(different, -1, `seed ${seed}: observation ${step}`);
      };
      env.reset(createRng('pcg64', seed));
      look(0);
      for (const [i, reward] of rewards.entries()) {
        env.step(1);
        t.equal(env.reward, reward);
        t.equal(env.terminated, i === rewards.length - 1);
        // An end amid a step shows its last frame here, and in AtariPreprocessing those of the step before.
        if (!env.terminated) look(i + 1);
      }
    }
  });
}
