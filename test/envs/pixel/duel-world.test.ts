import t from 'tap';
import { getWorld, HostedWorld, resolveOptions } from '../../../envs/index.js';

const [NOOP, FIRE, UP, DOWN] = [0, 1, 2, 3];
const FRAMES = { frame_skip: 1, repeat_action_probability: 0 };

function make(id: string, given: Readonly<Record<string, unknown>>): HostedWorld {
  const definition = getWorld(id);
  const world = new HostedWorld(definition, { options: resolveOptions(definition.spec, given) });
  world.reset(1);
  return world;
}

/** Steps with an action of each; gives the reward of each. */
function play(world: HostedWorld, first: number, second: number, steps = 1): number[] {
  const sums = [0, 0];
  for (let i = 0; i < steps; i++) {
    world.actions[0]!.set([first, second] as never);
    const { rewards } = world.step();
    for (const seat of [0, 1]) sums[seat]! += rewards[seat]!;
  }
  return sums;
}

const state = (world: HostedWorld, seat: number) => {
  const [slab] = world.batch.observations;
  return [...slab!.subarray((seat * slab!.length) / 2, ((seat + 1) * slab!.length) / 2)].map(Number);
};

const pongState = (world: HostedWorld) =>
  (world.snapshot().state as { game: { duel: Record<string, number> } }).game.duel;

/** Changes some numbers of a game of Pong. */
function setPong(world: HostedWorld, changes: Readonly<Record<string, number>>): void {
  const snapshot = world.snapshot();
  Object.assign((snapshot.state as { game: { duel: object } }).game.duel, changes);
  world.restore(snapshot);
}

t.test('PongDuel: each player has a paddle', async (t) => {
  const world = make('Pixel/PongDuel-v1', { ...FRAMES, obs_type: 'state' });
  const { rightY, leftY } = pongState(world);
  play(world, UP!, DOWN!, 5);
  t.ok(pongState(world).rightY! < rightY!);
  t.ok(pongState(world).leftY! > leftY!);
  play(world, NOOP!, FIRE!);
  t.equal(pongState(world).serveIn, 0, 'either may serve');
});

t.test('PongDuel: what one wins the other loses, and both are done at 21', async (t) => {
  const world = make('Pixel/PongDuel-v1', { ...FRAMES, obs_type: 'state' });
  setPong(world, { serveIn: 0, ballX: 150 * 256, ballY: 40 * 256, ballVx: 3 * 256, ballVy: 0 });
  t.same(play(world, NOOP!, NOOP!, 3), [-1, 1]);
  setPong(world, { rightPoints: 20, serveIn: 0, ballX: 2 * 256, ballVx: -3 * 256 });
  t.same(play(world, NOOP!, NOOP!), [1, -1]);
  t.same([...world.batch.terminated], [1, 1]);
});

t.test('PongDuel: the second player sees the court as if its paddle were the right one', async (t) => {
  const world = make('Pixel/PongDuel-v1', { ...FRAMES, obs_type: 'state' });
  const there = { ballX: 100 * 256, ballVx: 512, rightY: 60, rightSpeed: 1, leftY: 90, leftSpeed: -2 };
  setPong(world, { ...there, serveIn: 0, rightPoints: 3, leftPoints: 5 });
  const second = state(world, 1);
  const mirrored = { ballX: 58 * 256, ballVx: -512, rightY: 90, rightSpeed: -2, leftY: 60, leftSpeed: 1 };
  setPong(world, { ...mirrored, rightPoints: 5, leftPoints: 3 });
  t.same(state(world, 0), second);
});

t.test('TanksDuel: each sees its own tank first', async (t) => {
  const world = make('Pixel/TanksDuel-v1', { ...FRAMES, obs_type: 'state' });
  play(world, 2, 3, 20);
  const [first, second] = [state(world, 0), state(world, 1)];
  t.same(second.slice(0, 10), first.slice(10, 20));
  t.same(second.slice(10, 20), first.slice(0, 10));
  t.notSame(first.slice(0, 10), first.slice(10, 20));
});

t.test('both see the same screen', async (t) => {
  const world = make('Pixel/PongDuel-v1', { preprocess: true });
  t.same(world.observationSpace.toJSON().shape, [84, 84]);
  play(world, UP!, DOWN!, 5);
  t.same(state(world, 1), state(world, 0));
  t.same(make('Pixel/PongDuel-v1', {}).observationSpace.toJSON().shape, [210, 160, 3]);
});

t.test('rewards are clipped for both', async (t) => {
  const world = make('Pixel/PongDuel-v1', { clip_reward: true });
  t.same(world.spec.rewardRange, [-1, 1]);
});
