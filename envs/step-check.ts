import type { TypedArray } from '../protocol/dtypes.js';
import { FarstepError } from '../protocol/errors.js';
import type { Space } from '../protocol/spaces/index.js';
import { ActionCheck } from './action-check.js';
import type { AutoresetMode } from './vector-env.js';

/** Where an env is in its life. */
export const Phase = { unborn: 0, running: 1, ended: 2 } as const;
// V8 sees through a module's own constants, but looks exported ones up in every step.
const { unborn: UNBORN, running: RUNNING } = Phase;

/** Tells whether envs may be stepped, before any of them is. */
export class StepCheck {
  readonly #actionCheck: ActionCheck;

  /**
   * @param actions - one slab a leaf.
   * @param phases - of each env.
   */
  constructor(
    space: Space,
    actions: readonly TypedArray[],
    private readonly phases: Uint8Array,
    private readonly autoreset: AutoresetMode,
  ) {
    this.#actionCheck = new ActionCheck(space, actions);
  }

  /** Throws `bad_action`, `not_reset` or `episode_over` unless each env ids[k] can take the action in row k. */
  check(ids: Uint32Array): void {
    for (let row = 0; row < ids.length; row++) {
      const id = ids[row]!;
      const phase = this.phases[id]!;
      if (phase === RUNNING) {
        if (!this.#actionCheck.contains(row)) {
          throw new FarstepError('bad_action', `step: env ${id}: ${this.#actionCheck.explain(row)}`);
        }
      } else if (phase === UNBORN) {
        throw new FarstepError('not_reset', `step: env ${id} was never reset`);
      } else if (this.autoreset === 'disabled') {
        throw new FarstepError('episode_over', `step: env ${id}: its episode is over; reset it first`);
      }
    }
  }
}
