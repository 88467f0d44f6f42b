/** Runs put together for a comparison: a panel an env, and in it runs that differ in nothing but their seeds. */
import type { MetricsRow } from '../agents/run/output/metrics.js';
import type { RunGroup } from '../agents/run/output/plot/comparison.js';
import type { RunConfig } from '../agents/run/output/run-directory.js';

export interface LoadedRun {
  readonly config: RunConfig;
  readonly rows: readonly MetricsRow[];
}

export interface Panel {
  readonly env: string;
  /** The env, and its options where some were given. */
  readonly title: string;
  readonly groups: readonly RunGroup[];
}

/** What tells one way of training from another, by name. */
type Traits = ReadonlyMap<string, string>;

function traitsOf({ numEnvs, settings, data }: RunConfig): Traits {
  const traits = { numEnvs, ...(data ? { data } : {}), ...(settings as object | undefined) };
  return new Map(Object.entries(traits).map(([name, value]) => [name, String(value)]));
}

/** Groups a list by a key, in the order in which keys first appear. */
function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return [...groups.values()];
}

/** A panel for each env with its options. Labels name the agent, and of its settings those that are not all equal. */
export function panelsOf(runs: readonly LoadedRun[]): Panel[] {
  const titleOf = ({ env, options }: RunConfig): string => {
    const given = Object.entries((options ?? {}) as object).map(([name, value]) => `${name}=${value}`);
    return [env, ...given].join(', ');
  };
  return groupBy(runs, ({ config }) => titleOf(config)).map((ofEnv) => ({
    env: ofEnv[0]!.config.env,
    title: titleOf(ofEnv[0]!.config),
    groups: groupBy(ofEnv, ({ config }) => config.agent).flatMap(groupsOfAgent),
  }));
}

function groupsOfAgent(runs: readonly LoadedRun[]): RunGroup[] {
  const groups = groupBy(runs, ({ config }) => JSON.stringify([...traitsOf(config)]));
  const traits = groups.map((members) => traitsOf(members[0]!.config));
  const names = [...new Set(traits.flatMap((each) => [...each.keys()]))];
  const differing = names.filter((name) => new Set(traits.map((each) => each.get(name))).size > 1);
  return groups.map((members, i) => ({
    label: [
      members[0]!.config.agent,
      ...differing.flatMap((name) => {
        const value = traits[i]!.get(name);
        return value === undefined ? [] : `${name}=${value}`;
      }),
    ].join(' '),
    runs: members.map(({ rows }) => rows),
  }));
}
