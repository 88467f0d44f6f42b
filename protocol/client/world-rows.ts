import { arrayType, sizeOf, type TypedArray } from '../dtypes.js';
import { FarstepError } from '../errors.js';
import type { Contract } from '../messages.js';
import type { Infos } from '../results.js';
import { type Space, spaceFromJSON, type Value } from '../spaces/index.js';

/** Rows of a handle of a world as values: the observation, the infos and the actions of single seats. */
export class WorldRows {
  readonly observationSpace: Space;
  readonly actionSpace: Space;
  readonly #infoSpaces: readonly (readonly [name: string, space: Space])[];

  constructor(contract: Contract) {
    this.observationSpace = spaceFromJSON(contract.observationSpace, 'observationSpace');
    this.actionSpace = spaceFromJSON(contract.actionSpace, 'actionSpace');
    this.#infoSpaces = contract.infos.map(({ name, space }) => [name, spaceFromJSON(space, `infos.${name}`)]);
  }

  /** A view into the slabs. */
  observation(slabs: readonly TypedArray[], row: number): Value {
    return this.observationSpace.read(slabs, row);
  }

  infos(infos: Infos, row: number): Readonly<Record<string, Value>> {
    return Object.fromEntries(this.#infoSpaces.map(([name, space]) => [name, space.read(infos[name]!, row)]));
  }

  /** Slabs with a row for each of these seats. Throws `bad_action`. */
  actions(actions: readonly (readonly [seat: string, action: Value])[]): TypedArray[] {
    const slabs = this.actionSpace.leaves.map(
      ({ dtype, shape }) => new (arrayType(dtype))(actions.length * sizeOf(shape)),
    );
    for (const [row, [seat, action]] of actions.entries()) {
      if (!this.actionSpace.contains(action)) {
        const got = ArrayBuffer.isView(action)
          ? `${action.constructor.name} of ${Array.from(action as Float64Array).join(', ')}`
          : JSON.stringify(action);
        throw new FarstepError(
          'bad_action',
          `step: seat ${seat}: expected an action in ${this.actionSpace.toString()}, got ${got}`,
        );
      }
      this.actionSpace.write(action, slabs, row);
    }
    return slabs;
  }
}
