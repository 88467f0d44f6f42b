import t from 'tap';
import { Samples } from '../../scripts/top/prometheus-text.js';
import { line, screen } from '../../scripts/top/view.js';
import { Server } from '../../server/index.js';
import { farstep } from './command.js';

t.setTimeout(100_000);

const page = (values: Readonly<Record<string, number | string>>): string =>
  Object.entries(values)
    .map(([name, value]) => `# HELP ${name} something {x="1"} 2\n${name} ${value}`)
    .join('\n');

const BEFORE = {
  farstep_ready: 1,
  'farstep_limit{limit="sessions"}': 1024,
  'farstep_sessions{state="connected"}': 3,
  'farstep_sessions{state="away"}': 1,
  'farstep_envs{env="A-v0"}': 4,
  'farstep_envs{env="B-v0"}': 100,
  'farstep_env_steps_total{env="A-v0"}': 1000,
  'farstep_step_seconds_bucket{le="0.001"}': 10,
  'farstep_step_seconds_bucket{le="0.01"}': 10,
  'farstep_step_seconds_bucket{le="+Inf"}': 10,
  farstep_step_seconds_count: 10,
  'farstep_errors_total{code="bad_action"}': 5,
  farstep_received_bytes_total: 0,
  process_start_time_seconds: 1000,
  process_cpu_seconds_total: 1,
};

const look = (changes: Readonly<Record<string, number | string>>, at: number) => ({
  samples: new Samples(page({ ...BEFORE, ...changes })),
  at,
});

t.test('rates are those of the interval', async (t) => {
  const after = {
    'farstep_env_steps_total{env="A-v0"}': 1500,
    'farstep_env_steps_total{env="B-v0"}': 2_000_000,
    'farstep_step_seconds_bucket{le="0.001"}': 60,
    'farstep_step_seconds_bucket{le="0.01"}': 108,
    'farstep_step_seconds_bucket{le="+Inf"}': 110,
    farstep_step_seconds_count: 110,
    'farstep_errors_total{code="bad_action"}': 7,
    farstep_received_bytes_total: 5_000_000,
    process_cpu_seconds_total: 2.5,
  };
  const shown = screen('ws://x', look({}, 10_000), look(after, 12_000), 1000 + 90_061);
  t.equal(shown[0], 'ws://x  ready  up 1 d 1 h');
  for (const row of [
    'sessions     4 of 1,024, 1 of them away',
    'steps/s      50, of envs 1,000,250',
    'latency      p50 1.0 ms, p99 10 ms', // 50 of 100 below 1 ms; the 99th is beyond the last bound
    'bytes/s      2.5 MB in, 0 B out',
    'process      75% of a core, 0 B of memory, heap 0 B',
    'B-v0                               100     1,000,000',
    'A-v0                                 4           250',
    'bad_action                           7             1',
  ]) {
    t.ok(shown.includes(row), row);
  }
  t.ok(
    shown.indexOf(shown.find((row) => row.startsWith('B-v0'))!) <
      shown.findIndex((row) => row.startsWith('A-v0')),
  );
  const plain = line(look({}, 10_000), look(after, 12_000), new Date(0));
  t.match(
    plain,
    /^1970-01-01T00:00:00 {2}ready {2}sessions 3\+1 .* steps\/s 50 {2}env-steps\/s 1,000,250 .*errors\/s 1 /,
  );
});

t.test('the first look has no rates', async (t) => {
  const shown = screen('ws://x', undefined, look({}, 5000), 1065);
  t.match(shown[0], /up 1 min 5 s$/);
  t.ok(shown.includes('steps/s      –, of envs –'));
  t.ok(shown.includes('bad_action                           5             –'));
});

t.test('a server that began anew', async (t) => {
  const shown = screen(
    'ws://x',
    look({}, 0),
    look({ 'farstep_env_steps_total{env="A-v0"}': 20 }, 2000),
    1000,
  );
  t.ok(shown.includes('A-v0                                 4            10'));
});

t.test('labels as Prometheus writes them', async (t) => {
  const samples = new Samples('x{l="a\\"b\\\\c\\nd"} 3\ny_bucket{le="+Inf"} 4\nz +Inf\n# w 5');
  t.same(samples.by('x'), [['a"b\\c\nd', 3]]);
  t.same(samples.by('y_bucket'), [['+Inf', 4]]);
  t.equal(samples.get('z'), Number.POSITIVE_INFINITY);
  t.equal(samples.get('w'), 0);
});

t.test('a line an interval where there is no terminal', async (t) => {
  const server = await Server.start();
  t.teardown(() => server.close(0));
  const { code, stdout } = await farstep(
    t.testdir(),
    'top',
    '--url',
    server.url,
    '--interval',
    '0.01',
    '--times',
    '2',
  );
  t.equal(code, 0);
  t.match(stdout, /^(\S+T\S+ {2}ready {2}sessions 0\+0 .*\n){2}$/);
});

t.test('no server', async (t) => {
  const { code, stderr } = await farstep(t.testdir(), 'top', '--url', 'ws://127.0.0.1:1');
  t.equal(code, 1);
  t.match(stderr, /^error: no metrics from ws:\/\/127\.0\.0\.1:1: ECONNREFUSED\n$/);
});
