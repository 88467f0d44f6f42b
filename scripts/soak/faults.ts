import type { Random } from '../../agents/random.js';
import type { WatchedServer } from '../watched-server.js';
import { COSTLY, OWN } from './kinds.js';
import type { Doom, Lane } from './lane.js';
import type { Tally } from './tally.js';

/** What a fault may befall. */
export interface Stage {
  readonly server: WatchedServer;
  readonly lanes: readonly Lane[];
  readonly random: Random;
  readonly tally: Tally;
}

type Fault = (stage: Stage) => Promise<void> | void;

const one = ({ lanes, random }: Stage): Lane => lanes[random.integers(0, lanes.length)]!;

const DOOMS: readonly Doom[] = [
  { name: 'an env never returns from a step', env: OWN, trouble: 'loop' },
  { name: 'an env uses up its memory', env: OWN, trouble: 'memory' },
  { name: 'an env throws', env: OWN, trouble: 'throw' },
  { name: 'an env ends its process', env: OWN, trouble: 'exit' },
  { name: 'the process of an env is killed', env: OWN, trouble: 'none', isKilled: true },
  { name: 'a thread that steps envs ends', env: COSTLY, trouble: 'exit' },
];

const VANISH = 'a client is gone without a word';
const BREAK = 'the network breaks, for all at once';
const KILL = 'the server is killed, and started anew';

/** Some of them come about when a client gets to it: they are counted there. */
const FAULTS: Readonly<Record<string, Fault>> = {
  ...Object.fromEntries(DOOMS.map((doom) => [doom.name, (stage: Stage) => void one(stage).dooms.push(doom)])),
  [VANISH]: (stage) => one(stage).vanish(VANISH),
  [BREAK]: ({ lanes, tally }) => {
    for (const lane of lanes) lane.cut();
    tally.count(BREAK);
  },
  [KILL]: async ({ server, tally }) => {
    await server.restart();
    tally.dangers++;
    tally.count(KILL);
  },
};

/** Faults, by their names, as `Tally` counts them. */
export const FAULT_NAMES: readonly string[] = Object.keys(FAULTS);

/** All of them, one after the other, in a new order each round. A round begins when the last has come about. */
export class Faults {
  #left: string[] = [];
  #rounds = 0;

  /** @param mayKill - whether the server may be killed. */
  constructor(
    private readonly stage: Stage,
    private readonly mayKill: () => boolean,
  ) {}

  /** Has the next one befall, if it is time for one. */
  async next(): Promise<void> {
    const { tally, random } = this.stage;
    if (this.#left.length === 0) {
      const names = FAULT_NAMES.filter((name) => name !== KILL || this.mayKill());
      if (names.some((name) => (tally.faults.get(name) ?? 0) < this.#rounds)) return;
      this.#left = shuffled(names, random);
      this.#rounds++;
    }
    const name = this.#left.shift()!;
    if (name !== KILL || this.mayKill()) await FAULTS[name]!(this.stage);
  }
}

function shuffled<T>(values: readonly T[], random: Random): T[] {
  const all = [...values];
  for (let i = all.length - 1; i > 0; i--) {
    const j = random.integers(0, i + 1);
    [all[i], all[j]] = [all[j]!, all[i]!];
  }
  return all;
}
