import type { Agent } from '../agent.js';
import type { AgentDefinition, Preset } from '../definition.js';
import { completeSettings, type SettingsTable } from '../settings.js';
import { discreteView } from '../views/index.js';
import { ddpg } from './ddpg.js';
import { DQN_SETTINGS } from './dqn.js';
import { fittedQ } from './fitted-q.js';
import { fqiTrees } from './fqi-trees.js';
import { autoencoderFor, LATENT_SETTINGS, LatentAgent } from './latent-agent.js';
import { LATENT_DDPG_PRESETS, LATENT_FITTED_Q_PRESETS, LATENT_FQI_TREES_PRESETS } from './presets.js';

const { frameStack } = DQN_SETTINGS;

/** The values of a table's settings among others. */
const those = (table: SettingsTable, given: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(Object.entries(given).filter(([name]) => name in table));

/** An agent that is shown codes of pictures in place of the pictures. */
function latent(
  inner: AgentDefinition,
  {
    description,
    source,
    presets,
  }: Pick<AgentDefinition, 'description' | 'source'> & {
    readonly presets: Readonly<Record<string, Preset>>;
  },
): AgentDefinition {
  const own = { frameStack, ...LATENT_SETTINGS };
  const settings = { ...own, ...inner.settings };
  return {
    name: `latent-${inner.name}`,
    description,
    source,
    settings,
    presets,
    workload(task, given) {
      const chosen = completeSettings(LATENT_SETTINGS, those(LATENT_SETTINGS, given));
      return { multiplyAdds: chosen.codeBatchSize * autoencoderFor(task, chosen).network.multiplyAdds };
    },
    view: (env, given) => discreteView(env, completeSettings(own, those(own, given)).frameStack),
    create(task, given, seed) {
      completeSettings(settings, given); // whatever is neither's
      const chosen = completeSettings(LATENT_SETTINGS, those(LATENT_SETTINGS, given));
      return new LatentAgent(
        task,
        chosen,
        seed,
        (shown) => inner.create(shown, those(inner.settings, given), seed) as Agent,
      );
    },
  };
}

export const latentDdpg = latent(ddpg, {
  description: 'DDPG on the codes of an autoencoder that learns from random play first: driving from pixels.',
  source: 'Kendall et al. 2019, "Learning to drive in a day"; Lillicrap et al. 2016',
  presets: LATENT_DDPG_PRESETS,
});

export const latentFqiTrees = latent(fqiTrees, {
  description:
    'Fitted Q-iteration with trees on the codes of an autoencoder that learns from random play first.',
  source: 'Lange and Riedmiller 2010',
  presets: LATENT_FQI_TREES_PRESETS,
});

export const latentFittedQ = latent(fittedQ, {
  description: 'Fitted Q-iteration on the codes of an autoencoder that learns from random play first.',
  source: 'Lange and Riedmiller 2010',
  presets: LATENT_FITTED_Q_PRESETS,
});
