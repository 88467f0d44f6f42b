import type { Histogram, Registry } from 'prom-client';

/** A Prometheus histogram that costs a few nanoseconds an observation; prom-client's own takes half a microsecond. */
export class Buckets {
  readonly #bounds: Float64Array;
  /** Observations in each bucket, the last of which has no bound. */
  readonly #counts: Float64Array;
  #sum = 0;

  /** @param bounds - upper bounds of the buckets, ascending. */
  constructor(bounds: readonly number[]) {
    this.#bounds = Float64Array.from(bounds);
    this.#counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    const bounds = this.#bounds;
    let i = 0;
    while (i < bounds.length && value > bounds[i]!) i++;
    this.#counts[i]!++;
    this.#sum += value;
  }

  /** Has a registry tell it. */
  register(registry: Registry, name: string, help: string): void {
    const values = () => {
      let count = 0;
      const buckets = Array.from(this.#counts, (n, i) => {
        count += n;
        return { metricName: `${name}_bucket`, labels: { le: this.#bounds[i] ?? '+Inf' }, value: count };
      });
      return [
        ...buckets,
        { metricName: `${name}_sum`, labels: {}, value: this.#sum },
        { metricName: `${name}_count`, labels: {}, value: count },
      ];
    };
    // What a registry uses of a metric.
    const metric = { name, help, get: async () => ({ name, help, type: 'histogram', values: values() }) };
    registry.registerMetric(metric as unknown as Histogram);
  }
}
