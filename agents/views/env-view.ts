import type { TypedArray } from '../../protocol/dtypes.js';
import type { ResetResult, StepResult } from '../../protocol/results.js';
import type { Space } from '../../protocol/spaces/index.js';
import type { Image } from '../../protocol/spec.js';
import type { VisibleEnv } from '../run/env.js';

/** An env seen in another way: each view changes what it has to, and everything else is the env's own. */
export class EnvView implements VisibleEnv {
  readonly observationSpace: Space;
  readonly actionSpace: Space;
  readonly infoSpaces: Readonly<Record<string, Space>>;
  readonly numEnvs: number;
  readonly autoreset: string;
  readonly contractHash: string;

  constructor(protected readonly inner: VisibleEnv) {
    this.observationSpace = inner.observationSpace;
    this.actionSpace = inner.actionSpace;
    this.infoSpaces = inner.infoSpaces ?? {};
    this.numEnvs = inner.numEnvs;
    this.autoreset = inner.autoreset;
    this.contractHash = inner.contractHash;
  }

  reset(options: { readonly seed: number }): Promise<ResetResult> {
    return this.inner.reset(options);
  }

  step(actions: readonly TypedArray[]): Promise<StepResult> {
    return this.inner.step(actions);
  }

  render(index: number): Promise<Image> {
    return this.inner.render(index);
  }
}
