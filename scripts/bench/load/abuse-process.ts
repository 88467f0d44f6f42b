/** An abusive client: tells its parent when it is at it, and goes on until its parent ends it. */
import { getPriority, setPriority } from 'node:os';
import { ABUSERS, type Target } from './abusers.js';

/** Argument of this process, as JSON. */
export interface AbuseOrder extends Target {
  readonly kind: string;
}

// It stands for a machine of its own: what it takes of this one's time is no harm that it does to the server.
setPriority(Math.min(19, getPriority() + 10));
const { kind, ...target } = JSON.parse(process.argv[2]!) as AbuseOrder;
process.on('disconnect', () => process.exit());
await ABUSERS[kind]!(target);
process.send!('begun');
