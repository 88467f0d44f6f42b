/** An abusive client: tells its parent when it is at it, and goes on until its parent ends it. */
import { ABUSERS, type Target } from './abusers.js';

/** Argument of this process, as JSON. */
export interface AbuseOrder extends Target {
  readonly kind: string;
}

const { kind, ...target } = JSON.parse(process.argv[2]!) as AbuseOrder;
process.on('disconnect', () => process.exit());
await ABUSERS[kind]!(target);
process.send!('begun');
