import { connect, spaceFromJSON } from '../../protocol/index.js';
import type { Options } from '../../protocol/spec.js';
import { Server } from '../../server/index.js';
import type { DrivenEnv, Make } from '../envs/driver.js';
import { TEST_HOST } from './test-host.js';

/** Vector envs at the other end of a wire: each on a server of its own, through the TypeScript client. */
export const makeOverWire: Make = async (id, { options, ...config }): Promise<DrivenEnv> => {
  const server = await Server.start(TEST_HOST);
  const client = await connect(server.url);
  const env = await client.make(id, { ...config, options: options as Options | undefined });
  const { contract } = env;
  return {
    spec: env.spec,
    numEnvs: env.numEnvs,
    observationSpace: env.observationSpace,
    actionSpace: env.actionSpace,
    infoSpaces: Object.fromEntries(contract.infos.map(({ name, space }) => [name, spaceFromJSON(space)])),
    reset: ({ ids, seeds } = {}) => env.reset({ ids: ids && [...ids], seed: seeds }),
    step: (actions, ids) => env.step(actions, { ids }),
    render: (index) => env.render(index),
    snapshot: async (id) => (await env.snapshot([id]))[0],
    restore: async (id, snapshot) => void (await env.restore([snapshot], [id])),
    close: async () => {
      client.close();
      await server.close();
    },
  };
};
