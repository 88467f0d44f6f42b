/** Frames of a session as an annotated hex dump, for people who write a client. */
import { arrayType, type DType, viewOrCopy } from '../../protocol/dtypes.js';
import type { FrameLayout, LeafLayout } from '../../protocol/frames.js';
import { type Node, parseTree, plain } from '../../scripts/conform/msgpack-tree.js';

const HEX_BYTES = 20;
const TEXT_WIDTH = 60;

/** Lines of a dump. */
class Dump {
  readonly lines: string[] = [];

  constructor(
    readonly frame: Buffer,
    readonly layout?: FrameLayout,
  ) {}

  /** The bytes from `start` to `end` beside what they mean, on as many lines as the longer of the two takes. */
  line(start: number, end: number, text: string): void {
    const rows = Math.max(Math.ceil((end - start) / HEX_BYTES), Math.ceil(text.length / TEXT_WIDTH));
    for (let row = 0; row < rows; row++) {
      const from = start + row * HEX_BYTES;
      const offset = from < end ? String(from).padStart(5) : '     ';
      const hex = this.frame.toString('hex', from, Math.min(from + HEX_BYTES, end));
      const note = text.slice(row * TEXT_WIDTH, (row + 1) * TEXT_WIDTH);
      this.lines.push(`${offset}  ${hex.padEnd(2 * HEX_BYTES)}  ${row > 0 ? '  ' : ''}${note}`.trimEnd());
    }
  }

  map(node: Node, depth = 0): void {
    const indent = '  '.repeat(depth);
    for (const [key, value] of node.entries!) {
      const label = `${indent}${String(key.value)}`;
      if (value.entries && depth < 1) {
        this.line(key.start, value.head, `${label}: map of ${value.entries.length}`);
        this.map(value, depth + 1);
        continue;
      }
      if (key.value === 'observations') this.slabs(value, label, this.layout!.observations, key.start);
      else this.line(key.start, value.end, `${label}: ${JSON.stringify(plain(value))}`);
    }
  }

  /** A slab, with the values that it holds. */
  slab({ start, end, value }: Node, name: string, dtype: DType): void {
    const bytes = value as Buffer;
    const values = viewOrCopy(dtype, bytes, 0, bytes.length / arrayType(dtype).BYTES_PER_ELEMENT);
    const digits = dtype === 'float32' ? 6 : 12;
    const shown = Array.from(values as ArrayLike<number>, (x) => Number(x.toPrecision(digits)));
    this.line(start, end, `${name}: ${dtype} ${shown.join(', ')}`);
  }

  slabs(node: Node, name: string, leaves: readonly LeafLayout[], start = node.start): void {
    this.line(start, node.head, `${name}: ${leaves.length} ${leaves.length === 1 ? 'leaf' : 'leaves'}`);
    for (const [i, leaf] of leaves.entries()) this.slab(node.elements![i]!, `  leaf ${i}`, leaf.dtype);
  }
}

/** A control message, a line a field; `layout` where it holds observations. */
export function dumpMessage(frame: Buffer, layout?: FrameLayout): string[] {
  const dump = new Dump(frame, layout);
  const node = parseTree(frame);
  dump.line(0, node.head, `map of ${node.entries!.length}`);
  dump.map(node);
  return dump.lines;
}

/** A step of envs whose actions are one leaf of `dtype`. */
export function dumpStep(frame: Buffer, dtype: DType): string[] {
  const dump = new Dump(frame);
  const { elements, head } = parseTree(frame);
  const [kind, id, env, actions, ids] = elements!;
  dump.line(0, head, `array of ${elements!.length}`);
  dump.line(kind!.start, kind!.end, `${String(kind!.value)}: step`);
  dump.line(id!.start, id!.end, `id: ${String(id!.value)}`);
  dump.line(env!.start, env!.end, `env: ${String(env!.value)}`);
  dump.slabs(actions!, 'actions', [{ dtype, size: 1, bytes: 1 }]);
  if (ids) dump.slab(ids, 'ids', 'uint32');
  return dump.lines;
}

/** The answer to a step. */
export function dumpStepped(frame: Buffer, layout: FrameLayout): string[] {
  const dump = new Dump(frame);
  const { elements, head } = parseTree(frame);
  const [kind, id, n, observations, rewards, terminated, truncated, infos, ended] = elements!;
  dump.line(0, head, `array of ${elements!.length}`);
  dump.line(kind!.start, kind!.end, `${String(kind!.value)}: stepped`);
  dump.line(id!.start, id!.end, `id: ${String(id!.value)}`);
  dump.line(n!.start, n!.end, `n: ${String(n!.value)}`);
  dump.slabs(observations!, 'observations', layout.observations);
  dump.slab(rewards!, 'rewards', 'float64');
  dump.slab(terminated!, 'terminated', 'bool');
  dump.slab(truncated!, 'truncated', 'bool');
  dump.line(infos!.start, infos!.head, `infos: ${infos!.elements!.length}`);
  if (!ended!.elements) {
    dump.line(ended!.start, ended!.end, 'ended: none');
    return dump.lines;
  }
  const [rows, returns, lengths, seeds, finalObservations, finalInfos] = ended!.elements;
  dump.line(ended!.start, ended!.head, 'ended: array of 6');
  dump.slab(rows!, 'rows', 'uint32');
  dump.slab(returns!, 'returns', 'float64');
  dump.slab(lengths!, 'lengths', 'uint32');
  dump.slab(seeds!, 'seeds', 'float64');
  dump.slabs(finalObservations!, 'finalObservations', layout.observations);
  dump.line(finalInfos!.start, finalInfos!.head, `finalInfos: ${finalInfos!.elements!.length}`);
  return dump.lines;
}
