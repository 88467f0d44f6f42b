/** A recorded session, as it lies in protocol/conformance/sessions: every frame of both sides and what it means. */

import type { Contract } from '../../protocol/messages.js';
import { checkWellFormed } from '../../protocol/msgpack.js';
import { notationOf } from './notation.js';
import { Templates, templateOf } from './template.js';

export interface SessionFile {
  readonly name: string;
  /** A sentence. */
  readonly title: string;
  /** Generation and edition of the wire that it was recorded with. */
  readonly protocol: number;
  readonly edition: number;
  readonly steps: readonly SessionStep[];
}

/** One thing that happened: a binary message, a text message, or the end of a connection. */
export interface SessionStep {
  readonly from: 'client' | 'server';
  /** Which connection, where the session has several. */
  readonly connection?: string;
  /** A sentence for people. */
  readonly means: string;
  /** What the bytes say, as JSON: slabs as `{dtype: numbers}`, holes as `"{name}"`. Absent where they say nothing. */
  readonly message?: unknown;
  /** The bytes of a binary message as hex; `{name}` stands for one msgpack value that the server chooses. */
  readonly bytes?: string;
  readonly text?: string;
  /** The close code of the WebSocket. */
  readonly closes?: number;
  readonly reason?: string;
}

/** Writes a session down while it is played. */
export class Recorder {
  readonly #templates = new Templates();
  readonly #steps: SessionStep[] = [];

  /** The steps so far; connections are named where there are several. */
  get steps(): readonly SessionStep[] {
    const isAlone = new Set(this.#steps.map(({ connection }) => connection)).size === 1;
    return isAlone ? this.#steps.map((step) => ({ ...step, connection: undefined })) : this.#steps;
  }

  note(step: SessionStep): void {
    this.#steps.push(step);
  }

  /** @param contract - what the slabs of the frame are laid out by. */
  frame(step: Pick<SessionStep, 'from' | 'connection' | 'means'>, frame: Buffer, contract?: Contract): void {
    if (!isWellFormed(frame)) {
      this.note({ ...step, bytes: frame.toString('hex') });
      return;
    }
    const holes = this.#templates.holes(step.from, frame);
    const message = notationOf(frame, { contract, holes });
    this.note({ ...step, message, bytes: templateOf(frame, holes) });
  }
}

function isWellFormed(frame: Buffer): boolean {
  try {
    checkWellFormed(frame);
    return true;
  } catch {
    return false;
  }
}

/** A session as a file: a step takes three lines, of which the last is its bytes. */
export function sessionText({ steps, ...head }: SessionFile): string {
  const lines = steps.map((step) => {
    const { message, bytes, ...rest } = step;
    const parts = [JSON.stringify(rest).slice(1, -1)];
    if (message !== undefined) parts.push(`"message":${JSON.stringify(message)}`);
    if (bytes !== undefined) parts.push(`"bytes":"${bytes}"`);
    return `  {${parts.join(',\n   ')}}`;
  });
  return `${JSON.stringify(head).slice(0, -1)},\n"steps":[\n${lines.join(',\n')}\n]}\n`;
}

export const parseSession = (text: string): SessionFile => JSON.parse(text) as SessionFile;

/** What two recordings of a session differ in, apart from the words for people; undefined where in nothing. */
export function changedBytes(frozen: SessionFile, now: SessionFile): string | undefined {
  const version = `generation ${frozen.protocol}, edition ${frozen.edition}`;
  const rule = `these are the bytes of ${version}. Clients in the field speak them: bytes change with the edition in protocol/messages.ts, not within it`;
  for (let i = 0; i < Math.max(frozen.steps.length, now.steps.length); i++) {
    const [was, is] = [wireOf(frozen.steps[i]), wireOf(now.steps[i])];
    if (was !== is) return `step ${i + 1} was\n  ${was}\nand is\n  ${is}\n${rule}`;
  }
  return undefined;
}

/** What crosses the wire in a step. */
function wireOf(step: SessionStep | undefined): string {
  if (!step) return 'none';
  const { from, connection = '', bytes, text, closes, reason } = step;
  const what = bytes ?? (text === undefined ? `close ${closes} ${reason ?? ''}` : `text ${text}`);
  return `${[from, connection].join(' ').trim()}: ${what}`;
}
