/** The values of a page of metrics, each under its name with labels, as written there: `name{label="value"}`. */
export class Samples {
  readonly #values = new Map<string, number>();

  /** @param text - in Prometheus' text format. */
  constructor(text: string) {
    for (const [, key, value] of text.matchAll(/^(\w+(?:\{.*\})?) (\S+)/gm)) {
      this.#values.set(key!, value === '+Inf' ? Number.POSITIVE_INFINITY : Number(value));
    }
  }

  /** 0 where there is none. */
  get(name: string): number {
    return this.#values.get(name) ?? 0;
  }

  /** The values of a metric by its one label, in the order of the page. */
  by(name: string): [label: string, value: number][] {
    return Array.from(this.#values)
      .filter(([key]) => key.startsWith(`${name}{`))
      .map(([key, value]) => [JSON.parse(/=(".*")\}$/.exec(key)![1]!) as string, value]);
  }
}
