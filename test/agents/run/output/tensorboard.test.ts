import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { TensorBoardWriter } from '../../../../agents/run/output/tensorboard.js';

const contentOf = (dir: string) => readFileSync(join(dir, readdirSync(dir)[0]!)).toString('hex');

/*
 * The expected bytes were read with TensorBoard 2.21.0 (event_accumulator.EventAccumulator), which gave exactly:
 *   episode_return     [(1735689600.5, 0, -1.5), (1735689600.5, 300, 2.25)]
 *   loss               [(1735689600.5, 300, 0.10000000149011612), (1735689600.5, 5000000000, nan)]
 *   evaluation/return  [(1735689600.5, 1099511627776, inf)]
 */
t.test('the file is the one that TensorBoard was seen to read', (t) => {
  const dir = t.testdir();
  const writer = new TensorBoardWriter(dir, undefined, () => 1735689600500);
  writer.write(0, { episode_return: -1.5 });
  writer.write(300, { episode_return: 2.25, loss: 0.1 });
  writer.write(5e9, { loss: NaN });
  writer.write(2 ** 40, { 'evaluation/return': Infinity });
  writer.close();
  t.match(readdirSync(dir), [/^events\.out\.tfevents\.1735689600\.\d+\.farstep$/]);
  t.equal(
    contentOf(dir),
    [
      // length, its masked CRC, Event{wall_time, file_version}, its masked CRC
      '1800000000000000a37f4b22090000206021ddd9411a0d627261696e2e4576656e743a32a0cfd550',
      '2400000000000000422b804d090000206021ddd94110002a170a150a0e657069736f64655f72657475726e150000c0bf726fa254',
      '3200000000000000241956ec090000206021ddd94110ac022a240a150a0e657069736f64655f72657475726e15000010400a0b0a046c6f737315cdcccc3d87f3b38d',
      '1e00000000000000d9dc1232090000206021ddd9411080e497d0122a0d0a0b0a046c6f7373150000c07f1995f6dd',
      '2c00000000000000f4aecc45090000206021ddd941108080808080202a1a0a180a116576616c756174696f6e2f72657475726e150000807f9176f637',
    ].join(''),
  );
  t.end();
});

/* With a first file of steps 0 to 500, TensorBoard showed steps 0 to 300 of it, and then those of this one. */
t.test('a resumed run tells TensorBoard which steps to drop', (t) => {
  const dir = t.testdir();
  new TensorBoardWriter(dir, 300, () => 1735689660500).close();
  const session = '0900002 06f21ddd941'.replace(' ', '');
  t.match(contentOf(dir), `${session}10ad023a020801`, 'Event{step: 301, session_log{status: START}}');
  t.end();
});

t.test('a directory that cannot be written is refused', (t) => {
  t.throws(() => new TensorBoardWriter(join(t.testdir(), 'missing')), {
    name: 'RunError',
    message: /ENOENT/,
  });
  t.end();
});
