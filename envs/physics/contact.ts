/**
 * Contacts of matter-js as numbers. A contact is a pair of parts that touch: how deep, which one or two corners
 * support it and, for each corner, the impulses along and across the surface that the solver found in the last step
 * and starts from in the next. Everything else in matter's records is computed afresh in each step.
 */
import Matter from 'matter-js';
import type { Body } from './body.js';

/** What matter-js keeps and its typings leave out. */
export type Pair = Matter.Pair & { readonly contactCount: number };
type Collision = Omit<Matter.Collision, 'depth' | 'supports'> & {
  depth: number;
  supportCount: number;
  readonly supports: (Matter.Vertex | null)[];
};

/**
 * Two parts; their depth; how many corners support; for each of two corners its part, its index there, and its two
 * impulses. Part and index are -1 where there never was a second corner; one that no longer supports is kept by
 * matter, too.
 */
export const CONTACT_LENGTH = 12;

export function contactNumbers({ collision, contacts, contactCount }: Pair): number[] {
  const corners = contacts.flatMap(({ vertex, normalImpulse, tangentImpulse }) => [
    vertex ? vertex.body.id : -1,
    vertex ? vertex.index : -1,
    normalImpulse,
    tangentImpulse,
  ]);
  return [collision.bodyA.id, collision.bodyB.id, collision.depth, contactCount, ...corners];
}

/** Whether `contactNumbers` may have given these numbers for two of `parts`. */
export function isContact(numbers: readonly number[], parts: readonly Body[]): boolean {
  const [a, b, , count, part0, corner0, , , part1, corner1] = numbers;
  const isCorner = (part: number | undefined, corner: number | undefined) =>
    (part === a || part === b) && parts[part!]!.vertices[corner!] !== undefined;
  return (
    parts[a!] !== undefined &&
    parts[b!] !== undefined &&
    a! < b! &&
    isCorner(part0, corner0) &&
    (count === 1 || count === 2) &&
    (isCorner(part1, corner1) || (count === 1 && part1 === -1 && corner1 === -1))
  );
}

/** The contact that `contactNumbers` gave these numbers for, last found in engine step `step`. */
export function pairFromNumbers(numbers: readonly number[], parts: readonly Body[], step: number): Pair {
  const [a, b, depth, count, ...corners] = numbers as [number, number, number, number, ...number[]];
  const part = (index: number) => parts[index]! as unknown as Matter.Body;
  const collision = Matter.Collision.create(part(a), part(b)) as unknown as Collision;
  const vertex = (at: number) => parts[corners[at]!]?.vertices[corners[at + 1]!] ?? null;
  collision.collided = true;
  collision.supports[0] = vertex(0);
  collision.supports[1] = vertex(4);
  collision.supportCount = count;
  collision.depth = depth;
  const pair = Matter.Pair.create(collision as unknown as Matter.Collision, step) as Pair;
  for (const [i, contact] of pair.contacts.entries()) {
    contact.normalImpulse = corners[4 * i + 2]!;
    contact.tangentImpulse = corners[4 * i + 3]!;
  }
  return pair;
}
