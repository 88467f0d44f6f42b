/** `farstep bench nn --updates`: what a process holds after many updates, beside what it held after a tenth of them. */
import * as tf from '@tensorflow/tfjs-core';
import { collectGarbage } from '../gc.js';
import { FARSTEP } from './nn-kits.js';
import type { Row } from './nn-rows.js';

export interface Held {
  readonly tensors: number;
  /** Bytes in use by JavaScript and by array buffers after a collection, and all that is resident. */
  readonly used: number;
  readonly resident: number;
}

export function heldAfter({ make }: Row, updates: number): readonly [tenth: Held, all: Held] {
  const run = make(FARSTEP);
  const held = (more: number): Held => {
    for (let i = 0; i < more; i++) run();
    // What array buffers of the collected held is free after the next collection.
    collectGarbage();
    collectGarbage();
    const { heapUsed, external, rss } = process.memoryUsage();
    return { tensors: tf.memory().numTensors, used: heapUsed + external, resident: rss };
  };
  const tenth = Math.ceil(updates / 10);
  return [held(tenth), held(updates - tenth)];
}
