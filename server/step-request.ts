/** What a step asks for, out of its frame. */
import { viewOrCopy } from '../protocol/dtypes.js';
import { FarstepError } from '../protocol/errors.js';
import { rowBytes, type StepFrame, slabBytes } from '../protocol/frames.js';
import type { Span } from '../protocol/msgpack.js';
import type { HostedVectorEnv } from './host.js';

/** Puts the actions of `n` envs where their vector env reads them. Throws `bad_action`. */
export function takeActions(env: HostedVectorEnv, step: StepFrame, frame: Uint8Array, n: number): void {
  const leaves = env.contract.actionLeaves;
  if (step.actions.length !== leaves.length) {
    throw new FarstepError(
      'bad_action',
      `step: expected ${leaves.length} slabs of actions, got ${step.actions.length}`,
    );
  }
  for (let i = 0; i < leaves.length; i++) {
    const leaf = leaves[i]!;
    const { offset, length } = step.actions[i]!;
    const expected = n * rowBytes(leaf);
    if (length !== expected) {
      const what = `${n} × ${leaf.dtype}[${leaf.shape.join(', ')}]`;
      throw new FarstepError(
        'bad_action',
        `step: actions[${i}]: expected ${expected} bytes (${what}), got ${length}`,
      );
    }
    slabBytes(env.actions[i]!, rowBytes(leaf), n).set(frame.subarray(offset, offset + length));
  }
}

/** The envs that are to be stepped. Throws `bad_ids`. */
export function stepIds(frame: Uint8Array, { offset, length }: Span, numEnvs: number): Uint32Array {
  if (length === 0 || length % 4 !== 0 || length > 4 * numEnvs) {
    throw new FarstepError(
      'bad_ids',
      `step.ids: expected 1 to ${numEnvs} uint32 in a bin, got ${length} bytes`,
    );
  }
  return viewOrCopy('uint32', frame, offset, length / 4) as Uint32Array;
}
