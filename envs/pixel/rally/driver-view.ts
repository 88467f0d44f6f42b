import type { Screen } from '../screen.js';
import { HEIGHT, WIDTH } from '../size.js';
import { CAR_Y, PANEL_HEIGHT } from './landscape.js';

const VIEW = (HEIGHT - PANEL_HEIGHT) * WIDTH;
/** Sines and cosines come as whole numbers, times 2^14. */
const SHIFT = 14;

/** Turns the land on a screen around a car, so that the car stays in the middle and looks straight ahead. */
export class DriverView {
  readonly #land = new Uint8Array(VIEW);

  /**
   * @param x the column that the car is in
   * @param sine of its heading, times 2^14; to the right is positive
   * @param cosine of it, likewise
   * @param beyond the colour of what lies beyond the sides of the land, where nobody has drawn any
   */
  turn(screen: Screen, x: number, sine: number, cosine: number, beyond: number): void {
    const land = this.#land;
    const { pixels } = screen;
    const first = PANEL_HEIGHT * WIDTH;
    land.set(pixels.subarray(first));
    const carRow = CAR_Y - PANEL_HEIGHT;
    for (let at = first, row = PANEL_HEIGHT; row < HEIGHT; row++) {
      const ahead = CAR_Y - row;
      for (let right = -WIDTH / 2; right < WIDTH / 2; right++) {
        const column = x + ((right * cosine + ahead * sine) >> SHIFT);
        const from = carRow - ((ahead * cosine - right * sine) >> SHIFT);
        const isDrawn = column >= 0 && column < WIDTH && from >= 0 && from * WIDTH < VIEW;
        pixels[at++] = isDrawn ? land[from * WIDTH + column]! : beyond;
      }
    }
    screen.touched.fill();
  }
}
