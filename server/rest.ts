/** What takes less at once holds nobody up. */
const LONG_MS = 1;
const MAX_REST_MS = 10_000;
/** What ws takes to put a message together and to unmask it, milliseconds a byte. */
const MS_PER_BYTE = 3e-6;

/**
 * How long a connection is not read from after a message that kept the main thread busy: so long that what takes long
 * has half of the thread's time at most, in which all sessions share alike.
 *
 * @param ms - that handling the message took.
 * @param bytes - of the message.
 * @param others - sessions beside its own.
 */
export function restMs(ms: number, bytes: number, others: number): number {
  const took = ms + bytes * MS_PER_BYTE;
  return took < LONG_MS ? 0 : Math.min(MAX_REST_MS, 2 * others * took);
}
