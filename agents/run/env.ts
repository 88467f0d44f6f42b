import type { TypedArray } from '../../protocol/dtypes.js';
import type { ResetResult, StepResult } from '../../protocol/results.js';
import type { Space } from '../../protocol/spaces/index.js';
import type { Image } from '../../protocol/spec.js';
import type { Task } from '../agent.js';

/** What a training run needs of a vector env: a `RemoteVectorEnv` has it. */
export interface RunEnv extends Task {
  readonly autoreset: string;
  /** What it tells beside observations, by name. */
  readonly infoSpaces?: Readonly<Record<string, Space>>;
  /** What the env is, as a hash: it must be the same where a run goes on. */
  readonly contractHash: string;
  reset(options: { readonly seed: number }): Promise<ResetResult>;
  step(actions: readonly TypedArray[]): Promise<StepResult>;
}

/** One that can also be looked at. */
export interface VisibleEnv extends RunEnv {
  render(index: number): Promise<Image>;
}

/** Throws unless episodes that end begin again within the same step, and their last observation comes along. */
export function checkAutoreset(env: RunEnv): void {
  if (env.autoreset !== 'same_step') {
    throw new Error(`agents need an env made with autoreset 'same_step', got '${env.autoreset}'`);
  }
}
