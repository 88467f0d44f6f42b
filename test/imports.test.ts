/** Who may import whom: design rules that keep a client free of servers, an agent free of envs, and so on. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** For each folder, the files outside it that its files may import. `scripts` and `test` may import anything. */
const ALLOWED: Readonly<Record<string, readonly RegExp[]>> = {
  protocol: [],
  envs: [/^protocol\/spaces\//, /^protocol\/(dtypes|errors|nearest|spec)\.ts$/],
  server: [/^protocol\//, /^envs\//],
  agents: [/^protocol\//],
};

interface Import {
  /** As written. */
  readonly name: string;
  /** The file it means, from the root; undefined for a package. */
  readonly target: string | undefined;
  /** Gone when the code runs. */
  readonly typeOnly: boolean;
}

const STATEMENT = /^(?:import|export)\s+(?<what>type\s+)?(?:(?<names>[^'";]*?)\s+from\s+)?'(?<from>[^']+)'/gm;
const DYNAMIC = /\bimport\('(?<from>[^']+)'\)/g;

function importsOf(file: string): Import[] {
  const source = readFileSync(join(ROOT, file), 'utf8');
  const read = (name: string, typeOnly: boolean): Import => {
    const target = name.startsWith('.') ? join(dirname(file), name).replace(/\.js$/, '.ts') : undefined;
    return { name, target, typeOnly };
  };
  const onlyTypes = (names: string) => /^\{(\s*type\s[^,}]+,?)*\s*\}$/.test(names);
  return [
    ...[...source.matchAll(STATEMENT)].map(({ groups }) =>
      read(groups!.from!, groups!.what !== undefined || onlyTypes(groups!.names ?? '')),
    ),
    ...[...source.matchAll(DYNAMIC)].map(({ groups }) => read(groups!.from!, false)),
  ];
}

const filesIn = (folder: string): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
    .map((name) => join(folder, name));

const graph = new Map(
  Object.keys(ALLOWED)
    .flatMap(filesIn)
    .map((file) => [file, importsOf(file)]),
);

t.test('the statements are found', async (t) => {
  t.ok(graph.size > 50);
  const client = graph.get('protocol/client/client.ts')!;
  t.match(client, [
    { name: '../messages.js', target: 'protocol/messages.ts', typeOnly: true },
    { target: 'protocol/spec.ts', typeOnly: true },
    { target: 'protocol/client/connection.ts', typeOnly: false },
  ]);
  t.match(
    graph.get('protocol/client/socket.ts')!.map(({ name }) => name),
    ['ws'],
    'those inside functions too',
  );
});

for (const [folder, allowed] of Object.entries(ALLOWED)) {
  t.test(`${folder} imports what it may`, async (t) => {
    for (const [file, imports] of graph) {
      if (!file.startsWith(`${folder}/`)) continue;
      const wrong = imports.filter(({ target }) => {
        if (target === undefined || target.startsWith(`${folder}/`)) return false;
        return !allowed.some((pattern) => pattern.test(target));
      });
      t.same(
        wrong.map(({ name }) => name),
        [],
        `${file} imports ${wrong.map(({ target }) => target).join(', ') || 'what it may'}`,
      );
    }
  });
}

t.test('protocol runs in browsers', async (t) => {
  for (const [file, imports] of graph) {
    if (!file.startsWith('protocol/')) continue;
    const node = imports.filter(({ name }) => name.startsWith('node:')).map(({ name }) => name);
    t.same(node, [], `${file} imports ${node.join(', ') || 'no module of Node'}`);
  }
});

t.test('no file imports itself by way of others', async (t) => {
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    const again = path.indexOf(file);
    if (again >= 0) t.fail(`a cycle: ${[...path.slice(again), file].join(' → ')}`);
    if (again >= 0 || done.has(file)) return;
    for (const { target, typeOnly } of graph.get(file) ?? []) {
      if (target !== undefined && !typeOnly) visit(target, [...path, file]);
    }
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
  t.equal(done.size, graph.size);
});
