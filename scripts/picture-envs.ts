/**
 * Draws a picture of every env and lists them in envs/README.md:
 *
 *     npm run build && node dist/scripts/picture-envs.js
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { PNG } from 'pngjs';
import {
  createRng,
  type EnvSpec,
  expandSeed,
  getWorld,
  HostedWorld,
  hasExpert,
  listEnvs,
  listSpecs,
  resolveOptions,
  VectorEnv,
} from '../envs/index.js';
import { WRAPPER_OPTIONS } from '../envs/wrappers/index.js';
import type { Image } from '../protocol/spec.js';
import { scalePicture } from './scale-picture.js';

const ENVS = fileURLToPath(new URL('../../envs/', import.meta.url));
/** Steps before the picture is taken; a game that ends on the way begins again. */
const STEPS = 40;
/** Largest side of a picture, pixels. */
const SIDE = 200;

/** An env after some steps of its expert, or of random actions where it has none. */
function pictureOf(id: string): Image {
  const definition = listEnvs().find(({ spec }) => spec.id === id)!;
  const options = resolveOptions(definition.spec, {});
  const envs = new VectorEnv(definition, { numEnvs: 1, options, autoreset: 'same_step' });
  const rng = createRng('pcg64', 7);
  const expert = hasExpert(definition) ? definition.expert(options) : undefined;
  let { observations } = envs.reset({ seeds: expandSeed(3, 1) });
  for (let step = 0; step < STEPS; step++) {
    const seen = envs.observationSpace.read(observations, 0);
    envs.actionSpace.write(expert ? expert(seen as never) : envs.actionSpace.sample(rng), envs.actions, 0);
    ({ observations } = envs.step());
  }
  return envs.render(0);
}

/** A world after some steps of random moves that its mask allows, or when its game is over. */
function pictureOfWorld(id: string): Image {
  const definition = getWorld(id);
  const world = new HostedWorld(definition, { options: resolveOptions(definition.spec, {}) });
  const rng = createRng('pcg64', 7);
  world.reset(3);
  const { batch, seats } = world;
  for (let step = 0; step < STEPS && seats.some((_, seat) => world.isLive(seat)); step++) {
    for (let seat = 0; seat < seats.length; seat++) {
      if (!world.moves(seat)) continue;
      const masks = batch.infos.action_mask?.[0] as Int8Array | undefined;
      const size = (masks?.length ?? 0) / seats.length;
      const mask = masks?.subarray(seat * size, (seat + 1) * size);
      world.actionSpace.write(world.actionSpace.sample(rng, mask), world.actions, seat);
    }
    world.step();
  }
  return world.render();
}

/** A picture of at most `SIDE` pixels a side. */
const shrink = (picture: Image): Image =>
  scalePicture(picture, Math.max(1, picture.width / SIDE, picture.height / SIDE));

const fileOf = (id: string): string => `images/${id.replaceAll('/', '-')}.png`;

function row({ id, description, players, maxEpisodeSteps, rewardThreshold, options }: EnvSpec): string {
  const facts = [
    ...(players === 1 ? [] : [`${players} players`]),
    ...(maxEpisodeSteps === undefined ? [] : [`at most ${maxEpisodeSteps} steps`]),
    ...(rewardThreshold === undefined ? [] : [`solved at ${rewardThreshold}`]),
  ];
  const own = Object.keys(options).filter((name) => !Object.hasOwn(WRAPPER_OPTIONS, name));
  const names = own.map((name) => `\`${name}\``);
  return `| ![](${fileOf(id)}) | **${id}**<br>${description}${facts.length > 0 ? `<br>${facts.join(', ')}` : ''} | ${names.join(', ')} |`;
}

mkdirSync(`${ENVS}images`, { recursive: true });
const specs = listSpecs()
  // Of ids that differ in a size or an action set alone, one picture is enough.
  .filter(({ id }) => !/^MinAtar\/.*-v0$|^BitFlipping-(?!15)|^Taxi-v3$/.test(id));
for (const { id, players } of specs) {
  const { width, height, data } = shrink(players === 1 ? pictureOf(id) : pictureOfWorld(id));
  const png = new PNG({ width, height });
  png.data = Buffer.from(data);
  writeFileSync(
    ENVS + fileOf(id),
    PNG.sync.write(png, { colorType: 2, inputColorType: 2, inputHasAlpha: false }),
  );
}
const table = ['| | | options |', '|-|-|-|', ...specs.map(row)].join('\n');
const readme = readFileSync(`${ENVS}README.md`, 'utf8');
const block = /(<!-- envs -->\n)[\s\S]*(<!-- end of envs -->)/;
if (!block.test(readme))
  throw new Error('envs/README.md has no block between <!-- envs --> and <!-- end of envs -->');
writeFileSync(
  `${ENVS}README.md`,
  readme.replace(block, (_, begin: string, end: string) => `${begin}${table}\n${end}`),
);
console.log(`${specs.length} pictures in envs/images, listed in envs/README.md`);
