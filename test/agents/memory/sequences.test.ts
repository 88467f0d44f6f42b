/** Memory that knows what comes before and behind a transition: stacks of frames, segments, whole episodes. */
import fc from 'fast-check';
import t from 'tap';
import { Newest } from '../../../agents/memory/newest.js';
import { Replay } from '../../../agents/memory/replay.js';
import { Random } from '../../../agents/random.js';
import type { TypedArray } from '../../../protocol/dtypes.js';
import { Box, Discrete } from '../../../protocol/spaces/index.js';
import { memoryCheckpoint } from '../checkpoint-in-memory.js';
import { stepResult } from './helpers.js';

const actions = new Discrete(100).leaves;
const common = { numEnvs: 1, actions, nStep: 1, gamma: 0.5 };
const action = Int32Array.of(0);

/** Pictures of 2 × 1 pixels in stacks of three: frame x has pixels x and −x. */
const COUNT = 3;
const picture = new Box(-Infinity, Infinity, [2, 1, COUNT]).leaves;

/** Feeds memories with stacks made of a stream of frames, the way StackedEnv makes them. */
class Feeder {
  #stack: number[] = [];
  #serial = 0;
  constructor(readonly memories: readonly Replay[]) {}

  static slab = (stack: readonly number[]): TypedArray =>
    Float32Array.from([...stack, ...stack.map((frame) => -frame)]);

