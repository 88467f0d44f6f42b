import type { CheckpointReader, Files } from '../../agents/checkpoint.js';

/** A checkpoint that never touches a disk: a copy of the files, in pieces of an awkward size. */
export function memoryCheckpoint(files: Files): CheckpointReader {
  const copies = new Map(
    Object.entries(files).map(([name, content]) => [
      name,
      new Uint8Array(Buffer.concat(content instanceof Uint8Array ? [content] : [...content])),
    ]),
  );
  const read = async (name: string): Promise<Uint8Array> => {
    const bytes = copies.get(name);
    if (!bytes) throw new Error(`no file ${name}`);
    return bytes;
  };
  return {
    read,
    async *chunks(name) {
      const bytes = await read(name);
      for (let at = 0; at < bytes.length; at += 13) yield bytes.subarray(at, at + 13);
    },
  };
}
