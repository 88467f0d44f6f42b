import t from 'tap';
import { Lines } from '../../../../agents/run/output/lines.js';
import { Progress } from '../../../../agents/run/output/progress.js';

const ESC = '\x1b';
const PARTS = new RegExp(`${ESC}\\[(?<up>\\d+)A|\\r|${ESC}\\[J|\\n|[^${ESC}\\r\\n]+`, 'g');

/** A terminal that understands what Lines writes: up by some lines, to the first column, clear from there on. */
class Screen {
  readonly isTTY = true;
  readonly columns = 60;
  rows: string[] = [''];

  write(text: string): void {
    for (const { 0: part, groups } of text.matchAll(PARTS)) {
      if (groups?.up) this.#row -= Number(groups.up);
      else if (part === `${ESC}[J`) this.rows = [...this.rows.slice(0, this.#row), ''];
      else if (part === '\n') this.rows[++this.#row] ??= '';
      else if (part !== '\r') this.rows[this.#row] += part;
    }
  }

  #row = 0;
}

t.test('on a terminal, a line for each is redrawn in place below what stays', async (t) => {
  const screen = new Screen();
  const lines = new Lines(screen);
  let now = 0;
  const closes: (() => void)[] = [];
  const [three, seven] = [3, 7].map((seed) => {
    const { stream, close } = lines.open({ seed });
    closes.push(close);
    return new Progress({ stream, total: 100, now: () => now });
  });
  lines.message('two runs');
  now = 1000;
  three!.update(10);
  seven!.update(50, { loss: 1 });
  t.match(screen.rows, [
    'two runs',
    /^seed 3 {2}10\/100 \(10%\) {2}10 steps/,
    /^seed 7 {2}50\/100 .*loss 1$/,
    '',
  ]);
  seven!.message('saved');
  now = 2000;
  three!.update(20);
  three!.end();
  t.match(screen.rows, ['two runs', 'seed 7: saved', /^seed 3 {2}20\/100/, /^seed 7 {2}50\/100/, '']);
  closes[0]!();
  now = 3000;
  seven!.update(60);
  t.match(screen.rows, ['two runs', 'seed 7: saved', /^seed 3 {2}20\/100/, /^seed 7 {2}60\/100/, '']);
  t.ok(
    screen.rows.every((row) => row.length < screen.columns),
    'nothing wraps',
  );
});

t.test('elsewhere, JSON lines tell whose they are', async (t) => {
  const written: string[] = [];
  const lines = new Lines({ write: (text) => written.push(text) });
  const { stream } = lines.open({ claim: 'a', seed: 3 });
  t.notOk(stream.isTTY);
  stream.write('{"event":"progress","step":1}\n');
  lines.message('done');
  t.same(written, [
    '{"claim":"a","seed":3,"event":"progress","step":1}\n',
    '{"event":"message","text":"done"}\n',
  ]);
});
