/**
 * Scripted experts: proof that a task is solvable, and a source of data for imitation. An expert is a pure function
 * of the observation, so whatever it does can be learnt from what it saw.
 */
import type { Value, View } from '../protocol/spaces/index.js';
import type { EnvDefinition, Options } from './env.js';

/** The action for the observation of one env: the views of its row. */
export type Expert = (observation: View) => Value;

export interface ExpertEnvDefinition extends EnvDefinition {
  /** The expert for an env with these options. Throws `bad_options` where it could not see what it needs. */
  expert(options: Options): Expert;
}

export const hasExpert = (definition: EnvDefinition): definition is ExpertEnvDefinition =>
  'expert' in definition;
