import { readBits, saveBits } from '../saved.js';
import type { Screen } from '../screen.js';
import { TRANSPARENT } from '../sprite.js';
import { SHIELD, SHIELD_COLOR, SKY } from './sprites.js';

export const SHIELDS = 3;
export const SHIELD_Y = 154;
const LEFTS = [28, 72, 116] as const;
const DOTS = SHIELD.width * SHIELD.height;
/** How far around it a hit breaks a shield away, in pixels. */
const BLAST = 3;

/** Three shields that wear down dot by dot. */
export class Shields {
  /** 1 for each dot that stands: the shields from the left, each row by row. */
  readonly #dots = new Uint8Array(SHIELDS * DOTS);
  /** What the screen shows of them. */
  readonly #shown = new Uint8Array(SHIELDS * DOTS);

  rebuild(): void {
    for (let i = 0; i < this.#dots.length; i++) {
      this.#dots[i] = SHIELD.colors[i % DOTS] === TRANSPARENT ? 0 : 1;
    }
  }

  /** Breaks a piece out where a shot two pixels wide strikes a shield. Returns whether it does. */
  hit(x: number, y: number): boolean {
    if (this.#dots[dotAt(x, y)] !== 1 && this.#dots[dotAt(x + 1, y)] !== 1) return false;
    for (let dy = -BLAST; dy <= BLAST; dy++) {
      for (let dx = -BLAST; dx <= BLAST; dx++) {
        if (dx * dx + dy * dy <= BLAST * BLAST) this.#remove(x + dx, y + dy);
      }
    }
    return true;
  }

  /** Breaks away whatever stands in a rectangle. */
  trample(left: number, top: number, width: number, height: number): void {
    for (let y = top; y < top + height; y++) {
      for (let x = left; x < left + width; x++) this.#remove(x, y);
    }
  }

  /** The part of a whole shield's dots that shield `i` has. */
  left(i: number): number {
    let dots = 0;
    for (let dot = i * DOTS; dot < (i + 1) * DOTS; dot++) dots += this.#dots[dot]!;
    return dots / WHOLE;
  }

  /** Paints what has changed on the background of the screen. */
  paint(screen: Screen): void {
    for (let i = 0; i < this.#dots.length; i++) {
      if (this.#dots[i] === this.#shown[i]) continue;
      const x = LEFTS[Math.floor(i / DOTS)]! + (i % SHIELD.width);
      const y = SHIELD_Y + Math.floor((i % DOTS) / SHIELD.width);
      screen.paintRect(x, y, 1, 1, this.#dots[i] === 1 ? SHIELD_COLOR : SKY);
      this.#shown[i] = this.#dots[i]!;
    }
  }

  save(): string {
    return saveBits(this.#dots);
  }

  /** Returns what takes `saved` back. Throws `bad_snapshot` if it is nothing that `save` gave. */
  loader(saved: unknown): () => void {
    const dots = readBits(saved, this.#dots.length);
    return () => this.#dots.set(dots);
  }

  #remove(x: number, y: number): void {
    const dot = dotAt(x, y);
    if (dot >= 0) this.#dots[dot] = 0;
  }
}

const WHOLE = SHIELD.colors.filter((color) => color !== TRANSPARENT).length;

/** The dot of a shield at a pixel; -1 where no shield is. */
function dotAt(x: number, y: number): number {
  if (y < SHIELD_Y || y >= SHIELD_Y + SHIELD.height) return -1;
  for (let i = 0; i < SHIELDS; i++) {
    const column = x - LEFTS[i]!;
    if (column >= 0 && column < SHIELD.width) return i * DOTS + (y - SHIELD_Y) * SHIELD.width + column;
  }
  return -1;
}
