import type { Memory } from './heap.js';
import { MOST_PAGES } from './wasm/assembler.js';

const PAGE_BYTES = 65536;
const ALIGNMENT = 16;

interface Block {
  readonly address: number;
  bytes: number;
  free: boolean;
}

/** A WebAssembly memory of the project's own, handed out first fit. Meant for a few long-lived vectors. */
export class HostMemory implements Memory {
  readonly memory = new WebAssembly.Memory({ initial: 1, maximum: MOST_PAGES, shared: true });
  buffer = this.memory.buffer;
  /** All of memory in order of address, but for address 0, which stands for none; neighbours that are both free are one block. */
  readonly #blocks: Block[] = [{ address: ALIGNMENT, bytes: PAGE_BYTES - ALIGNMENT, free: true }];

  allocate(bytes: number): number {
    // One unit more than asked for, because a kernel's last vector may be read past the end of an array.
    const size = Math.ceil(bytes / ALIGNMENT) * ALIGNMENT + ALIGNMENT;
    let index = this.#blocks.findIndex((block) => block.free && block.bytes >= size);
    if (index < 0) index = this.#grow(size);
    const block = this.#blocks[index]!;
    if (block.bytes > size) {
      this.#blocks.splice(index + 1, 0, {
        address: block.address + size,
        bytes: block.bytes - size,
        free: true,
      });
      block.bytes = size;
    }
    block.free = false;
    return block.address;
  }

  free(address: number): void {
    const index = this.#blocks.findIndex((block) => block.address === address);
    this.#blocks[index]!.free = true;
    for (const left of [index, index - 1]) {
      const [block, next] = [this.#blocks[left], this.#blocks[left + 1]];
      if (block?.free !== true || next?.free !== true) continue;
      block.bytes += next.bytes;
      this.#blocks.splice(left + 1, 1);
    }
  }

  /** Makes the last block free and at least so large; returns its index. */
  #grow(size: number): number {
    const last = this.#blocks.at(-1)!;
    const missing = size - (last.free ? last.bytes : 0);
    const bytes = Math.ceil(missing / PAGE_BYTES) * PAGE_BYTES;
    const end = this.memory.buffer.byteLength;
    this.memory.grow(bytes / PAGE_BYTES);
    this.buffer = this.memory.buffer;
    if (last.free) last.bytes += bytes;
    else this.#blocks.push({ address: end, bytes, free: true });
    return this.#blocks.length - 1;
  }
}
