import type { HostedWorld } from '../envs/index.js';
import { FarstepError } from '../protocol/errors.js';
import type { Timers } from './timers.js';

export interface EpisodeStatistics {
  readonly return: number;
  readonly length: number;
  readonly seed: number;
}

/** How a request of a seat is answered, once it is. */
export interface SeatReply {
  /** The world as it is now may be read until `answer` returns. `reward` is that since the last reply. */
  answer(reward: number, ended: EpisodeStatistics | undefined): void;
  refuse(error: FarstepError): void;
}

class Seat {
  isOccupied = false;
  /** Its client has lost its connection, and may be back. */
  isAway = false;
  /** The request that its client waits for. */
  pending: { readonly kind: 'reset' | 'step'; readonly reply: SeatReply } | undefined;
  /** Has asked for the next game, and takes no part in the one under way. */
  isReady = false;
  /** Has been told something of the game under way. */
  knowsGame = false;
  /** Has been told the very state that its next move is made in. */
  isCurrent = false;
  /** Its action for the step to come is there. */
  hasMoved = false;
  /** Has been told that it is done. */
  knowsEnd = true;
  /** Rewards that it has not been told of. */
  reward = 0;
  ended: EpisodeStatistics | undefined;

  /** Forgets what a client was told. */
  forget(isLive: boolean): void {
    this.isReady = this.knowsGame = this.isCurrent = false;
    this.knowsEnd = !isLive;
    this.reward = 0;
    this.ended = undefined;
  }
}

/** Whether the moves of a seat are its client's. */
const isPlayed = (seat: Seat): boolean => seat.isOccupied && !seat.isAway && !seat.isReady;

/**
 * A world and who drives it: either its creator drives all seats, or each is driven by whoever joined it. The first
 * reset, step, restore or join decides, for good.
 *
 * Seat by seat, a game goes on as soon as nobody has to be waited for: every live seat with a client has moved, and
 * the default action moves for the others. With `moveMs` it also goes on when that has passed since the moves were due.
 * Whoever missed it is behind: its next step is not carried out but answered with how things stand.
 */
export class WorldRoom {
  readonly #seats: readonly Seat[];
  #driver: 'creator' | 'seats' | undefined;
  /** Whether every seat has been occupied at once: no game begins before. */
  #wasFull = false;
  #isCreatorHere = true;
  /** Stops the clock that runs. */
  #stopClock: (() => void) | undefined;
  #failure: FarstepError | undefined;

  /**
   * @param takeSeed - the seed of the next game, null to go on with the random stream.
   * @param onEnd - called when nobody is left.
   */
  constructor(
    readonly world: HostedWorld,
    readonly moveMs: number | null,
    private readonly takeSeed: () => number | null,
    private readonly timers: Timers,
    private readonly onEnd: () => void,
  ) {
    this.#seats = world.seats.map(() => new Seat());
  }

  /** The creator does something with all seats. Throws `seat_taken` where others have joined. */
  drive<T>(what: string, act: () => T): T {
    this.checkSound();
    if (this.#driver === 'seats') {
      throw new FarstepError('seat_taken', `${what}: this world was joined; its seats move one by one`);
    }
    const result = act();
    this.#driver = 'creator'; // not before: what is refused decides nothing
    return result;
  }

