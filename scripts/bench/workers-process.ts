/** The server of `farstep bench workers`: tells its address, and on how many threads each vector env is placed. */
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { Server, WorkerHost } from '../../server/index.js';

const log = pino(
  { base: null },
  {
    write: (line: string) => {
      const { msg, threads } = JSON.parse(line) as { readonly msg: string; readonly threads?: number };
      if (msg === 'placed') process.send!({ threads });
    },
  },
);
const trustedEnvs = [fileURLToPath(new URL('./busy-envs.js', import.meta.url))];
const host = await WorkerHost.start({ workers: Number(process.argv[2]), trustedEnvs, log });
const server = await Server.start({ envs: host });
process.send!({ url: server.url });
process.on('disconnect', () => process.exit(0));
