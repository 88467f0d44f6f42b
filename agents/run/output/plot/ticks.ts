/**
 * Round values inside a range: multiples of 1, 2 or 5 times a power of ten, ascending.
 * @param count - about how many.
 */
export function ticks(low: number, high: number, count: number): number[] {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const scaled = rough / power; // from 1 to 10; rounded on the logarithmic scale
  const step =
    power * (scaled < Math.sqrt(2) ? 1 : scaled < Math.sqrt(10) ? 2 : scaled < Math.sqrt(50) ? 5 : 10);
  const slack = 1e-9; // so that 0.07 counts as a multiple of 0.01, and 0.3 of 0.1
  const first = Math.ceil(low / step - slack);
  const last = Math.floor(high / step + slack);
  // Multiplying by 0.1 gives 0.30000000000000004, dividing by 10 gives 0.3.
  return Array.from({ length: last - first + 1 }, (_, i) =>
    step >= 1 ? (first + i) * step : (first + i) / Math.round(1 / step),
  );
}

const UNITS = [
  [1e9, 'B'],
  [1e6, 'M'],
  [1e3, 'k'],
] as const;

/** Labels of ticks: `0 0.05 0.10`, `−500 0 500 1,000`, `0 500k 1M 1.5M`; in powers of ten below 0.0001. */
export function tickLabels(values: readonly number[]): string[] {
  const largest = Math.max(...values.map(Math.abs));
  const decimals = Math.max(...values.map((value) => String(value).split('.')[1]?.length ?? 0));
  return values.map((value) => label(value, largest, decimals).replaceAll('-', '−'));
}

function label(value: number, largest: number, decimals: number): string {
  if (value === 0) return '0';
  if (largest < 1e-4) return String(Number(value.toPrecision(6)));
  if (largest < 1e4) {
    return value.toLocaleString('en-US', {
      minimumFractionDigits: decimals,
      maximumFractionDigits: decimals,
    });
  }
  const [divisor, unit] = UNITS.find(([size]) => Math.abs(value) >= size) ?? [1, ''];
  return `${Number((value / divisor).toPrecision(6))}${unit}`;
}
