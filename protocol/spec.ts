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

/**
 * The transition probabilities and rewards of a Markov decision process with finitely many states and actions, in flat
 * arrays. The outcomes of action a in state s are entries first[s * numActions + a] to
 * first[s * numActions + a + 1] - 1, in the order of the original.
 */
export interface TransitionTable {
  readonly numStates: number;
  readonly numActions: number;
  /** int32 [numStates * numActions + 1] */
  readonly first: Int32Array;
  /** float64 [outcomes]; those of one state and action sum to 1 */
  readonly probabilities: Float64Array;
  /** int32 [outcomes] */
  readonly nextStates: Int32Array;
  /** float64 [outcomes] */
  readonly rewards: Float64Array;
  /** 0 or 1 [outcomes] */
  readonly terminated: Uint8Array;
}
