/** What a session may take of the main thread's time, and how long it rests for it, in exact numbers. */
import t from 'tap';
import { Allowance } from '../../server/rest.js';

const others = (count: number) => () => count;

t.test('an allowance', async (t) => {
  const allowance = new Allowance();
  t.equal(allowance.take(5, 0, others(50)), 0, 'five milliseconds at once hold nobody up');
  t.equal(allowance.take(1, 0, others(50)), 200, 'beyond it four times its time for each of the others');
  t.equal(allowance.take(1, 100, others(50)), 300, 'a rest that was cut short is made up for');
  t.equal(allowance.take(2, 100 + 300, others(50)), 400, 'the five milliseconds come back later');
  t.equal(allowance.take(5, 400 + 1400, others(50)), 0, 'as time goes by');
});

t.test('what is small counts for nothing, however much of it there is', async (t) => {
  const allowance = new Allowance();
  t.equal(allowance.take(5, 0, others(50)), 0);
  for (let i = 0; i < 1000; i++) t.equal(allowance.take(0.24, 0, others(50)), 0);
  t.equal(allowance.take(0.25, 0, others(50)), 50);
});

t.test('with few others', async (t) => {
  t.equal(new Allowance().take(20, 0, others(0)), 0, 'who is alone never rests');
  t.equal(new Allowance().take(20, 0, others(1)), 60);
  const allowance = new Allowance();
  t.equal(allowance.take(20, 0, others(0)), 0);
  t.equal(allowance.take(5, 0, others(1)), 0, 'and owes nothing when others come');
});

t.test('ten seconds at most at once, but what is owed stays owed', async (t) => {
  const allowance = new Allowance();
  t.equal(allowance.take(105, 0, others(50)), 10_000);
  t.equal(allowance.take(1, 10_000, others(50)), 10_000);
  t.equal(allowance.take(0.25, 20_000, others(50)), 250);
});

t.test('who takes little for long is not asked for it when time has passed', async (t) => {
  const allowance = new Allowance();
  for (let i = 0; i < 1000; i++) t.equal(allowance.take(1, 1000 * i, others(50)), 0, '1 ms a second');
});
