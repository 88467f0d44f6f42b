/**
 * The memory through which the main thread and an env thread pass work. The main thread writes the slot of a shard, or
 * `CALL` where the work itself is a message on their port, into the ring and counts up `SUBMITTED`, on which an idle
 * env thread sleeps; the env thread does the works in order, writes behind each what came of it and counts up
 * `COMPLETED`, on which the main thread waits. While either is busy, nobody has to wake it: it finds all that was done
 * meanwhile in one go.
 */

/** Words of the mailbox. Counts wrap around. */
export const SUBMITTED = 0;
export const COMPLETED = 1;
const RING = 2;

/** Works that may be under way at once: a power of two. */
export const RING_SIZE = 8192;
export const MAILBOX_BYTES = 4 * (RING + 2 * RING_SIZE);

/** The cell of a work, by its number: a slot or `CALL`; the cell behind it has what came of it. */
export const cell = (number: number): number => RING + 2 * (number & (RING_SIZE - 1));

export const CALL = -1;

export const STEPPED = 0;
/** The outcome is the next message on the port. */
export const ANSWERED = 1;
