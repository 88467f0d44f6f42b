import type { Metrics, Task } from '../agent.js';
import { type CheckpointReader, type Files, jsonFile, readJson } from '../checkpoint.js';
import type { AgentDefinition } from '../definition.js';
import type { Modules } from '../module.js';
import { completeSettings, type SettingsOf, withDefaults } from '../settings.js';
import { EXTRA_TREES_SETTINGS, ExtraTrees } from '../trees/extra-trees.js';
import { type Examples, FITTED_SETTINGS, FittedAgent } from './fitted-agent.js';
import { FQI_TREES_PRESETS } from './presets.js';

export const FQI_TREES_SETTINGS = {
  ...withDefaults(FITTED_SETTINGS, { learningStarts: 10_000, stepsPerIteration: 100 }),
  ...EXTRA_TREES_SETTINGS,
};

export type FqiTreesSettings = SettingsOf<typeof FQI_TREES_SETTINGS>;

/**
 * Fitted Q-iteration with extremely randomized trees (Ernst, Geurts and Wehenkel 2005): a forest for each action, grown
 * anew in each iteration. What trees predict lies within the targets they have seen, so that values cannot diverge.
 */
export class FqiTrees extends FittedAgent {
  protected readonly modules: Modules = {};
  protected readonly policyModules: Modules = {};
  readonly #settings: FqiTreesSettings;
  /** One an action; undefined as long as it was never taken. */
  #forests: (ExtraTrees | undefined)[];

  /** @throws Error on spaces it cannot act in */
  constructor(task: Task, settings: FqiTreesSettings, seed: number) {
    super(task, settings, seed);
    this.#settings = settings;
    this.#forests = new Array<undefined>(this.numActions).fill(undefined);
  }

  protected predict(states: Float32Array | Uint8Array): Float32Array {
    const inputs = Float32Array.from(states);
    const rows = inputs.length / this.features.size;
    const q = new Float32Array(rows * this.numActions);
    for (const [action, forest] of this.#forests.entries()) {
      const column = forest?.predict(inputs);
      for (let row = 0; row < rows; row++) q[row * this.numActions + action] = column?.[row] ?? 0;
    }
    return q;
  }

  protected fit({ states, actions, targets }: Examples): Metrics {
    const { size } = this.features;
    this.#forests = this.#forests.map((_, action) => {
      const rows = Array.from(actions.keys()).filter((row) => actions[row] === action);
      if (rows.length === 0) return undefined;
      const inputs = new Float32Array(rows.length * size);
      for (const [to, row] of rows.entries())
        inputs.set(states.subarray(row * size, (row + 1) * size), to * size);
      const own = Float32Array.from(rows, (row) => targets[row]!);
      return ExtraTrees.fit(inputs, own, this.#settings, this.sampling);
    });
    return {};
  }

  override savePolicy(): Files {
    const files: Record<string, Uint8Array> = {
      'forests.json': jsonFile(this.#forests.map((forest) => !!forest)),
    };
    for (const [action, forest] of this.#forests.entries()) {
      if (forest) files[fileOf(action)] = forest.encode();
    }
    return files;
  }

  override async loadPolicy(from: CheckpointReader): Promise<void> {
    const grown = await readJson<boolean[]>(from, 'forests.json');
    const load = async (there: boolean, action: number) =>
      there ? ExtraTrees.decode(await from.read(fileOf(action))) : undefined;
    this.#forests = await Promise.all(grown.map(load));
  }

  override save(): Files {
    return { ...super.save(), ...this.savePolicy() };
  }

  override async load(from: CheckpointReader): Promise<void> {
    await super.load(from);
    await this.loadPolicy(from);
  }
}

const fileOf = (action: number): string => `forest${action}.safetensors`;

export const fqiTrees: AgentDefinition = {
  name: 'fqi-trees',
  description: 'Fitted Q-iteration with extremely randomized trees, for discrete actions.',
  source: 'Ernst, Geurts and Wehenkel 2005; trees: Geurts, Ernst and Wehenkel 2006',
  settings: FQI_TREES_SETTINGS,
  presets: FQI_TREES_PRESETS,
  create: (task, given, seed) => new FqiTrees(task, completeSettings(FQI_TREES_SETTINGS, given), seed),
};
