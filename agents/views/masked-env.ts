import type { TypedArray } from '../../protocol/dtypes.js';
import type { Infos, ResetResult, StepResult } from '../../protocol/results.js';
import { Dict, type Space } from '../../protocol/spaces/index.js';
import { ACTION_MASK } from '../action-mask.js';
import type { VisibleEnv } from '../run/env.js';
import { EnvView } from './env-view.js';

/**
 * An env whose info `action_mask` is a part of what it shows, as in PettingZoo: observations are a Dict of `action_mask`
 * and `observation`, so that memory keeps the mask of every state and targets look at allowed actions alone.
 */
export class MaskedEnv extends EnvView {
  override readonly observationSpace: Space;

  constructor(inner: VisibleEnv) {
    super(inner);
    this.observationSpace = new Dict({
      [ACTION_MASK]: this.infoSpaces[ACTION_MASK]!,
      observation: inner.observationSpace,
    });
  }

  override async reset(options: { readonly seed: number }): Promise<ResetResult> {
    const result = await super.reset(options);
    return { ...result, observations: withMask(result.observations, result.infos) };
  }

  override async step(actions: readonly TypedArray[]): Promise<StepResult> {
    const result = await super.step(actions);
    const { observations, infos, ended } = result;
    return {
      ...result,
      observations: withMask(observations, infos),
      ...(ended && {
        ended: { ...ended, finalObservations: withMask(ended.finalObservations!, ended.finalInfos!) },
      }),
    };
  }
}

/** Leaves of a Dict lie in the order of their names: the mask's is the first. */
const withMask = (observations: readonly TypedArray[], infos: Infos): TypedArray[] => [
  ...infos[ACTION_MASK]!,
  ...observations,
];
