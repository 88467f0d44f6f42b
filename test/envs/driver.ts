import type { InfoSlabs } from '../../envs/batch.js';
import {
  type AutoresetMode,
  type EnvSpec,
  getEnv,
  type Image,
  resolveOptions,
  VectorEnv,
} from '../../envs/index.js';
import type { TypedArray } from '../../protocol/dtypes.js';
import type { ResetResult, StepResult } from '../../protocol/results.js';
import type { Space } from '../../protocol/spaces/index.js';

/** How the conformance suite makes a vector env: in this process, or at the other end of a wire. */
export type Make = (id: string, config: MakeConfig) => Promise<DrivenEnv>;

export interface MakeConfig {
  readonly numEnvs: number;
  readonly autoreset: AutoresetMode;
  readonly options?: Readonly<Record<string, unknown>> | undefined;
  readonly maxEpisodeSteps?: number | undefined;
}

/** What the conformance suite needs of a vector env. Errors are FarstepErrors; results stay as they are. */
export interface DrivenEnv {
  readonly spec: EnvSpec;
  readonly numEnvs: number;
  readonly observationSpace: Space;
  readonly actionSpace: Space;
  readonly infoSpaces: Readonly<Record<string, Space>>;
  reset(request?: { ids?: Uint32Array; seeds?: readonly (number | null)[] }): Promise<ResetResult>;
  /** `actions`: one slab a leaf of the action space, one row an id. */
  step(actions: readonly TypedArray[], ids?: Uint32Array): Promise<StepResult>;
  render(id: number): Promise<Image>;
  /** Absent, and `restore` with it, where the way to the env does not offer them. */
  snapshot?(id: number): Promise<unknown>;
  restore?(id: number, snapshot: unknown): Promise<void>;
  close(): Promise<void>;
}

/** The first `n` of `capacity` rows of a slab, as an array of its own. */
const rows = <T extends TypedArray>(slab: T, n: number, capacity: number): T =>
  slab.slice(0, (slab.length / capacity) * n) as T;

/** Vector envs in this process. */
export const makeInProcess: Make = async (id, config) => {
  const definition = getEnv(id);
  const options = resolveOptions(definition.spec, config.options);
  const venv = new VectorEnv(definition, { ...config, options });
  const copy = (slabs: readonly TypedArray[], n: number) =>
    slabs.map((slab) => rows(slab, n, config.numEnvs));
  const copyInfos = (infos: InfoSlabs, n: number) =>
    Object.fromEntries(Object.entries(infos).map(([name, slabs]) => [name, copy(slabs, n)]));
  return {
    spec: venv.spec,
    numEnvs: venv.numEnvs,
    observationSpace: venv.observationSpace,
    actionSpace: venv.actionSpace,
    infoSpaces: venv.infoSpaces,
    async reset(request) {
      const { n, observations, infos, seeds } = venv.reset(request);
      return { n, observations: copy(observations, n), infos: copyInfos(infos, n), seeds: seeds.slice(0, n) };
    },
    async step(actions, ids) {
      for (const [i, slab] of actions.entries()) venv.actions[i]!.set(slab as never);
      const { n, observations, rewards, terminated, truncated, infos, ended } = venv.step(ids);
      return {
        n,
        observations: copy(observations, n),
        rewards: rewards.slice(0, n),
        terminated: terminated.slice(0, n),
        truncated: truncated.slice(0, n),
        infos: copyInfos(infos, n),
        ...(ended && {
          ended: {
            rows: ended.rows.slice(0, ended.n),
            returns: ended.returns.slice(0, ended.n),
            lengths: ended.lengths.slice(0, ended.n),
            seeds: ended.seeds.slice(0, ended.n),
            ...(ended.finalObservations && { finalObservations: copy(ended.finalObservations, ended.n) }),
            ...(ended.finalInfos && { finalInfos: copyInfos(ended.finalInfos, ended.n) }),
          },
        }),
      };
    },
    render: async (env) => venv.render(env),
    snapshot: async (env) => venv.snapshot(env),
    restore: async (env, snapshot) => venv.restore(env, snapshot),
    close: async () => {},
  };
};
