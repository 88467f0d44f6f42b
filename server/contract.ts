import { createHash } from 'node:crypto';
import type { AutoresetMode, Contract, WorldContract } from '../protocol/messages.js';
import type { Space } from '../protocol/spaces/index.js';
import type { EnvSpec, Options } from '../protocol/spec.js';

/** JSON with the keys of every map sorted, so that equal contracts have equal text. */
export function canonicalJSON(value: unknown): string {
  return JSON.stringify(value, (_key, x: unknown) =>
    typeof x === 'object' && x !== null && !Array.isArray(x)
      ? Object.fromEntries(Object.entries(x).sort(([a], [b]) => (a < b ? -1 : 1)))
      : x,
  );
}

export interface ContractParts {
  readonly spec: EnvSpec;
  readonly numEnvs: number;
  readonly options: Options;
  readonly autoreset: AutoresetMode;
  readonly maxEpisodeSteps: number | null;
  readonly observationSpace: Space;
  readonly actionSpace: Space;
  readonly infoSpaces: Readonly<Record<string, Space>>;
  readonly rewardTasks: readonly string[];
  readonly world?: WorldContract;
}

/** The contract that `made`, `created` or `joined` carries. */
export function buildContract({
  observationSpace,
  actionSpace,
  infoSpaces,
  ...parts
}: ContractParts): Contract {
  const contract = {
    ...parts,
    observationSpace: observationSpace.toJSON(),
    actionSpace: actionSpace.toJSON(),
    batchedObservationSpace: observationSpace.batch(parts.numEnvs).toJSON(),
    batchedActionSpace: actionSpace.batch(parts.numEnvs).toJSON(),
    observationLeaves: observationSpace.leaves,
    actionLeaves: actionSpace.leaves,
    infos: Object.entries(infoSpaces)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, space]) => ({ name, space: space.toJSON(), leaves: space.leaves })),
  };
  return { ...contract, hash: createHash('sha256').update(canonicalJSON(contract)).digest('hex') };
}