  begin(): void {
    this.#stack = new Array(COUNT).fill(++this.#serial);
    for (const memory of this.memories) memory.begin([Feeder.slab(this.#stack)]);
  }

  /** @param end how the episode ends, if it does */
  step(end?: 'terminated' | 'truncated'): void {
    const next = [...this.#stack.slice(1), ++this.#serial];
    const first = new Array<number>(COUNT).fill(this.#serial + 1);
    if (end) this.#serial += 1;
    const stacks = new Map([
      [0, end ? first : next],
      [1, next],
    ]);
    const outcome = { next: 0, ...(end && { end: { terminated: end === 'terminated', final: 1 } }) };
    const result = stepResult([outcome], [this.#serial], ([which]) => Feeder.slab(stacks.get(which!)!));
    for (const memory of this.memories) memory.add([action], result);
    this.#stack = end ? first : next;
  }
}

/** Every transition that can be drawn, as text, by its reward. */
function contents(memory: Replay): Map<number, string> {
  const batch = memory.batch(64);
  const random = new Random(1);
  const found = new Map<number, string>();
  for (let i = 0; i < 30; i++) {
    memory.sample(random, batch);
    for (let row = 0; row < batch.n; row++) {
      const [s, next] = [batch.observations, batch.nextObservations].map(([slab]) =>
        slab!.subarray(6 * row, 6 * row + 6).join(),
      );
      found.set(batch.returns[row]!, `${s} → ${next}`);
    }
  }
  return found;
}

t.test('frames of stacks are kept once and put together again', async (t) => {
  const memory = new Replay({ ...common, capacity: 8, observations: picture, stacks: [COUNT] });
  const feeder = new Feeder([memory]);
  feeder.begin(); // frame 1
  feeder.step(); // 2
  feeder.step(); // 3
  feeder.step('terminated'); // final 4, then 5
  feeder.step(); // 6
  t.same(Object.fromEntries(contents(memory)), {
    2: '1,1,1,-1,-1,-1 → 1,1,2,-1,-1,-2',
    3: '1,1,2,-1,-1,-2 → 1,2,3,-1,-2,-3',
    5: '1,2,3,-1,-2,-3 → 2,3,4,-2,-3,-4',
    6: '5,5,5,-5,-5,-5 → 5,5,6,-5,-5,-6',
  });
});

t.test('property: as a memory of whole stacks, but for those whose frames made room', async (t) => {
  const events = fc.array(fc.constantFrom('step', 'step', 'step', 'terminated', 'truncated', 'begin'), {
    minLength: 1,
    maxLength: 40,
  });
  fc.assert(
    fc.property(events, fc.integer({ min: 6, max: 15 }), (stream, capacity) => {
      const whole = new Replay({ ...common, capacity, observations: picture });
      const once = new Replay({ ...common, capacity, observations: picture, stacks: [COUNT] });
      const feeder = new Feeder([whole, once]);
      feeder.begin();
      feeder.step();
      for (const event of stream) {
        if (event === 'begin') feeder.begin();
        else feeder.step(event === 'step' ? undefined : (event as 'terminated'));
      }
      feeder.step();
      feeder.step();
      feeder.step();
      const [expected, found] = [contents(whole), contents(once)];
      for (const [reward, text] of found) t.equal(text, expected.get(reward));
      const missing = [...expected.keys()].filter((reward) => !found.has(reward));
      t.ok(missing.length < COUNT, `${missing.length} are missing`);
      t.ok(
        missing.every((reward) => reward < Math.min(...found.keys())),
        'none but the oldest',
      );
    }),
    { numRuns: 100 },
  );
});

/** One env whose observation is a number; rewards are powers of two. */
function numbered(memory: Replay): void {
  memory.begin([Float32Array.of(10)]);
  memory.add([Int32Array.of(1)], stepResult([{ next: 11 }], [1]));
  memory.add([Int32Array.of(2)], stepResult([{ next: 12 }], [2]));
  memory.add([Int32Array.of(3)], stepResult([{ next: 20, end: { terminated: true, final: 13 } }], [4]));
  memory.add([Int32Array.of(4)], stepResult([{ next: 30, end: { terminated: false, final: 21 } }], [8]));
  memory.add([Int32Array.of(5)], stepResult([{ next: 31 }], [16]));
}
const scalar = new Box(-Infinity, Infinity, []).leaves;

t.test('segments: every step until the episode ends, or none is left', async (t) => {
  const memory = new Replay({ ...common, capacity: 12, observations: scalar });
  numbered(memory);
  const segments = memory.segments(200, 2);
  memory.sampleSegments(new Random(0), segments);
  const seen = new Set<string>();
  for (let row = 0; row < segments.n; row++) {
    const length = segments.lengths[row]!;
    const part = (array: ArrayLike<unknown>, width: number, count: number) =>
      Array.from({ length: count }, (_, i) => array[row * width + i]).join();
    seen.add(
      [
        part(segments.observations[0]!, 3, length + 1),
        part(segments.actions[0]!, 2, length),
        part(segments.rewards, 2, length),
        part(segments.discounts, 2, length),
      ].join(' | '),
    );
  }
  t.same([...seen].sort(), [
    '10,11,12 | 1,2 | 1,2 | 0.5,0.5',
    '11,12,13 | 2,3 | 2,4 | 0.5,0',
    '12,13 | 3 | 4 | 0',
    '20,21 | 4 | 8 | 0.5',
    '30,31 | 5 | 16 | 0.5',
  ]);
});

t.test('segments sum up to the returns of transitions', async (t) => {
  const memory = new Replay({ ...common, nStep: 3, capacity: 7, observations: scalar });
  numbered(memory);
  numbered(memory);
  const [batch, segments] = [memory.batch(100), memory.segments(100, 3)];
  memory.sample(new Random(3), batch);
  memory.sampleSegments(new Random(3), segments);
  t.same(batch.slots, segments.slots);
  for (let row = 0; row < 100; row++) {
    let [sum, discount] = [0, 1];
    for (let k = 0; k < segments.lengths[row]!; k++) {
      sum += discount * segments.rewards[3 * row + k]!;
      discount *= segments.discounts[3 * row + k]!;
    }
    if (sum !== batch.returns[row] || discount !== batch.discounts[row]) t.fail(`row ${row}`);
    const reached = segments.observations[0]![4 * row + segments.lengths[row]!];
    if (reached !== batch.nextObservations[0]![row]) t.fail(`state of row ${row}`);
  }
});

const episodes = {
  env: {
    id: 'x',
    options: {},
    numEnvs: 1,
    contractHash: '',
    observationSpace: new Box(-9, 9, []),
    actionSpace: new Discrete(9),
  },
  lengths: Int32Array.of(2, 1),
  terminated: Uint8Array.of(0, 1),
  rewards: Float64Array.of(1, 2, 3),
  observations: [Float32Array.of(10, 11, 12, 20, 21)],
  actions: [Int32Array.of(5, 6, 7)],
};

t.test('episodes that somebody else collected', async (t) => {
  const memory = new Replay({ ...common, numEnvs: 2, capacity: 20, observations: scalar });
  memory.remember(episodes);
  t.equal(memory.size, 3);
  const batch = memory.batch(100);
  memory.sample(new Random(0), batch);
  const seen = new Set(
    Array.from(batch.returns, (reward, row) =>
      [
        batch.observations[0]![row],
        batch.actions[0]![row],
        reward,
        batch.discounts[row],
        batch.nextObservations[0]![row],
      ].join(),
    ),
  );
  t.same([...seen].sort(), ['10,5,1,0.5,11', '11,6,2,0.5,12', '20,7,3,0,21']);
  memory.begin([Float32Array.of(1, 2)]);
  memory.add([Int32Array.of(0, 0)], stepResult([{ next: 3 }, { next: 4 }], [8, 8]));
  t.equal(memory.size, 5, 'and its own after them');
  const small = new Replay({ ...common, capacity: 5, observations: scalar });
  t.throws(() => small.remember(episodes), {
    message: 'the data set has 5 observations, the memory has room for 5: set memory to 8 or more',
  });
});

t.test('memory that evicts at once', async (t) => {
  const memory = new Newest({ numEnvs: 2, observations: scalar, actions, gamma: 0.5 });
  const batch = memory.batch(2);
  memory.begin([Float32Array.of(1, 2)]);
  const draw = () => {
    memory.sample(new Random(0), batch);
    return [batch.observations, batch.nextObservations].map(([slab]) => [...(slab as Float32Array)]);
  };
  memory.add([Int32Array.of(0, 0)], stepResult([{ next: 3 }, { next: 4 }], [0, 0]));
  t.same(draw(), [
    [1, 2],
    [3, 4],
  ]);
  const end = { terminated: true, final: 6 };
  memory.add([Int32Array.of(0, 0)], stepResult([{ next: 5 }, { next: 7, end }], [0, 0]));
  t.same(draw(), [
    [3, 4],
    [5, 6],
  ]);
  memory.begin([Float32Array.of(8, 9)]);
  memory.add([Int32Array.of(0, 0)], stepResult([{ next: 10 }, { next: 11 }], [0, 0]));
  t.same(draw(), [
    [8, 9],
    [10, 11],
  ]);
  const other = new Newest({ numEnvs: 2, observations: scalar, actions, gamma: 0.5 });
  await other.load(memoryCheckpoint(memory.save()));
  const copy = other.batch(2);
  other.sample(new Random(0), copy);
  t.same(copy, batch);
});
