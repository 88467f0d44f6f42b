import { jsonLine } from './metrics.js';
import type { ProgressStream } from './progress.js';

const CLEAR_LINE = '\r\x1b[K';

/**
 * The progress of several things at once, each written as `Progress` writes it. On a terminal each has a line that is
 * redrawn in place, `name  45,200/200,000 (22%) …`, and messages go above them; elsewhere its JSON lines get a label.
 */
export class Lines {
  readonly #stream: ProgressStream;
  readonly #terminal: boolean;
  readonly #current = new Map<string, string>();
  #drawn = 0;

  constructor(stream: ProgressStream) {
    this.#stream = stream;
    this.#terminal = stream.isTTY === true;
  }

  /**
   * A stream for one of them. Once it is closed, its last line stays.
   * @param label - what its JSON lines begin with; on a terminal its line begins with the values.
   */
  open(label: Readonly<Record<string, string | number>>): { stream: ProgressStream; close: () => void } {
    const name = Object.entries(label)
      .map(([key, value]) => (typeof value === 'number' ? `${key} ${value}` : value))
      .join(' ');
    if (!this.#terminal) {
      const start = `${JSON.stringify(label).slice(0, -1)},`;
      const stream = { write: (text: string) => this.#stream.write(text.replace(/^\{/gm, start)) };
      return { stream, close: () => {} };
    }
    this.#current.set(name, name);
    const columns = (this.#stream.columns ?? 80) - name.length - 2;
    const stream: ProgressStream = {
      isTTY: true,
      columns,
      write: (text) => {
        const pieces = text.split('\n').map((piece) => piece.replaceAll(CLEAR_LINE, ''));
        const line = pieces.pop()!;
        if (line !== '') this.#current.set(name, `${name}  ${line}`);
        this.#draw(pieces.filter((piece) => piece !== '').map((piece) => `${name}: ${piece}`));
      },
    };
    const close = () => {
      const last = this.#current.get(name)!;
      this.#current.delete(name);
      this.#draw(last === name ? [] : [last]);
    };
    return { stream, close };
  }

  /** Writes a line of text that stays. */
  message(text: string): void {
    if (this.#terminal) this.#draw([text]);
    else this.#stream.write(`${jsonLine({ event: 'message', text })}\n`);
  }

  #draw(above: readonly string[]): void {
    const up = this.#drawn > 0 ? `\x1b[${this.#drawn}A` : '';
    const lines = [...above, ...this.#current.values()].map((line) => `${line}\n`);
    this.#stream.write(`${up}\r\x1b[J${lines.join('')}`);
    this.#drawn = this.#current.size;
  }
}
