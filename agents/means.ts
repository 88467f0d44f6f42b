/** Running means of measurements by name, over the time since they were last taken. */
export class Means {
  #sums = new Map<string, { sum: number; count: number }>();

  add(values: Readonly<Record<string, number>>): void {
    for (const [name, value] of Object.entries(values)) {
      const entry = this.#sums.get(name);
      if (entry === undefined) this.#sums.set(name, { sum: value, count: 1 });
      else {
        entry.sum += value;
        entry.count += 1;
      }
    }
  }

  /** The means so far; the next ones start afresh. */
  take(): Record<string, number> {
    const means = Object.fromEntries(Array.from(this.#sums, ([name, { sum, count }]) => [name, sum / count]));
    this.#sums = new Map();
    return means;
  }
}
