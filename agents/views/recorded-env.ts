import type { TypedArray } from '../../protocol/dtypes.js';
import type { ResetResult, StepResult } from '../../protocol/results.js';
import type { VisibleEnv } from '../run/env.js';
import type { DataSetWriter } from '../run/output/data-set-file.js';
import { EnvView } from './env-view.js';

/** An env all of whose episodes are recorded as a data set. */
export class RecordedEnv extends EnvView {
  constructor(
    inner: VisibleEnv,
    private readonly writer: DataSetWriter,
  ) {
    super(inner);
  }

  override async reset(options: { readonly seed: number }): Promise<ResetResult> {
    const result = await super.reset(options);
    await this.writer.begin(result.observations, String(options.seed));
    return result;
  }

  override async step(actions: readonly TypedArray[]): Promise<StepResult> {
    const result = await super.step(actions);
    this.writer.add(actions, result);
    return result;
  }
}
