/** From `from` to `to` in a straight line over `steps` steps, and `to` ever after. */
export function linear(from: number, to: number, steps: number, step: number): number {
  return step >= steps ? to : from + (to - from) * (step / steps);
}
