/** The envs of claims, held against pins and baseline: whether a change is theirs or the agent's. */
import type { Client } from '../../protocol/index.js';
import type { Options } from '../../protocol/spec.js';
import { canonicalJSON } from '../../server/contract.js';
import type { Baseline } from './baseline.js';
import type { Claim, GoldenClaim, Task } from './claims.js';
import { compareFingerprints, type Fingerprint, fingerprint } from './golden.js';
import type { GoldenReport } from './report.js';
import { makeTrial } from './trials.js';

type Play = Omit<GoldenClaim, 'contract' | 'trajectory'>;

/** How an env of a claim is played: with as many copies as train, for that is in the contract. */
function playOf(claim: Claim, task: Task): Play {
  const { numEnvs, options } = makeTrial(claim, task, claim.seeds[0]!).config;
  const copies = (numEnvs as number | null) ?? 1;
  return { env: task.env, options: options as Options, numEnvs: copies, seed: 0, steps: 1000 };
}

const keyOf = ({ env, options, numEnvs, seed, steps }: Play): string =>
  `${env} ${canonicalJSON({ options, numEnvs, seed, steps })}`;

export class EnvChecks {
  readonly #client: Client;
  readonly #baseline: Baseline;
  readonly #found = new Map<string, Fingerprint>();

  constructor(client: Client, baseline: Baseline) {
    this.#client = client;
    this.#baseline = baseline;
  }

  /** Every fingerprint taken, as a baseline keeps them. */
  get fingerprints(): Readonly<Record<string, Fingerprint>> {
    return Object.fromEntries(this.#found);
  }

  /** Whether an env still does exactly what it did. */
  async golden(claim: GoldenClaim): Promise<GoldenReport> {
    const { contract, trajectory, env, options } = claim;
    const expected = {
      ...this.#baseline.envs[keyOf(claim)],
      ...(contract !== undefined && { contract }),
      ...(trajectory !== undefined && { trajectory }),
    };
    const result = compareFingerprints(await this.#take(claim), expected);
    const named = Object.entries(options).map(([name, value]) => `${name}=${value}`);
    return {
      name: [env, ...named].join(', '),
      verdict: result.verdict,
      notes: result.verdict === 'pass' ? [] : [`${result.reason}.`],
    };
  }

  /** What can be said of a claim's envs beside those of the baseline, in sentences. */
  async compare(claim: Claim): Promise<readonly string[]> {
    const notes: string[] = [];
    for (const task of claim.tasks) {
      const play = playOf(claim, task);
      const result = compareFingerprints(await this.#take(play), this.#baseline.envs[keyOf(play)] ?? {});
      if (result.verdict === 'fail') notes.push(`${task.env} is not that of the baseline: ${result.reason}.`);
      if (result.verdict === 'pass') notes.push(`${task.env} is that of the baseline, to the bit.`);
    }
    return notes;
  }

  /** A sentence where an env's contract is not the one that the claim pins. */
  async brokenPin(claim: Claim): Promise<string | undefined> {
    for (const task of claim.tasks) {
      const found = await this.#take(playOf(claim, task));
      if (task.contract === undefined || task.contract === found.contract) continue;
      return (
        `the contract of ${task.env} is ${found.contract}, the claim pins ${task.contract}: ` +
        'it is the env that changed, nothing was trained.'
      );
    }
    return undefined;
  }

  async #take(play: Play): Promise<Fingerprint> {
    const key = keyOf(play);
    const found = this.#found.get(key) ?? (await fingerprint(this.#client, play));
    this.#found.set(key, found);
    return found;
  }
}
