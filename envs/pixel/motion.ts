/** Positions and speeds are whole numbers of this part of a pixel. */
export const UNIT = 256;

/** `x` within `low` and `high`. */
export const clamp = (x: number, low: number, high: number): number => Math.max(low, Math.min(x, high));

/** The whole pixel in which a position lies. */
export const pixel = (position: number): number => position >> 8;

/**
 * The speed in the next frame of something that a joystick pushes to one side (`push` 1 or -1) or leaves alone (0): it
 * gains a pixel a frame up to `top`, turns at once, and halves when left alone.
 */
export function glide(speed: number, push: number, top: number): number {
  if (push === 0) return (speed / 2) | 0; // not Math.trunc, which makes a negative zero, and V8 puts that on the heap
  return clamp((speed * push > 0 ? speed : 0) + push, -top, top);
}
