import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const MEMORY_SECTION = 5;
const HEADER_BYTES = 8;
/** Flags of a memory's limits: that it has a maximum, and that threads share it, which needs one. */
const LIMITED = 1;
const SHARED = 3;

/**
 * The binary of tfjs's wasm backend as a data URL, with its memory declared as shared, so that several threads can work
 * on tensors where they lie. That is one byte; nothing else about it depends on it.
 */
export function sharedTfjsBinary(): string {
  const path = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
  const file = new URL('tfjs-backend-wasm-simd.wasm', pathToFileURL(path));
  const bytes = readFileSync(file);
  const number = (at: number): [value: number, end: number] => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++]!;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return [value, at];
    }
  };
  for (let at = HEADER_BYTES; at < bytes.length; ) {
    const [length, content] = number(at + 1);
    if (bytes[at] === MEMORY_SECTION) {
      const [memories, flags] = number(content);
      if (memories !== 1 || bytes[flags] !== LIMITED) break;
      bytes[flags] = SHARED;
      return `data:application/wasm;base64,${bytes.toString('base64')}`;
    }
    at = content + length;
  }
  throw new Error(`${file.pathname}: expected one memory with a maximum`);
}
