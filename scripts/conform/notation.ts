/** Frames as JSON that a person reads: fields by name, slabs as numbers. */
import { arrayType, type DType, viewOrCopy } from '../../protocol/dtypes.js';
import { isHotFrame } from '../../protocol/frames.js';
import type { Contract } from '../../protocol/messages.js';
import type { Leaf } from '../../protocol/spaces/index.js';
import { type Node, parseTree, plain } from './msgpack-tree.js';
import type { Hole } from './template.js';

/** What a frame is about; without it, slabs are shown as hex. */
export interface Subject {
  readonly contract?: Contract | undefined;
  readonly holes?: readonly Hole[];
}

/** A frame, a control message or one of the hot pair, as JSON. */
export function notationOf(frame: Buffer, { contract, holes = [] }: Subject = {}): unknown {
  const root = parseTree(frame);
  const names = new Map(holes.map(({ start, name }) => [start, `{${name}}`]));
  if (!isHotFrame(frame)) return show(root, contract, names);
  return hot(root, contract) ?? sample(root, contract, names) ?? show(root, contract, names);
}

function show(node: Node, contract: Contract | undefined, holes: ReadonlyMap<number, string>): unknown {
  const hole = holes.get(node.start);
  if (hole !== undefined) return hole;
  if (node.elements) return node.elements.map((element) => show(element, contract, holes));
  if (!node.entries) return scalar(node.value);
  const fields = node.entries.map(([key, value]) => {
    const name = String(plain(key));
    return [name, slabField(name, value, contract) ?? show(value, contract, holes)];
  });
  return Object.fromEntries(fields);
}

/** The slabs of `rewarded` and `tabulated`. */
const FIELDS: Readonly<Record<string, DType>> = {
  first: 'int32',
  probabilities: 'float64',
  nextStates: 'int32',
  rewards: 'float64',
  terminated: 'bool',
};

/** The fields of control messages that hold slabs, with their numbers. */
function slabField(name: string, node: Node, contract: Contract | undefined): unknown {
  if (contract === undefined) return undefined;
  if (name === 'observations') return slabs(node, contract.observationLeaves);
  if (name === 'infos' && node.elements) return infos(node, contract);
  const dtype = FIELDS[name];
  if (dtype) return slab(node, dtype);
  const goal = { achieved: 'achieved_goal', desired: 'desired_goal' }[name];
  const leaf = contract.observationLeaves.find(({ path }) => path.length === 1 && path[0] === goal);
  return leaf && slab(node, leaf.dtype);
}

/** A sample of a stream; undefined where an array is none. */
function sample(
  { elements = [] }: Node,
  contract: Contract | undefined,
  holes: ReadonlyMap<number, string>,
): unknown {
  const [kind, stream, sequence, ids, ...rest] = elements;
  const isStep = kind && plain(kind) === 3 && rest.length === 8;
  if (!isStep && !(kind && plain(kind) === 4 && rest.length === 4)) return undefined;
  const [actions] = isStep ? rest.splice(0, 1) : [];
  const [n, observations] = rest;
  const head = {
    type: isStep ? 'step sample' : 'reset sample',
    stream: show(stream!, contract, holes),
    sequence: plain(sequence!),
    ids: slab(ids!, 'uint32'),
    ...(actions && { actions: slabs(actions, contract?.actionLeaves) }),
    n: plain(n!),
    observations: slabs(observations!, contract?.observationLeaves),
  };
  if (!isStep) return { ...head, infos: infos(rest[2]!, contract), seeds: slab(rest[3]!, 'float64') };
  return { ...head, ...outcome(rest.slice(2), contract) };
}

/** What a step brought, behind the observations. */
function outcome(
  [rewards, terminated, truncated, infoNode, ended]: readonly Node[],
  contract: Contract | undefined,
) {
  return {
    rewards: slab(rewards!, 'float64'),
    terminated: slab(terminated!, 'bool'),
    truncated: slab(truncated!, 'bool'),
    infos: infos(infoNode!, contract),
    ended: endedEpisodes(ended!, contract),
  };
}

/** A step or its answer; undefined where an array is neither. */
function hot({ elements = [] }: Node, contract: Contract | undefined): unknown {
  const [kind, id, second, ...rest] = elements.map((element) => ({ node: element, value: plain(element) }));
  if (kind?.value === 1 && rest.length >= 1 && rest.length <= 3) {
    const [actions, ids, ack] = rest;
    return {
      type: 'step',
      id: id!.value,
      env: second!.value,
      actions: slabs(actions!.node, contract?.actionLeaves),
      ...(ids && { ids: slab(ids.node, 'uint32') }),
      ...(ack && { ack: ack.value }),
    };
  }
  if (kind?.value !== 2 || rest.length !== 6) return undefined;
  const [observations, ...others] = rest.map(({ node }) => node);
  return {
    type: 'stepped',
    id: id!.value,
    n: second!.value,
    observations: slabs(observations!, contract?.observationLeaves),
    ...outcome(others, contract),
  };
}

function endedEpisodes(node: Node, contract: Contract | undefined): unknown {
  if (node.elements?.length !== 6) return scalar(plain(node));
  const [rows, returns, lengths, seeds, finalObservations, finalInfos] = node.elements;
  return {
    rows: slab(rows!, 'uint32'),
    returns: slab(returns!, 'float64'),
    lengths: slab(lengths!, 'uint32'),
    seeds: slab(seeds!, 'float64'),
    finalObservations: slabs(finalObservations!, contract?.observationLeaves),
    finalInfos: infos(finalInfos!, contract),
  };
}

const slabs = (node: Node, leaves: readonly Leaf[] | undefined): unknown =>
  node.elements ? node.elements.map((element, i) => slab(element, leaves?.[i]?.dtype)) : scalar(plain(node));

const infos = (node: Node, contract: Contract | undefined): unknown =>
  node.elements
    ? Object.fromEntries(
        node.elements.map((element, i) => {
          const info = contract?.infos[i];
          return [info?.name ?? String(i), slabs(element, info?.leaves)];
        }),
      )
    : scalar(plain(node));

/** `{"float32": [0.5, 1]}`, or hex where the dtype is not known or does not fit. */
function slab(node: Node, dtype: DType | undefined): unknown {
  const { value } = node;
  if (!(value instanceof Uint8Array) || dtype === undefined) return scalar(plain(node));
  const width = arrayType(dtype).BYTES_PER_ELEMENT;
  if (value.length % width !== 0) return scalar(value);
  const values = viewOrCopy(dtype, value, 0, value.length / width);
  return { [dtype]: Array.from(values as ArrayLike<number | bigint>, (x) => number(x, dtype)) };
}

function number(x: number | bigint, dtype: DType): number | string {
  if (typeof x === 'bigint') return String(x);
  if (!Number.isFinite(x)) return String(x);
  if (dtype !== 'float32') return x;
  // The shortest decimal that is this float.
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(x.toPrecision(digits));
    if (Math.fround(short) === x) return short;
  }
  return Number(x.toPrecision(9));
}

/** JSON has no bytes and no infinities. */
function scalar(value: unknown): unknown {
  if (value instanceof Uint8Array) return { hex: Buffer.from(value).toString('hex') };
  if (Array.isArray(value)) return value.map(scalar);
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  return value;
}
