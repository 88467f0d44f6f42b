/** One case of `farstep bench server`, measured from a process of its own. */
import { benchCase } from './server.js';

const [index, seconds] = process.argv.slice(2).map(Number);
process.send!(await benchCase(index!, seconds!), () => process.exit(0));
