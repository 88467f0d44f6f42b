/** Rules by name, each with the words of protocol/README.md that make it one. */
export type Rules = Readonly<Record<string, string>>;

/** What broke a rule. */
export interface Evidence {
  /** What was expected, and what came. */
  readonly detail: string;
  /** The frame in question, and whose it was. */
  readonly frame?: Uint8Array | undefined;
  readonly from: 'client' | 'server';
}

export type Verdict = { readonly verdict: 'holds' } | ({ readonly verdict: 'broken' } & Evidence);

/** Gathers what a judge sees. A rule that was broken once stays broken, by the first evidence. */
export class Verdicts {
  readonly #found = new Map<string, Verdict>();

  /** Notes that a rule held this time. */
  holds(rule: string): void {
    if (!this.#found.has(rule)) this.#found.set(rule, { verdict: 'holds' });
  }

  breaks(rule: string, evidence: Evidence): void {
    if (this.of(rule)?.verdict !== 'broken') this.#found.set(rule, { verdict: 'broken', ...evidence });
  }

  /** What was found about a rule; undefined where it was not judged. */
  of(rule: string): Verdict | undefined {
    return this.#found.get(rule);
  }

  /** The rules that were broken, with what broke them. */
  get broken(): readonly (readonly [rule: string, evidence: Evidence])[] {
    return [...this.#found].flatMap(([rule, found]) => (found.verdict === 'broken' ? [[rule, found]] : []));
  }
}
