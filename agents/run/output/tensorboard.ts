import { join } from 'node:path';
import { AppendedFile } from './appended-file.js';
import { crc32c } from './crc32c.js';
import type { MetricsSink } from './metrics.js';

/**
 * Writes scalars as a TensorBoard event file, `<directory>/events.out.tfevents.<seconds>.<pid>.farstep`: TFRecords of
 * the protobuf message `tensorflow.Event`, encoded here by hand (tensorflow/core/util/event.proto and
 * framework/summary.proto name the fields).
 */
export class TensorBoardWriter implements MetricsSink {
  readonly #file: AppendedFile;
  readonly #now: () => number;

  /**
   * @param resumedFrom - the step from which a run goes on: TensorBoard then drops later steps of the files before.
   * @param now - the time in milliseconds since 1970.
   * @throws RunError if the file cannot be written.
   */
  constructor(directory: string, resumedFrom?: number, now: () => number = Date.now) {
    this.#now = now;
    const seconds = String(Math.floor(now() / 1000)).padStart(10, '0'); // files are read in the order of their names
    this.#file = new AppendedFile(
      join(directory, `events.out.tfevents.${seconds}.${process.pid}.farstep`),
      now,
    );
    this.#event(field(3, Buffer.from('brain.Event:2'))); // file_version
    if (resumedFrom !== undefined) {
      const START = Buffer.from([0x08, 1]); // SessionLog.status
      this.#event(varintField(2, resumedFrom + 1), field(7, START)); // step, session_log
    }
    this.flush();
  }

  write(step: number, values: Readonly<Record<string, number>>): void {
    const summary = Object.entries(values).map(
      ([tag, value]) => field(1, field(1, Buffer.from(tag)), floatField(2, value)), // Summary.value: tag, simple_value
    );
    this.#event(varintField(2, step), field(5, ...summary)); // step, summary
  }

  flush(): void {
    this.#file.flush();
  }

  close(): void {
    this.#file.close();
  }

  #event(...fields: Buffer[]): void {
    this.#file.append(record(Buffer.concat([doubleField(1, this.#now() / 1000), ...fields]))); // wall_time
  }
}

/** A TFRecord: length (uint64), its masked CRC-32C, data, its masked CRC-32C; little-endian. */
function record(data: Buffer): Buffer {
  const out = Buffer.alloc(12 + data.length + 4);
  out.writeUInt32LE(data.length, 0);
  out.writeUInt32LE(maskedCrc(out.subarray(0, 8)), 8);
  data.copy(out, 12);
  out.writeUInt32LE(maskedCrc(data), 12 + data.length);
  return out;
}

/** Rotated and shifted, since the CRC of data that contains its own CRC is a poor one (tensorflow lib/hash/crc32c.h). */
function maskedCrc(data: Uint8Array): number {
  const crc = crc32c(data);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

// Protobuf: a field is its number and wire type, then the value.

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (; value >= 0x80; value = Math.floor(value / 0x80)) bytes.push((value % 0x80) | 0x80);
  bytes.push(value);
  return Buffer.from(bytes);
}

function varintField(id: number, value: number): Buffer {
  return Buffer.concat([varint(id * 8 + VARINT), varint(value)]);
}

function doubleField(id: number, value: number): Buffer {
  const out = Buffer.alloc(9);
  out[0] = id * 8 + FIXED64;
  out.writeDoubleLE(value, 1);
  return out;
}

function floatField(id: number, value: number): Buffer {
  const out = Buffer.alloc(5);
  out[0] = id * 8 + FIXED32;
  out.writeFloatLE(value, 1);
  return out;
}

/** Bytes, a string, or a message made of fields. */
function field(id: number, ...parts: Buffer[]): Buffer {
  const data = Buffer.concat(parts);
  return Buffer.concat([varint(id * 8 + BYTES), varint(data.length), data]);
}
