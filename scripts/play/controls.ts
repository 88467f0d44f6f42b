import { Box, Discrete, type Space, type Value } from '../../protocol/index.js';

/** The key of each action of a Discrete space. */
const ACTION_KEYS = '0123456789abcdefghij';
/** Of each element of a Box two keys: one notch down, one notch up. */
const NOTCH_KEYS = '1234567890';
/** The arrows as such keys; in pictures y points down. */
const ARROWS: Readonly<Record<string, string>> = { left: '1', right: '2', up: '3', down: '4' };

/** What the keys of a terminal ask for, of a player who has some seats, or none and looks on. */
export class Controls {
  quit = false;
  reset = false;
  paused = false;
  /** While paused: a step is wanted. */
  single = false;
  /** An action was chosen since the player cleared this. */
  chosen = false;
  /** Which seat the action keys move. */
  seat = 0;

  readonly #space: Space;
  /** Of each seat: an action, or how many notches each element is off its rest. */
  readonly #actions: number[];
  readonly #notches: Int8Array[];
  /** How often keys came. */
  #presses = 0;
  #onPress: () => void = () => {};

  constructor(space: Space, seats: number) {
    this.#space = space;
    this.#actions = new Array<number>(seats).fill(0);
    this.#notches = Array.from({ length: seats }, () => new Int8Array(space instanceof Box ? space.size : 0));
  }

  /** Whether these keys can play a game with such actions. */
  static canPlay(space: Space): boolean {
    if (space instanceof Discrete) return space.n <= ACTION_KEYS.length;
    return space instanceof Box && 2 * space.size <= NOTCH_KEYS.length;
  }

  /** Which keys there are, in a few words. */
  get help(): string {
    const seats = this.#actions.length;
    return [
      seats === 0 ? 'moves at random' : this.#actionHelp,
      ...(seats > 1 ? ['tab: next seat'] : []),
      'p: pause',
      'n: one step',
      'r: new game',
      'q: quit',
    ].join(', ');
  }

  get #actionHelp(): string {
    if (this.#space instanceof Discrete) return `0-${ACTION_KEYS[this.#space.n - 1]}: action, space: rest`;
    const elements = (this.#space as Box).size;
    return `${elements > 1 ? 'arrows, ' : ''}1-${NOTCH_KEYS[2 * elements - 1]}: steer, space: rest`;
  }

  /** Takes in a key by its name: its character, or `left`, `space`, `escape`. */
  press(key: string): void {
    if (key === 'q' || key === 'escape') this.quit = true;
    else if (key === 'r') this.reset = true;
    else if (key === 'p') this.paused = !this.paused;
    else if (key === 'n') this.paused = this.single = true;
    else if (this.#actions.length > 0) this.#steer(key);
    this.#presses++;
    this.#onPress();
  }

  get presses(): number {
    return this.#presses;
  }

  /** Resolves when keys have come more often than `presses`. */
  async pressed(presses: number): Promise<void> {
    if (this.#presses > presses) return;
    await new Promise<void>((resolve) => {
      this.#onPress = resolve;
    });
  }

  /** What a seat does now. */
  action(seat: number): Value {
    const space = this.#space;
    if (!(space instanceof Box)) return (space as Discrete).start + this.#actions[seat]!;
    const { low, high } = space;
    return Float32Array.from(this.#notches[seat]!, (notch, i) => {
      if (notch !== 0) return notch < 0 ? low[i]! : high[i]!;
      return Math.min(Math.max(0, low[i]!), high[i]!);
    });
  }

  #steer(key: string): void {
    if (key === 'tab') {
      this.seat = (this.seat + 1) % this.#actions.length;
    } else if (key === 'space') {
      this.#actions[this.seat] = 0;
      this.#notches[this.seat]!.fill(0);
    } else {
      this.#act(this.#space instanceof Box ? (ARROWS[key] ?? key) : key);
    }
  }

  #act(key: string): void {
    const index = (this.#space instanceof Discrete ? ACTION_KEYS : NOTCH_KEYS).indexOf(key);
    if (index < 0 || key.length > 1) return;
    if (this.#space instanceof Discrete) {
      if (index >= this.#space.n) return;
      this.#actions[this.seat] = index;
    } else {
      const notches = this.#notches[this.seat]!;
      const element = index >> 1;
      if (element >= notches.length) return;
      notches[element] = Math.min(Math.max(notches[element]! + (index % 2 === 0 ? -1 : 1), -1), 1);
    }
    this.chosen = true;
  }
}
