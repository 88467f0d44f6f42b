/** What a judge found, for people and for programs. */
import { notationOf } from './notation.js';
import type { Rules, Verdict, Verdicts } from './verdicts.js';

/** Rules that are judged together. */
export interface RuleGroup {
  readonly name: string;
  /** A sentence. */
  readonly title: string;
  readonly rules: Rules;
}

export interface JudgedRule {
  readonly rule: string;
  /** The words of protocol/README.md that make it one. */
  readonly spec: string;
  /** `advice`: broken, but the specification says SHOULD. */
  readonly verdict: Verdict['verdict'] | 'advice' | 'not judged';
  /** What broke it: what was expected, and what came; or why it was not judged. */
  readonly detail?: string;
  /** The frame that broke it. */
  readonly frame?: ShownFrame | undefined;
}

export interface ShownFrame {
  readonly from: 'client' | 'server';
  /** What it says, or why it says nothing. */
  readonly message: unknown;
  readonly hex: string;
}

export interface Report {
  /** Who was judged. */
  readonly of: string;
  readonly holds: number;
  readonly broken: number;
  readonly advice: number;
  readonly notJudged: number;
  readonly groups: readonly (Omit<RuleGroup, 'rules'> & { readonly rules: readonly JudgedRule[] })[];
}

/** @param why - a rule was not judged. */
export function reportOf(
  of: string,
  groups: readonly RuleGroup[],
  verdicts: Verdicts,
  why: (group: RuleGroup, rule: string) => string,
): Report {
  const judge = (group: RuleGroup, rule: string): Omit<JudgedRule, 'rule' | 'spec'> => {
    const found = verdicts.of(rule);
    if (!found) return { verdict: 'not judged', detail: why(group, rule) };
    if (found.verdict === 'holds') return found;
    const { detail, frame, from } = found;
    const verdict = /\bSHOULD\b/.test(group.rules[rule]!) ? 'advice' : 'broken';
    return { verdict, detail, ...(frame && { frame: shown(frame, from) }) };
  };
  const judged = groups.map(({ name, title, rules }) => ({
    name,
    title,
    rules: Object.entries(rules).map(([rule, spec]) => ({
      rule,
      spec,
      ...judge({ name, title, rules }, rule),
    })),
  }));
  const all = judged.flatMap(({ rules }) => rules);
  const count = (verdict: JudgedRule['verdict']) => all.filter((rule) => rule.verdict === verdict).length;
  return {
    of,
    holds: count('holds'),
    broken: count('broken'),
    advice: count('advice'),
    notJudged: count('not judged'),
    groups: judged,
  };
}

function shown(frame: Uint8Array, from: 'client' | 'server'): ShownFrame {
  const bytes = Buffer.from(frame);
  const hex = bytes.toString('hex');
  try {
    return { from, message: notationOf(bytes), hex };
  } catch (error) {
    return { from, message: `not to be decoded: ${(error as Error).message}`, hex };
  }
}

const MAX_TEXT = 1000;
const cut = (text: string): string =>
  text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}... (${text.length} characters)` : text;

const MARKS = { holds: 'holds ', broken: 'BROKEN', advice: 'advice', 'not judged': '-     ' } as const;

/** A line a rule, with the evidence below those that were broken. */
export function reportText({ of, holds, broken, advice, notJudged, groups }: Report): string {
  const lines: string[] = [];
  for (const { name, title, rules } of groups) {
    lines.push(`${name}: ${title}`);
    for (const { rule, spec, verdict, detail, frame } of rules) {
      lines.push(`  ${MARKS[verdict]}  ${rule}`);
      if (verdict !== 'broken' && verdict !== 'advice') continue;
      lines.push(`            ${detail}`, `            the specification says: ${spec}`);
      if (!frame) continue;
      lines.push(`            the frame of the ${frame.from}:`);
      lines.push(`            ${cut(JSON.stringify(frame.message))}`, `            ${cut(frame.hex)}`);
    }
    const reasons = new Set(
      rules.filter(({ verdict }) => verdict === 'not judged').map(({ detail }) => detail),
    );
    for (const why of reasons) lines.push(`  -: ${why}`);
    lines.push('');
  }
  lines.push(`${of}: ${holds} rules hold, ${broken} broken, advice on ${advice}, ${notJudged} not judged`);
  return lines.join('\n');
}
