import type { Screen } from '../screen.js';
import { PANEL } from './scenery.js';

const Y = 4;
const HEIGHT = 6;

/** A bar on the panel that shows a number by its length; what stays is not painted again. */
export class Bar {
  #length = 0;

  constructor(
    readonly x: number,
    readonly color: number,
  ) {}

  /** `length` in pixels. */
  show(screen: Screen, length: number): void {
    const shown = this.#length;
    if (length > shown) screen.paintRect(this.x + shown, Y, length - shown, HEIGHT, this.color);
    else if (length < shown) screen.paintRect(this.x + length, Y, shown - length, HEIGHT, PANEL);
    this.#length = length;
  }
}
