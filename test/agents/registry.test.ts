import t from 'tap';
import { getAgent, listAgents } from '../../agents/registry.js';
import { completeSettings, expectation } from '../../agents/settings.js';
import { getEnv, resolveOptions } from '../../envs/index.js';

t.test('every setting has a default that it accepts, and a sentence', async (t) => {
  for (const { settings } of listAgents()) {
    t.doesNotThrow(() =>
      completeSettings(
        settings,
        Object.fromEntries(Object.entries(settings).map(([name, s]) => [name, s.default])),
      ),
    );
    for (const [name, setting] of Object.entries(settings)) {
      t.match(setting.description, /^[A-Z].*\.$/, name);
      t.ok(expectation(setting));
    }
  }
});

t.test('every preset is made of settings and options that exist', async (t) => {
  for (const { settings, presets } of listAgents()) {
    for (const [env, preset] of Object.entries(presets)) {
      t.doesNotThrow(() => completeSettings(settings, preset.settings), env);
      t.doesNotThrow(() => resolveOptions(getEnv(env).spec, preset.options), env);
      t.ok(preset.steps > 0 && preset.numEnvs > 0, env);
    }
  }
});

t.test('a name that is nearly right', async (t) => {
  t.equal(getAgent('dqn').name, 'dqn');
  t.throws(() => getAgent('dpn'), { message: 'no agent "dpn"; did you mean "dqn"?' });
});
