/**
 * Frames as hex in which what a server is free to choose is a hole: `85a474797065…a773657373696f6e{session}…`.
 * A hole stands for exactly one msgpack value. What the client sends back holds the value that the server sent last
 * under that name.
 */
import { type Node, parseTree, plain } from './msgpack-tree.js';

/** Of an env, beside the wire: its texts, its own settings, and a hash over them. */
const CONTRACT = [
  'contract.spec.description',
  'contract.spec.source',
  'contract.spec.options',
  'contract.options',
  'contract.hash',
];

/** The values that a server chooses, by the type of its message; `*` is any index of an array. */
const CHOSEN: Readonly<Record<string, readonly string[]>> = {
  welcome: ['session', 'resume', 'server'],
  listed: ['envs'],
  made: CONTRACT,
  created: [...CONTRACT, 'world'],
  joined: CONTRACT,
  shared: ['token'],
  subscribed: [...CONTRACT, 'stream'],
  over: ['stream'],
  snapshotted: ['snapshots.*'],
  rendered: ['width', 'height', 'data'],
  error: ['message'],
};

/** The places where a client sends such values back. */
const RETURNED: Readonly<Record<string, readonly string[]>> = {
  hello: ['resume'],
  join: ['world'],
  restore: ['snapshots.*'],
  subscribe: ['token'],
  credit: ['stream'],
  unsubscribe: ['stream'],
};

/** A hole of a frame. */
export interface Hole {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/** Makes the templates of one session, whose holes keep their values from frame to frame. */
export class Templates {
  /** Hex of the latest value under each name. */
  readonly #values = new Map<string, string>();

  /** The holes of a frame, in the order of its bytes. */
  holes(from: 'client' | 'server', frame: Buffer): readonly Hole[] {
    const root = parseTree(frame);
    const type = (plain(root) as { readonly type?: unknown }).type;
    const paths = (from === 'server' ? CHOSEN : RETURNED)[String(type)] ?? [];
    const found = [...paths.flatMap((path) => nodesAt(root, path.split('.'), '')), ...streamOf(root)].sort(
      (a, b) => a.start - b.start,
    );
    const hex = ({ start, end }: Hole) => frame.toString('hex', start, end);
    if (from === 'client') return found.filter((hole) => this.#values.get(hole.name) === hex(hole));
    for (const hole of found) this.#values.set(hole.name, hex(hole));
    return found;
  }
}

/** What a sample names its stream by. */
function streamOf({ elements }: Node): Hole[] {
  const [kind, stream] = elements ?? [];
  if (!kind || !stream || ![3, 4].includes(plain(kind) as number)) return [];
  return [{ name: 'stream', start: stream.start, end: stream.end }];
}

/** The value at a path, named by its last part; with the index where that is `*`. */
function nodesAt(node: Node, [key, ...rest]: readonly string[], name: string): Hole[] {
  if (key === undefined) return [{ name, start: node.start, end: node.end }];
  if (key === '*') return (node.elements ?? []).flatMap((child, i) => nodesAt(child, rest, `${name}${i}`));
  const child = node.entries?.find(([{ value }]) => value === key)?.[1];
  return child ? nodesAt(child, rest, key) : [];
}

/** The frame as hex with its holes. */
export function templateOf(frame: Buffer, holes: readonly Hole[]): string {
  let at = 0;
  let text = '';
  for (const { name, start, end } of holes) {
    text += `${frame.toString('hex', at, start)}{${name}}`;
    at = end;
  }
  return text + frame.toString('hex', at);
}
