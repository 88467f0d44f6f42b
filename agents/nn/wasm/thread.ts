/** A thread that helps with products. It computes what the others leave, and sleeps when there is nothing for a while. */
import { workerData } from 'node:worker_threads';
import { AT, LOOKS, type Matmul, MOST_PARTS, takeParts } from './shared-product.js';

export interface ThreadData {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly control: Int32Array;
  /** This thread's own room for `matmul`. */
  readonly panel: number;
}

const { module, memory, control, panel } = workerData as ThreadData;
const matmul = new WebAssembly.Instance(module, { heap: { memory } }).exports.matmul as Matmul;

for (let looks = 0; ; looks++) {
  const taken = takeParts(control, matmul, panel);
  if (taken > 0) {
    Atomics.add(control, AT.done, taken);
    if (Atomics.load(control, AT.waiting) === 1) Atomics.notify(control, AT.done);
    looks = 0;
  } else if (looks >= LOOKS) {
    const next = Atomics.load(control, AT.next);
    Atomics.add(control, AT.sleeping, 1);
    if ((next & MOST_PARTS) === 0) Atomics.wait(control, AT.next, next);
    Atomics.sub(control, AT.sleeping, 1);
    looks = 0;
  }
}
