import { FarstepError } from '../protocol/errors.js';

/** Tells whether ids name some of `numEnvs` envs, each once, without allocating. */
export class IdCheck {
  readonly #numEnvs: number;
  /** The number of the check that an id was last part of. */
  readonly #lastCheck: Float64Array;
  #check = 0;

  constructor(numEnvs: number) {
    this.#numEnvs = numEnvs;
    this.#lastCheck = new Float64Array(numEnvs);
  }

  /** Throws `bad_ids`; `where` says in whose name. */
  check(where: string, ids: Uint32Array): void {
    if (ids.length > this.#numEnvs) {
      throw new FarstepError('bad_ids', `${where}: ${ids.length} ids for ${this.#numEnvs} envs`);
    }
    this.#check++;
    for (const id of ids) {
      this.checkOne(where, id);
      if (this.#lastCheck[id] === this.#check) {
        throw new FarstepError('bad_ids', `${where}: env ${id} is named twice`);
      }
      this.#lastCheck[id] = this.#check;
    }
  }

  checkOne(where: string, id: number): void {
    if (!(Number.isInteger(id) && id >= 0 && id < this.#numEnvs)) {
      throw new FarstepError('bad_ids', `${where}: no env ${id}; there are ${this.#numEnvs}`);
    }
  }
}
