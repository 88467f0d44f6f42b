/** The content of one file of a checkpoint: whole, or in pieces where it is too large to be held twice. */
export type Content = Uint8Array | Iterable<Uint8Array>;

/** Files of a checkpoint, by name. What they show must not change until they have been written. */
export type Files = Readonly<Record<string, Content>>;

/** A checkpoint to take things back from. Both throw a sentence where a file is missing or damaged. */
export interface CheckpointReader {
  read(name: string): Promise<Uint8Array>;
  /** The same, in pieces of any size. */
  chunks(name: string): AsyncIterable<Uint8Array>;
}

export const jsonFile = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

export async function readJson<T>(from: CheckpointReader, name: string): Promise<T> {
  return JSON.parse(new TextDecoder().decode(await from.read(name))) as T;
}

/** Fills `targets`, in order, with the bytes of a file. Throws where the file has more or fewer than they take. */
export async function readInto(
  from: CheckpointReader,
  name: string,
  targets: Iterable<Uint8Array>,
): Promise<void> {
  const rest = targets[Symbol.iterator]();
  let target: Uint8Array = new Uint8Array(0);
  for await (const chunk of from.chunks(name)) {
    for (let at = 0; at < chunk.length; ) {
      while (target.length === 0) target = nextOf(rest) ?? fail(name, 'more');
      const n = Math.min(target.length, chunk.length - at);
      target.set(chunk.subarray(at, at + n));
      target = target.subarray(n);
      at += n;
    }
  }
  for (let left: Uint8Array | undefined = target; left !== undefined; left = nextOf(rest)) {
    if (left.length > 0) fail(name, 'fewer');
  }
}

const nextOf = (targets: Iterator<Uint8Array>): Uint8Array | undefined => {
  const { done, value } = targets.next();
  return done === true ? undefined : value;
};

function fail(name: string, how: string): never {
  throw new Error(`${name} has ${how} bytes than this agent's settings call for`);
}
