/** Measures one env in a process of its own: what V8 learned from one kind of env would slow down the next. */
import { benchEnv } from './envs.js';

const [id, seconds] = process.argv.slice(2);
process.send!(benchEnv(id!, Number(seconds)), () => process.exit(0));
