import { createReadStream } from 'node:fs';
import { truncate } from 'node:fs/promises';
import { basename } from 'node:path';
import { AppendedFile } from './appended-file.js';
import { RunError, reason } from './run-error.js';

/** One line of metrics.jsonl. */
export interface MetricsRow {
  /** Environment steps taken when the row was written. */
  readonly step: number;
  /** Seconds since 1970. */
  readonly time: number;
  readonly [name: string]: number;
}

/** Where measurements go, by step: metrics.jsonl, TensorBoard. */
export interface MetricsSink {
  write(step: number, values: Readonly<Record<string, number>>): void;
  /** Puts everything written so far on disk. */
  flush(): void;
  close(): void;
}

/**
 * Writes metrics as JSON lines, `{"step":1000,"time":1735689600.5,"episode_return":12}`. JSON has no NaN and no
 * infinities; they become the strings "NaN", "Infinity" and "-Infinity", which JavaScript's `Number` and Python's
 * `float` read back.
 */
export class MetricsWriter implements MetricsSink {
  readonly #file: AppendedFile;
  readonly #now: () => number;

  /** Appends to `path`. @param now - the time in milliseconds since 1970. @throws RunError */
  constructor(path: string, now: () => number = Date.now) {
    this.#file = new AppendedFile(path, now);
    this.#now = now;
  }

  write(step: number, values: Readonly<Record<string, number>>): void {
    this.#file.append(Buffer.from(`${jsonLine({ step, time: this.#now() / 1000, ...values })}\n`));
  }

  flush(): void {
    this.#file.flush();
  }

  close(): void {
    this.#file.close();
  }
}

/** A record on one line of JSON, numbers that JSON lacks as strings. */
export function jsonLine(record: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(record, (_, value: unknown) =>
    typeof value === 'number' && !Number.isFinite(value) ? String(value) : value,
  );
}

/**
 * The rows of a metrics file, in order. A last line without its newline, which a killed process leaves, is skipped.
 * @throws RunError with the number of the line, if one is not a row of metrics.
 */
export async function* readMetrics(path: string): AsyncGenerator<MetricsRow> {
  for await (const { row } of locatedRows(path)) yield row;
}

/**
 * Cuts a metrics file at the first row of a later step than `step`, so that a run that goes on from there does not
 * write a part of its curve twice. A half-written last line goes too.
 * @throws RunError if the file cannot be read or written.
 */
export async function truncateMetrics(path: string, step: number): Promise<void> {
  let length = 0;
  for await (const { row, end } of locatedRows(path)) {
    if (row.step > step) break;
    length = end;
  }
  try {
    await truncate(path, length);
  } catch (error) {
    throw new RunError(`${path} cannot be written: ${reason(error)}`, { cause: error });
  }
}

/** Rows with the offset in bytes at which each ends, its newline included. */
async function* locatedRows(path: string): AsyncGenerator<{ row: MetricsRow; end: number }> {
  let rest: Buffer = Buffer.alloc(0);
  let end = 0;
  let line = 0;
  try {
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
      let start = 0;
      for (let stop = bytes.indexOf(10); stop >= 0; stop = bytes.indexOf(10, start)) {
        end += stop + 1 - start;
        line += 1;
        yield { row: parseRow(bytes.toString('utf8', start, stop), path, line), end };
        start = stop + 1;
      }
      rest = bytes.subarray(start);
    }
  } catch (error) {
    if (error instanceof RunError) throw error;
    throw new RunError(`${path} cannot be read: ${reason(error)}`, { cause: error });
  }
}

const NON_FINITE = new Set<unknown>(['NaN', 'Infinity', '-Infinity']);

function parseRow(text: string, path: string, line: number): MetricsRow {
  let row: Record<string, unknown> | undefined;
  try {
    row = JSON.parse(text, (_, value: unknown) => (NON_FINITE.has(value) ? Number(value) : value));
  } catch {
    // Told below, as any other line that is not a row.
  }
  if (typeof row?.step !== 'number' || typeof row.time !== 'number') {
    throw new RunError(
      `${basename(path)}, line ${line}: expected a JSON object with a step and a time, got ${text.slice(0, 60)}`,
    );
  }
  return row as unknown as MetricsRow;
}
