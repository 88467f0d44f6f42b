/** Number of insertions, deletions and substitutions of a character that turn `a` into `b` (Levenshtein, 1965). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substitution, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}

/** The `count` names most like `name`, nearest first; upper and lower case are one. */
export function nearest(name: string, names: readonly string[], count: number): string[] {
  const wanted = name.toLowerCase().slice(0, 100); // the name may come from a stranger, and the work is quadratic
  const distances = new Map(names.map((other) => [other, editDistance(wanted, other.toLowerCase())]));
  return [...names].sort((a, b) => distances.get(a)! - distances.get(b)!).slice(0, count);
}

/** The name that somebody who wrote `name` may have meant: at most half of its letters differ. */
export function meant(name: string, names: readonly string[]): string | undefined {
  const [best] = nearest(name, names, 1);
  if (best === undefined) return undefined;
  const edits = editDistance(name.toLowerCase().slice(0, 100), best.toLowerCase());
  return edits <= Math.max(2, name.length / 2) ? best : undefined;
}
