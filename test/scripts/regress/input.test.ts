import t from 'tap';
import { farstep } from '../command.js';
import { TINY } from './tiny.js';

// Each command is a process of its own.
t.setTimeout(900_000);

t.test('what is wrong is told before anything is trained', async (t) => {
  const cases: [object, RegExp][] = [
    [{ settings: { gama: 1 } }, /no setting "gama"; did you mean "gamma"\?/],
    [{ env: 'Pendulum-v1' }, /claim a: this agent takes a Discrete action space|claim a: .*Discrete/],
  ];
  for (const [fields, message] of cases) {
    const dir = t.testdir({ 'c.json': JSON.stringify({ claims: [{ ...TINY, name: 'a', ...fields }] }) });
    const { code, stdout, stderr } = await farstep(dir, 'regress', 'c.json');
    t.equal(code, 1);
    t.match(stderr, message);
    t.notMatch(stdout, /progress/);
  }
  const dir = t.testdir({ 'c.json': JSON.stringify({ claims: [{ ...TINY, name: 'a' }] }) });
  t.match((await farstep(dir, 'regress')).stderr, /which claims file\?/);
  t.match((await farstep(dir, 'regress', 'd.json')).stderr, /d\.json cannot be read: it does not exist/);
  t.match(
    (await farstep(dir, 'regress', 'c.json', '--claim', 'b')).stderr,
    /no claim "b"; did you mean "a"\?/,
  );
  t.match((await farstep(dir, 'regress', '--resume', dir)).stderr, /is not the directory of a regression/);
});
