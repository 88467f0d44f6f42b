/** What every world promises, whatever its rules: played at random. */
import { isDeepStrictEqual } from 'node:util';
import t from 'tap';
import { getWorld, HostedWorld, listWorlds, resolveOptions } from '../../envs/index.js';
import { Pcg64 } from '../../envs/rng/pcg64.js';
import type { TypedArray } from '../../protocol/dtypes.js';
import { Box, MultiBinary, type Space } from '../../protocol/spaces/index.js';

const STEPS = 120;
/** Options that make another world of one. */
const VARIANTS: readonly (readonly [id: string, given: Readonly<Record<string, unknown>>])[] = [
  ['Physics/SumoDuel-v1', { obs_type: 'both', grayscale: true }],
  ['Pixel/PongDuel-v1', { preprocess: true, clip_reward: true }],
  ['Pixel/TanksDuel-v1', { obs_type: 'state' }],
];
const CANDIDATES = [...listWorlds().map(({ spec }) => [spec.id, {}] as const), ...VARIANTS];

/** A random move of every seat that moves, which keeps to the mask where there is one. */
function choose(world: HostedWorld, rng: Pcg64): void {
  for (let seat = 0; seat < world.seats.length; seat++) {
    if (!world.moves(seat)) continue;
    const slab = world.batch.infos.action_mask?.[0];
    const n = slab && slab.length / world.seats.length;
    const mask = n && (slab.subarray(seat * n, (seat + 1) * n) as Int8Array);
    world.actionSpace.write(world.actionSpace.sample(rng, mask || undefined), world.actions, seat);
  }
}

const isOver = (world: HostedWorld): boolean => !world.seats.some((_, seat) => world.isLive(seat));

/** What everybody sees and gets. */
const shown = ({ batch }: HostedWorld): unknown => structuredClone({ ...batch });

/** Plays on; gives what was shown after every step and reset. */
function run(world: HostedWorld, rng: Pcg64, steps: number, look: () => void = () => {}): unknown[] {
  return Array.from({ length: steps }, () => {
    if (isOver(world)) {
      world.reset();
    } else {
      choose(world, rng);
      world.step();
    }
    look();
    return shown(world);
  });
}

function inside(space: Space, slabs: readonly TypedArray[], row: number): boolean {
  const value = space.read(slabs, row);
  // What is read of a MultiBinary or of bool is a view of another kind than what is given.
  if (space instanceof MultiBinary || (space instanceof Box && space.leaves[0]!.dtype === 'bool')) {
    return [...(value as Uint8Array)].every((x) => x === 0 || x === 1);
  }
  return space.contains(value);
}

for (const [id, given] of CANDIDATES) {
  const definition = getWorld(id);
  const { seats } = definition;
  const options = resolveOptions(definition.spec, given);
  /** Short games, so that several of them fit. */
  const make = (): HostedWorld => new HostedWorld(definition, { options, maxEpisodeSteps: 50 });
  t.test(`${id} ${JSON.stringify(given)}`, async (t) => {
    t.test('observations, infos and rewards are where they are said to be', async (t) => {
      const world = make();
      world.reset(3);
      const [low, high] = world.spec.rewardRange;
      let outside = 0;
      run(world, new Pcg64(1), STEPS, () => {
        for (let seat = 0; seat < seats.length; seat++) {
          const { observations, infos, rewards } = world.batch;
          if (!inside(world.observationSpace, observations, seat)) outside++;
          for (const [name, space] of Object.entries(world.infoSpaces)) {
            if (!inside(space, infos[name]!, seat)) outside++;
          }
          if (!(rewards[seat]! >= low && rewards[seat]! <= high)) outside++;
        }
      });
      t.equal(outside, 0);
    });

    t.test('the same seed and moves give the same games', async (t) => {
      const [one, two] = [make(), make()];
      one.reset(3);
      two.reset(9);
      run(two, new Pcg64(2), 10);
      two.reset(3);
      t.ok(isDeepStrictEqual(run(one, new Pcg64(1), STEPS), run(two, new Pcg64(1), STEPS)));
    });

    t.test('a snapshot leads to the same future, in a world that was never reset too', async (t) => {
      const world = make();
      world.reset(3);
      run(world, new Pcg64(1), 15);
      const snapshot = structuredClone(world.snapshot());
      const here = shown(world) as { observations: unknown; infos: unknown };
      const future = run(world, new Pcg64(4), STEPS);
      for (const other of [world, make()]) {
        other.restore(snapshot);
        t.ok(isDeepStrictEqual(other.batch.observations, here.observations), 'it shows what was shown');
        t.ok(isDeepStrictEqual(run(other, new Pcg64(4), STEPS), future));
      }
    });

    t.test('a snapshot of something else is refused, and the world is as it was', async (t) => {
      const world = make();
      world.reset(3);
      const snapshot = world.snapshot();
      for (const state of [null, 5, 'x', [], {}, { game: {} }]) {
        t.throws(() => world.restore({ ...snapshot, state }), { code: 'bad_snapshot' });
      }
      t.same(world.snapshot(), snapshot);
    });

    t.test('the default action may be taken by whoever moves', async (t) => {
      const world = make();
      world.reset(3);
      for (let i = 0; i < 60 && !isOver(world); i++) {
        for (let seat = 0; seat < seats.length; seat++) if (world.moves(seat)) world.useDefault(seat);
        world.step();
      }
      t.ok(world.batch.infos.missed![0]!.every((x) => x > 0));
    });

    t.test('it can be drawn', async (t) => {
      const world = make();
      world.reset(3);
      const { width, height, data } = world.render();
      t.equal(data.length, width * height * 3);
      t.ok(new Set(data).size > 2, 'and there is something to see');
    });
  });
}
