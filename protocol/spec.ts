/** What a client is told of an env, apart from its spaces. */

/** A picture: 8-bit RGB, row-major from the top left, three bytes a pixel. */
export interface Image {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** A setting of an env that `make` takes. Names are those of the original's keyword arguments. */
export interface OptionSpec {
  readonly type: 'boolean' | 'integer' | 'number' | 'string';
  readonly default: boolean | number | string | null;
  /** One sentence. */
  readonly description: string;
  readonly min?: number;
  readonly max?: number;
  readonly choices?: readonly string[];
}

export type Options = Readonly<Record<string, boolean | number | string | null>>;

/** What the registry knows of an env. */
export interface EnvSpec {
  readonly id: string;
  /** One sentence. */
  readonly description: string;
  /** Where the rules come from: a paper, a package and its version. */
  readonly source: string;
  readonly players: number;
  /** Time limit in steps: the step with this number truncates. */
  readonly maxEpisodeSteps?: number;
  /** Mean return from which the task counts as solved. */
  readonly rewardThreshold?: number;
  /** Smallest and largest reward of one step. */
  readonly rewardRange: readonly [number, number];
  readonly renderModes: readonly string[];
  readonly options: Readonly<Record<string, OptionSpec>>;
}
