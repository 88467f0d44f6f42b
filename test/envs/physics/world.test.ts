import Matter from 'matter-js';
import t, { type Test } from 'tap';
import {
  type Body,
  compound,
  corners,
  disc,
  drive,
  place,
  polygon,
  positionX,
  positionY,
  rectangle,
  setVelocity,
  slide,
  velocityX,
  velocityY,
} from '../../../envs/physics/body.js';
import { World } from '../../../envs/physics/world.js';
import { Pcg64 } from '../../../envs/rng/pcg64.js';

/** A box of things that fall on and lean against each other, stirred by a disc. */
class Heap {
  readonly world = new World(10);
  readonly stirrer = disc(0.1, { density: 0.01 });
  readonly #walls = [
    [0, 1.1, 3, 0.2],
    [-1.1, 0, 0.2, 2],
    [1.1, 0, 0.2, 2],
    [0, -1.1, 3, 0.2],
  ].map(([x, y, width, height]) => {
    const wall = rectangle(width!, height!, { isStatic: true });
    place(wall, x!, y!);
    return wall;
  });
  readonly #things = [
    rectangle(0.3, 0.2),
    rectangle(0.2, 0.4, { friction: 0.8, restitution: 0.3 }),
    polygon([
      { x: 0, y: 0 },
      { x: 0.3, y: 0 },
      { x: 0.1, y: 0.3 },
    ]),
    compound([corners([0.3, 0.1]), corners([0.1, 0.3], 0.1, 0.2)]),
    this.stirrer,
  ];
  readonly #bodies = [...this.#walls, ...this.#things];

  reset(): void {
    for (const [i, thing] of this.#things.entries()) place(thing, -0.6 + 0.3 * i, 0.3 * (i % 3), 0.7 * i);
    this.world.reset(this.#bodies);
  }

  /** Stirs at random for some engine steps. */
  run(steps: number, seed: number, between: () => void = () => {}): void {
    const rng = new Pcg64(seed);
    for (let i = 0; i < steps; i++) {
      drive(this.stirrer, rng.uniform(-2, 2), rng.uniform(-2, 2), 1);
      this.world.step();
      between();
    }
  }
}

const started = (): Heap => {
  const heap = new Heap();
  heap.reset();
  return heap;
};

t.test('a saved world goes on exactly as the one it was saved of', async (t) => {
  const heap = started();
  const other = started();
  other.run(50, 99);
  let contacts = 0;
  for (let i = 0; i < 20; i++) {
    heap.run(37 + i, i);
    const state = JSON.parse(JSON.stringify(heap.world.save()));
    contacts += state.contacts.length;
    other.world.load(state);
    t.same(other.world.save(), heap.world.save(), 'as saved');
    heap.run(100, 1000 + i);
    other.run(100, 1000 + i);
    t.same(other.world.save(), heap.world.save(), '100 steps later');
  }
  t.ok(contacts > 100, 'things were in contact');
});

t.test('a reset forgets everything', async (t) => {
  const [heap, other] = [started(), started()];
  other.run(300, 5);
  other.reset();
  heap.run(200, 6);
  other.run(200, 6);
  t.same(other.world.save(), heap.world.save());
});

t.test('what else runs in the process does not matter', async (t) => {
  const alone = started();
  alone.run(200, 7);
  Matter.Common.nextId();
  const rival = Matter.Engine.create();
  const busy = new Heap();
  const neighbour = started();
  busy.reset();
  busy.run(200, 7, () => {
    Matter.Composite.add(rival.world, Matter.Bodies.circle(Matter.Common.random(0, 50), 0, 5));
    Matter.Engine.update(rival, 10);
    neighbour.run(1, 8);
  });
  t.same(busy.world.save(), alone.world.save());
});

t.test('what is no state of this world is refused and changes nothing', async (t) => {
  const heap = started();
  heap.run(60, 1);
  const good = JSON.parse(JSON.stringify(heap.world.save()));
  t.ok(good.contacts.length > 0);
  const change = (key: string, index: number, value: unknown) => ({
    ...good,
    [key]: good[key].with(index, value),
  });
  const bad = [
    null,
    'state',
    {},
    { ...good, steps: 'now' },
    { ...good, bodies: good.bodies.slice(1) },
    change('bodies', 3, null),
    { ...good, order: good.order.slice(1) },
    change('order', 0, good.order[1]),
    change('order', 0, 99),
    change('order', 0, 0.5),
    { ...good, contacts: good.contacts.slice(1) },
    change('contacts', 0, 99),
    change('contacts', 1, -1),
    change('contacts', 3, 3),
    change('contacts', 4, 99),
    change('contacts', 5, 1000),
    change('contacts', 9, 1000),
  ];
  for (const state of bad) {
    t.throws(() => heap.world.load(state), { code: 'bad_snapshot' }, JSON.stringify(state)?.slice(0, 60));
    t.same(heap.world.save(), good);
  }
});

const close = (t: Test, got: number, wanted: number, message: string) =>
  t.ok(Math.abs(got - wanted) < 1e-9, `${message}: ${got} is ${wanted}`);

t.test('a body is placed as its corners say', async (t) => {
  const body = rectangle(0.4, 0.2);
  place(body, 0.5, -0.25, Math.PI / 2);
  close(t, positionX(body), 0.5, 'x');
  close(t, positionY(body), -0.25, 'y');
  const xs = body.vertices.map(({ x }) => x);
  const ys = body.vertices.map(({ y }) => y);
  close(t, Math.max(...xs) - Math.min(...xs), 20, 'its height lies along x');
  close(t, Math.max(...ys) - Math.min(...ys), 40, 'its width along y');
  t.same([velocityX(body), velocityY(body)], [0, 0]);
});

/** Steps one body alone. */
function fly(body: Body, steps: number, gravity = 0): void {
  const world = new World(gravity);
  world.reset([body]);
  for (let i = 0; i < steps; i++) world.step();
}

t.test('speeds are a second, and gravity is what it is said to be', async (t) => {
  const body = disc(0.1, { frictionAir: 0 });
  place(body, 0, 0);
  setVelocity(body, 0.6, -1.2);
  fly(body, 30);
  close(t, positionX(body), 0.3, 'x after half a second');
  close(t, positionY(body), -0.6, 'y after half a second');
  place(body, 0, 0);
  fly(body, 60, 3);
  close(t, velocityY(body), 3, 'speed after a second of falling');
});

t.test('a motor changes the velocity by so much at most', async (t) => {
  const body = disc(0.1);
  place(body, 0, 0);
  drive(body, 3, 4, 1);
  close(t, velocityX(body), 0.6, 'x');
  close(t, velocityY(body), 0.8, 'y');
  drive(body, 0.6, 1, 1);
  close(t, velocityX(body), 0.6, 'x of a small change');
  close(t, velocityY(body), 1, 'y of a small change');
});

t.test('a slider keeps a body on its rail and between its ends', async (t) => {
  const body = disc(0.1, { frictionAir: 0 });
  place(body, 0.45, 0);
  setVelocity(body, 6, 6);
  fly(body, 1);
  slide(body, 0, -0.5, 0.5);
  t.same([positionX(body), positionY(body), velocityX(body), velocityY(body)], [0.5, 0, 0, 0]);
  place(body, 0, 0);
  setVelocity(body, 6, 6);
  fly(body, 1);
  slide(body, 0, -0.5, 0.5);
  close(t, positionX(body), 0.1, 'it slides on along the rail');
  close(t, velocityX(body), 6, 'with its speed');
  t.equal(velocityY(body), 0);
});
