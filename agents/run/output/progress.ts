import { jsonLine } from './metrics.js';

/** What Progress needs of a stream: `process.stdout`, or a test's own. */
export interface ProgressStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  /** Width of the terminal in characters. */
  readonly columns?: number;
}

export interface ProgressOptions {
  readonly stream: ProgressStream;
  /** Environment steps after which the run is done. */
  readonly total: number;
  /** Environment steps taken already, where a run goes on from a checkpoint. */
  readonly start?: number;
  /** The time in milliseconds. */
  readonly now: () => number;
}

const TERMINAL_MS = 100;
const JSON_MS = 5000;
/** Over how much of the recent past steps/s is measured. */
const RATE_MS = 10_000;
/** The mean return is over this many of the last episodes. */
const EPISODES = 100;

/**
 * Shows how far a run is. On a terminal, one line redrawn in place, at most ten times a second:
 *
 *     45,200/200,000 (22%)  1,520 steps/s  ETA 1:42  return 6.3  loss 0.0123  epsilon 0.1
 *
 * cut from the right, a part at a time, to the width of the terminal. Elsewhere, one JSON object a line every five
 * seconds and at the end, with the same content under fixed names. It keeps no timer: it reports from `update`.
 */
export class Progress {
  readonly #stream: ProgressStream;
  readonly #total: number;
  readonly #now: () => number;
  readonly #terminal: boolean;
  #step: number;
  #values: Readonly<Record<string, number>> = {};
  #returns: number[] = [];
  /** Times and steps of past reports, the oldest from just before the window of the rate. */
  #samples: { readonly time: number; readonly step: number }[];
  #reported: number;

  constructor({ stream, total, start = 0, now }: ProgressOptions) {
    this.#stream = stream;
    this.#total = total;
    this.#now = now;
    this.#terminal = stream.isTTY === true;
    this.#step = start;
    this.#reported = now();
    this.#samples = [{ time: this.#reported, step: start }];
  }

  /** @param values - what to show besides, in this order, such as loss and epsilon; kept until the next are given. */
  update(step: number, values: Readonly<Record<string, number>> = this.#values): void {
    this.#step = step;
    this.#values = values;
    const now = this.#now();
    if (now - this.#reported >= (this.#terminal ? TERMINAL_MS : JSON_MS)) this.#report(now);
  }

  /** Counts the undiscounted return of an episode that ended. */
  episode(episodeReturn: number): void {
    if (this.#returns.push(episodeReturn) > EPISODES) this.#returns.shift();
  }

  /** Writes a line of text that stays; on a terminal, above the line of progress. */
  message(text: string): void {
    if (this.#terminal) {
      this.#stream.write(`\r\x1b[K${text}\n${this.#line()}`);
    } else {
      this.#stream.write(`${jsonLine({ event: 'message', text })}\n`);
    }
  }

  /** The last report. On a terminal the line stays and the cursor goes below it. */
  end(): void {
    this.#report(this.#now());
    if (this.#terminal) this.#stream.write('\n');
  }

  #report(now: number): void {
    this.#reported = now;
    this.#samples.push({ time: now, step: this.#step });
    while (this.#samples[1]!.time <= now - RATE_MS) this.#samples.shift();
    this.#stream.write(this.#terminal ? `\r\x1b[K${this.#line()}` : this.#json());
  }

  /** Steps a second over the window, 0 before the first report. */
  #rate(): number {
    const first = this.#samples[0]!;
    const last = this.#samples.at(-1)!;
    return last.time > first.time ? ((last.step - first.step) / (last.time - first.time)) * 1000 : 0;
  }

  /** Seconds until the total, Infinity while nothing moves. */
  #eta(): number {
    return Math.max(0, this.#total - this.#step) / this.#rate();
  }

  /** Mean of the last episodes, undefined before the first. */
  #meanReturn(): number | undefined {
    if (this.#returns.length === 0) return undefined;
    return this.#returns.reduce((sum, x) => sum + x, 0) / this.#returns.length;
  }

  #line(): string {
    const percent = Math.floor((100 * this.#step) / this.#total);
    const parts = [
      `${count(this.#step)}/${count(this.#total)} (${percent}%)`,
      `${count(this.#rate())} steps/s`,
      `ETA ${duration(this.#eta())}`,
    ];
    const mean = this.#meanReturn();
    if (mean !== undefined) parts.push(`return ${short(mean)}`);
    for (const [name, value] of Object.entries(this.#values)) parts.push(`${name} ${short(value)}`);

    const width = (this.#stream.columns ?? 80) - 1; // a terminal may wrap when its last column is filled
    while (parts.length > 1 && parts.join('  ').length > width) parts.pop();
    return parts.join('  ').slice(0, width);
  }

  #json(): string {
    const rate = this.#rate();
    return `${jsonLine({
      event: 'progress',
      step: this.#step,
      total: this.#total,
      steps_per_second: Math.round(rate),
      eta_seconds: rate > 0 ? Math.round(this.#eta()) : null,
      mean_return: this.#meanReturn() ?? null,
      ...this.#values,
    })}\n`;
  }
}

/** 45,200 */
function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** 0:07, 12:34, 3:05:00; `--:--` where there is no telling. */
function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '--:--';
  const whole = Math.ceil(seconds);
  const two = (n: number) => String(n).padStart(2, '0');
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** Three significant digits without an exponent where that is short: 6.3, 0.0123, 1234, 1.2e-7. */
function short(value: number): string {
  if (Math.abs(value) >= 1000 && Math.abs(value) < 1e7) return String(Math.round(value));
  return String(Number(value.toPrecision(3)));
}
