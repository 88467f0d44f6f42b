import { type FrameLayout, frameLayout } from '../frames.js';
import type { Contract } from '../messages.js';
import { type Space, spaceFromJSON } from '../spaces/index.js';

/** What a contract says of the frames: nothing that follows from spaces is taken from anywhere else. */
export interface ContractLayout {
  /** Of one env. */
  readonly observationSpace: Space;
  readonly actionSpace: Space;
  readonly infoSpaces: Readonly<Record<string, Space>>;
  readonly layout: FrameLayout;
}

/** Throws `bad_space`. */
export function contractLayout(contract: Contract): ContractLayout {
  const observationSpace = spaceFromJSON(contract.observationSpace, 'observationSpace');
  const actionSpace = spaceFromJSON(contract.actionSpace, 'actionSpace');
  const infos = contract.infos.map(
    ({ name, space }) => [name, spaceFromJSON(space, `infos.${name}`)] as const,
  );
  const layout = frameLayout(
    observationSpace.leaves,
    infos.map(([name, { leaves }]) => ({ name, leaves })),
  );
  return { observationSpace, actionSpace, infoSpaces: Object.fromEntries(infos), layout };
}
