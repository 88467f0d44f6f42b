import t from 'tap';
import { Progress } from '../../../../agents/run/output/progress.js';

/** Back to the first column, and away with what the line held. */
const CLEAR = '\r\x1b[K';

class FakeStream {
  isTTY = false;
  columns = 100;
  text = '';

  write(text: string): void {
    this.text += text;
  }

  /** What has been written since the last call. */
  take(): string {
    const { text } = this;
    this.text = '';
    return text;
  }
}

function started(options: { tty: boolean; total?: number; start?: number }) {
  const stream = new FakeStream();
  stream.isTTY = options.tty;
  const clock = { ms: 0 };
  const { total = 200_000, start } = options;
  const progress = new Progress({ stream, total, ...(start && { start }), now: () => clock.ms });
  return { stream, clock, progress };
}

t.test('on a terminal, one line is redrawn in place', (t) => {
  const { stream, clock, progress } = started({ tty: true });
  progress.update(10);
  t.equal(stream.take(), '', 'not at once');
  clock.ms = 20_000;
  for (const x of [5, 7.5]) progress.episode(x);
  progress.update(45_200, { loss: 0.012345, epsilon: 0.1 });
  t.equal(
    stream.take(),
    `${CLEAR}45,200/200,000 (22%)  2,260 steps/s  ETA 1:09  return 6.25  loss 0.0123  epsilon 0.1`,
  );
  clock.ms += 99;
  progress.update(45_300);
  t.equal(stream.take(), '', 'at most ten times a second');
  clock.ms += 1;
  progress.update(45_400);
  t.match(stream.take(), /45,400.* loss 0\.0123 {2}epsilon 0\.1$/, 'values stay until others come');
  progress.end();
  t.match(stream.take(), /45,400\/200,000.*\n$/);
  t.end();
});

t.test('the line loses parts from the right to fit the terminal', (t) => {
  const full = '1,000/200,000 (0%)  1,000 steps/s  ETA 3:19  return 1  loss 1';
  const drawn = (columns: number) => {
    const { stream, clock, progress } = started({ tty: true });
    stream.columns = columns;
    progress.episode(1);
    clock.ms = 1000;
    progress.update(1000, { loss: 1 });
    return stream.take().replace(CLEAR, '');
  };
  t.equal(drawn(full.length + 1), full, 'the last column stays free');
  t.equal(drawn(full.length), full.replace('  loss 1', ''));
  t.equal(drawn(36), '1,000/200,000 (0%)  1,000 steps/s');
  t.equal(drawn(20), '1,000/200,000 (0%)');
  t.equal(drawn(11), '1,000/200,');
  t.end();
});

t.test('a message goes above the line', (t) => {
  const { stream, clock, progress } = started({ tty: true });
  clock.ms = 1000;
  progress.update(1000);
  const line = stream.take().replace(CLEAR, '');
  progress.message('saved');
  t.equal(stream.take(), `${CLEAR}saved\n${line}`);
  t.end();
});

t.test('elsewhere, JSON lines every five seconds and at the end', (t) => {
  const { stream, clock, progress } = started({ tty: false, total: 30_000 });
  clock.ms = 4999;
  progress.update(4999, { loss: NaN });
  t.equal(stream.take(), '');
  clock.ms = 5000;
  progress.update(5000);
  t.equal(
    stream.take(),
    '{"event":"progress","step":5000,"total":30000,"steps_per_second":1000,"eta_seconds":25,"mean_return":null,"loss":"NaN"}\n',
  );
  progress.message('saved\nand well');
  t.equal(stream.take(), '{"event":"message","text":"saved\\nand well"}\n');
  clock.ms = 6000;
  progress.episode(3);
  progress.update(6000, {});
  t.equal(stream.take(), '');
  progress.end();
  t.same(JSON.parse(stream.take()), {
    event: 'progress',
    step: 6000,
    total: 30000,
    steps_per_second: 1000,
    eta_seconds: 24,
    mean_return: 3,
  });
  t.end();
});

t.test('steps a second are of the last ten seconds, and do not count what a resumed run had done', (t) => {
  const { stream, clock, progress } = started({ tty: false, total: 1e6, start: 500_000 });
  const rateAt = (seconds: number, step: number) => {
    clock.ms = seconds * 1000;
    progress.update(step);
    return JSON.parse(stream.take()).steps_per_second;
  };
  t.equal(rateAt(5, 500_500), 100);
  t.equal(rateAt(10, 501_000), 100);
  t.equal(rateAt(15, 506_000), 550, 'from second 5 on: 5,500 steps in 10 s');
  t.equal(rateAt(20, 511_000), 1000);
  t.end();
});

t.test('the mean return is of the last hundred episodes', (t) => {
  const { stream, clock, progress } = started({ tty: false });
  for (let i = 0; i < 50; i++) progress.episode(1000);
  for (let i = 0; i < 100; i++) progress.episode(i);
  clock.ms = 5000;
  progress.update(1);
  t.equal(JSON.parse(stream.take()).mean_return, 49.5);
  t.end();
});

t.test('before anything moves there is no telling when it ends', (t) => {
  const json = started({ tty: false });
  json.progress.end();
  t.equal(JSON.parse(json.stream.take()).eta_seconds, null);
  const tty = started({ tty: true, total: 1e8 });
  tty.progress.end();
  t.match(tty.stream.take(), 'ETA --:--');
  tty.clock.ms = 10_000;
  tty.progress.update(100_000);
  t.match(tty.stream.take(), 'ETA 2:46:30');
  t.end();
});
