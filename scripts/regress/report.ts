/** What `farstep regress` tells: a table for people, JSON for programs, JUnit for CI. */
import { short } from './describe.js';
import type { Finding, Verdict } from './verdict.js';

export interface SeedReport {
  readonly seed: number;
  readonly env: string;
  /** Of the claim itself, or of what it is compared with. */
  readonly side: 'claim' | 'against';
  readonly score: number | null;
  readonly seconds: number;
  readonly megabytes: number;
  /** Its run directory. */
  readonly run: string | null;
  /** How it failed. */
  readonly problem?: string | undefined;
}

export interface ClaimReport {
  readonly name: string;
  readonly description?: string | undefined;
  readonly verdict: Verdict;
  /** What was measured, in words, such as `IQM` or `P(better than double=false)`. */
  readonly statistic: string;
  /** What was claimed of it, in words. */
  readonly bound: string;
  readonly finding: Omit<Finding, 'verdict'> | null;
  readonly seeds: readonly SeedReport[];
  /** Sentences that explain the verdict. */
  readonly notes: readonly string[];
}

export interface GoldenReport {
  readonly name: string;
  readonly verdict: Verdict;
  readonly notes: readonly string[];
}

export interface Report {
  /** The claims file. */
  readonly file: string;
  readonly verdict: Exclude<Verdict, 'reported'>;
  readonly golden: readonly GoldenReport[];
  readonly claims: readonly ClaimReport[];
}

const minutes = (seconds: number): string =>
  seconds < 90 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;

/** A Markdown table, which reads well in a terminal too; below it the notes. */
export function toTable({ golden, claims }: Report): string {
  const rows = [
    ['claim', 'measured', 'value', 'interval', 'bar', 'seeds', 'time a seed', 'verdict'],
    ...claims.map(({ name, statistic, finding, bound, seeds, verdict }) => {
      const scored = seeds.filter(({ score, side }) => score !== null && side === 'claim').length;
      const time = seeds.reduce((sum, { seconds }) => sum + seconds, 0) / Math.max(1, seeds.length);
      const [value, interval] = finding
        ? [short(finding.estimate), `${short(finding.low)} to ${short(finding.high)}`]
        : ['', ''];
      return [name, statistic, value, interval, bound, String(scored), minutes(time), verdict];
    }),
    ...golden.map(({ name, verdict }) => [name, 'golden trajectory', '', '', '', '', '', verdict]),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map(
    (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`,
  );
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  const notes = [...golden, ...claims].flatMap(({ name, notes: its }) =>
    its.map((note) => `${name}: ${note}`),
  );
  const table = [lines[0], rule, ...lines.slice(1)].join('\n');
  return notes.length === 0 ? table : `${table}\n\n${notes.join('\n')}`;
}

/** JUnit's XML: a failure for what failed, `skipped` for what is inconclusive, figures as the output of the case. */
export function toJUnit({ file, golden, claims }: Report): string {
  const cases = [
    ...golden.map((each) => ({ ...each, seconds: 0, text: '' })),
    ...claims.map((claim) => ({
      ...claim,
      seconds: claim.seeds.reduce((sum, { seconds }) => sum + seconds, 0),
      text: toTable({ file, verdict: 'pass', golden: [], claims: [claim] }),
    })),
  ];
  const count = (verdict: Verdict) => cases.filter((each) => each.verdict === verdict).length;
  const total = cases.reduce((sum, { seconds }) => sum + seconds, 0);
  const body = cases.map(({ name, verdict, notes, seconds, text }) => {
    const message = escapeXml(notes.join(' ') || verdict);
    const element = { fail: 'failure', inconclusive: 'skipped', pass: undefined, reported: undefined }[
      verdict
    ];
    return [
      `  <testcase classname="farstep.regress" name="${escapeXml(name)}" time="${seconds.toFixed(1)}">`,
      ...(element ? [`    <${element} message="${message}"/>`] : []),
      ...(text ? [`    <system-out>${escapeXml(text)}</system-out>`] : []),
      '  </testcase>',
    ].join('\n');
  });
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuite name="${escapeXml(file)}" tests="${cases.length}" failures="${count('fail')}" skipped="${count('inconclusive')}" time="${total.toFixed(1)}">
${body.join('\n')}
</testsuite>
`;
}

const escapeXml = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll('\n', '&#10;');