  /** Throws `env_failed` if the world has. */
  checkSound(): void {
    if (this.#failure) throw this.#failure;
  }

  /** The creator has gone. */
  creatorLeft(): void {
    this.#isCreatorHere = false;
    this.#endIfEmpty();
  }

  /** Takes a seat, by name or the first free one; gives its index. Throws `no_such_seat` or `seat_taken`. */
  join(name?: string): number {
    this.checkSound();
    const { seats } = this.world;
    if (this.#driver === 'creator') {
      throw new FarstepError('seat_taken', 'join: the creator of this world drives all its seats');
    }
    const index =
      name === undefined ? this.#seats.findIndex((seat) => !seat.isOccupied) : seats.indexOf(name);
    if (index < 0 && name !== undefined) {
      const message = `join: no seat ${JSON.stringify(name)}; there are ${seats.join(', ')}`;
      throw new FarstepError('no_such_seat', message);
    }
    if (index < 0 || this.#seats[index]!.isOccupied) {
      const free = seats.filter((_, i) => !this.#seats[i]!.isOccupied).join(', ') || 'none';
      throw new FarstepError('seat_taken', `join: ${name ?? 'every seat'} is taken; free are: ${free}`);
    }
    this.#driver = 'seats';
    const seat = this.#seats[index]!;
    seat.isOccupied = true;
    seat.forget(this.world.isLive(index));
    this.#wasFull ||= this.#seats.every(({ isOccupied }) => isOccupied);
    this.#proceed();
    return index;
  }

  /** Gives a seat up: the default action plays it from now on. */
  leave(index: number): void {
    const seat = this.#seats[index]!;
    const { pending } = seat;
    seat.isOccupied = seat.isAway = seat.isReady = seat.isCurrent = seat.hasMoved = false;
    seat.pending = undefined;
    pending?.reply.refuse(new FarstepError('no_such_env', `${pending.kind}: the seat was left meanwhile`));
    this.#proceed();
    this.#endIfEmpty();
  }

  /** The client of a seat is away, and the default action moves for it; or it is back. */
  setAway(index: number, isAway: boolean): void {
    this.#seats[index]!.isAway = isAway;
    // Not at once: whoever has several seats leaves them all at the same time.
    queueMicrotask(() => this.#proceed());
  }

  /** A client asks for the next game, or to be told of the one under way that it knows nothing of. */
  reset(index: number, reply: SeatReply): void {
    const seat = this.#request('reset', index);
    seat.pending = { kind: 'reset', reply };
    seat.isReady = seat.knowsGame || !this.world.isLive(index);
    this.#proceed();
  }

  /**
   * A client moves. `take` writes its action into the seat's row, and is not called if the seat is behind.
   * Throws `not_reset`, `episode_over`, `not_your_turn` or `bad_action`; then nothing has changed.
   */
  step(index: number, take: () => void, reply: SeatReply): void {
    const seat = this.#request('step', index);
    if (!this.world.wasReset) throw new FarstepError('not_reset', 'step: no game has begun; reset first');
    if (seat.knowsEnd) throw new FarstepError('episode_over', 'step: the game is over; reset first');
    if (seat.isCurrent) {
      take();
      this.world.checkAction(index);
      seat.hasMoved = true;
      seat.isCurrent = false;
    }
    seat.pending = { kind: 'step', reply };
    this.#proceed();
  }

  #request(what: string, index: number): Seat {
    this.checkSound();
    const seat = this.#seats[index]!;
    if (seat.pending) {
      const message = `${what}: seat ${this.world.seats[index]} waits for the answer to its last request`;
      throw new FarstepError('not_your_turn', message);
    }
    return seat;
  }

  /** Goes on as far as nobody has to be waited for, and answers whom there is something to tell. */
  #proceed(): void {
    if (this.#failure) return;
    try {
      while (this.#mayGoOn()) this.#goOn();
      for (const [index, seat] of this.#seats.entries()) this.#tell(seat, index);
    } catch (error) {
      this.#fail(error as FarstepError);
    }
  }

  #isUnderWay(): boolean {
    return this.#seats.some((seat, index) => isPlayed(seat) && this.world.isLive(index));
  }

  /** Whether nobody has to be waited for; otherwise sees to it that the clock runs. */
  #mayGoOn(): boolean {
    const isUnderWay = this.#isUnderWay();
    const isAwaited = isUnderWay
      ? (seat: Seat, index: number) => isPlayed(seat) && this.world.moves(index) && !seat.hasMoved
      : isPlayed;
    const isDue = isUnderWay || (this.#wasFull && this.#seats.some(({ isReady }) => isReady));
    if (isDue && !this.#seats.some(isAwaited)) return true;
    if (!isDue) this.#disarm();
    else if (this.moveMs !== null) this.#stopClock ??= this.timers.after(this.moveMs, () => this.#expire());
    return false;
  }

  #disarm(): void {
    this.#stopClock?.();
    this.#stopClock = undefined;
  }

  #expire(): void {
    try {
      this.#goOn();
    } catch (error) {
      this.#fail(error as FarstepError);
    }
    this.#proceed();
  }

  /** Plays a step with the moves that there are, or begins the next game with whoever is ready. */
  #goOn(): void {
    this.#disarm();
    if (this.#isUnderWay()) this.#play();
    else this.#begin();
  }

  #begin(): void {
    this.world.reset(this.takeSeed());
    for (const seat of this.#seats) {
      seat.forget(true);
      seat.hasMoved = false;
    }
  }

  #play(): void {
    const { world } = this;
    for (const [index, seat] of this.#seats.entries()) {
      if (!world.moves(index) || seat.hasMoved) continue;
      world.useDefault(index);
      seat.isCurrent = false;
    }
    const { rewards, ended } = world.step();
    for (const [index, seat] of this.#seats.entries()) {
      seat.hasMoved = false;
      seat.reward += rewards[index]!;
    }
    for (let i = 0; i < (ended?.n ?? 0); i++) {
      const { rows, returns, lengths, seeds } = ended!;
      this.#seats[rows[i]!]!.ended = { return: returns[i]!, length: lengths[i]!, seed: seeds[i]! };
    }
  }

  /** Answers the request of a seat that is to move, or that is done. */
  #tell(seat: Seat, index: number): void {
    const isLive = this.world.isLive(index);
    if (!seat.pending || seat.isReady || seat.hasMoved || (isLive && !this.world.moves(index))) return;
    const { kind, reply } = seat.pending;
    seat.pending = undefined;
    seat.knowsGame = true;
    seat.isCurrent = isLive;
    if (kind === 'reset') {
      reply.answer(0, undefined);
      return;
    }
    seat.knowsEnd = !isLive;
    const { reward, ended } = seat;
    seat.reward = 0;
    seat.ended = undefined;
    reply.answer(reward, ended);
  }

  #fail(failure: FarstepError): void {
    this.#failure = failure;
    this.#disarm();
    for (const seat of this.#seats) {
      const { pending } = seat;
      seat.pending = undefined;
      pending?.reply.refuse(failure);
    }
  }

  #endIfEmpty(): void {
    if (this.#isCreatorHere || this.#seats.some(({ isOccupied }) => isOccupied)) return;
    this.#disarm();
    this.onEnd();
  }
}
