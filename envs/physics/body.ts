/**
 * Rigid bodies as the physics envs use them: bodies of matter-js that know their own shape, so that they can be put
 * anywhere without a trace of where they were before. Outside this file and world.ts lengths are in the envs' unit,
 * and speeds in that unit a second.
 */
import Matter from 'matter-js';

/** Matter's units in one length unit: its tolerances (slop, resting speed) suit bodies of 10 to 100 units. */
export const UNIT = 100;

/** Engine steps a second: matter's own rate, and the least that it recommends. */
export const STEP_RATE = 60;

/** What matter-js keeps in a body and its typings leave out. */
interface Hidden {
  readonly parts: Body[];
  readonly vertices: Matter.Vertex[];
  readonly axes: Matter.Vector[];
  readonly positionPrev: Matter.Vector;
  anglePrev: number;
  /** The last correction of the position, from which the solver starts in the next step. */
  readonly positionImpulse: Matter.Vector;
}

/** A body or a part of one, in matter's units. Its velocity, a step, is position - positionPrev. */
export type Body = Omit<Matter.Body, keyof Hidden> & Hidden;

export interface BodyOptions {
  readonly isStatic?: boolean;
  /** Mass an area, in matter's units; 0.001 unless told. Only ratios matter. */
  readonly density?: number;
  readonly friction?: number;
  readonly frictionStatic?: number;
  /** Share of its velocity that a body loses in each engine step. */
  readonly frictionAir?: number;
  readonly restitution?: number;
  /**
   * How deep others may stick in the body before it and they are pushed apart, in matter's units; 0.05 unless told.
   */
  readonly slop?: number;
  readonly collisionFilter?: Matter.ICollisionFilter;
  /** Whether nothing can turn the body. */
  readonly upright?: boolean;
}

type Points = readonly Matter.Vector[];

/** The geometry of a part while its body is at the origin and not turned. */
interface HomePart {
  readonly position: Matter.Vector;
  readonly vertices: Points;
  readonly axes: Points;
}

const homes = new WeakMap<Body, readonly HomePart[]>();

/** A body of convex parts, each given by its corners in turn, in length units. It is placed by its centre of mass. */
export function compound(parts: readonly Points[], { upright = false, ...options }: BodyOptions = {}): Body {
  const made = parts.map((points) => {
    const vertices = points.map(({ x, y }) => ({ x: x * UNIT, y: y * UNIT }));
    return Matter.Body.create({ ...options, vertices, position: Matter.Vertices.centre(vertices) });
  });
  const matter = made.length === 1 ? made[0]! : Matter.Body.create({ ...options, parts: made });
  if (upright) Matter.Body.setInertia(matter, Infinity);
  // Matter gives a body that is static a friction of 1, whatever the options say.
  matter.friction = options.friction ?? matter.friction;
  const body = matter as unknown as Body;
  const { x, y } = body.position;
  const home = body.parts.map((part) => ({
    position: { x: part.position.x - x, y: part.position.y - y },
    vertices: part.vertices.map((vertex) => ({ x: vertex.x - x, y: vertex.y - y })),
    axes: part.axes.map((axis) => ({ ...axis })),
  }));
  homes.set(body, home);
  return body;
}

export const polygon = (points: Points, options?: BodyOptions): Body => compound([points], options);

/** The corners of a rectangle around (x, y). */
export const corners = ([width, height]: readonly [number, number], x = 0, y = 0): Points => [
  { x: x - width / 2, y: y - height / 2 },
  { x: x + width / 2, y: y - height / 2 },
  { x: x + width / 2, y: y + height / 2 },
  { x: x - width / 2, y: y + height / 2 },
];

export const rectangle = (width: number, height: number, options?: BodyOptions): Body =>
  polygon(corners([width, height]), options);

/** A disc, as a regular polygon of 16 corners with the circle's area. It never turns, so only its middle is state. */
export function disc(radius: number, options?: BodyOptions): Body {
  const sides = 16;
  const sector = (2 * Math.PI) / sides;
  const reach = radius * Math.sqrt(sector / Math.sin(sector));
  const points = Array.from({ length: sides }, (_, i) => {
    const angle = (i + 0.5) * sector;
    return { x: reach * Math.cos(angle), y: reach * Math.sin(angle) };
  });
  return polygon(points, { ...options, upright: true });
}

/** What collides: the parts of a compound body, or the body itself. */
export const solidParts = (body: Body): readonly Body[] =>
  body.parts.length === 1 ? body.parts : body.parts.slice(1);

const AT_REST: Matter.Vector = { x: 0, y: 0 };

/** Puts a body at (x, y), turned by `angle` radians (clockwise) and at rest, as if it had just been made there. */
export function place(body: Body, x: number, y: number, angle = 0): void {
  const left = x * UNIT;
  const top = y * UNIT;
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  const home = homes.get(body)!;
  for (let i = 0; i < home.length; i++) {
    const part = body.parts[i]!;
    const { position, vertices, axes } = home[i]!;
    part.position.x = left + position.x * cos - position.y * sin;
    part.position.y = top + position.x * sin + position.y * cos;
    part.angle = angle;
    for (let j = 0; j < vertices.length; j++) {
      const vertex = vertices[j]!;
      part.vertices[j]!.x = left + vertex.x * cos - vertex.y * sin;
      part.vertices[j]!.y = top + vertex.x * sin + vertex.y * cos;
    }
    for (let j = 0; j < axes.length; j++) {
      const axis = axes[j]!;
      part.axes[j]!.x = axis.x * cos - axis.y * sin;
      part.axes[j]!.y = axis.x * sin + axis.y * cos;
    }
    Matter.Bounds.update(part.bounds, part.vertices as Matter.Vector[], AT_REST);
  }
  body.positionPrev.x = body.position.x;
  body.positionPrev.y = body.position.y;
  body.anglePrev = angle;
  body.positionImpulse.x = 0;
  body.positionImpulse.y = 0;
}

export const positionX = (body: Body): number => body.position.x / UNIT;
export const positionY = (body: Body): number => body.position.y / UNIT;
export const velocityX = (body: Body): number => (body.position.x - body.positionPrev.x) * (STEP_RATE / UNIT);
export const velocityY = (body: Body): number => (body.position.y - body.positionPrev.y) * (STEP_RATE / UNIT);

/** Gives a body a velocity for the engine's next step. */
export function setVelocity(body: Body, x: number, y: number): void {
  body.positionPrev.x = body.position.x - x * (UNIT / STEP_RATE);
  body.positionPrev.y = body.position.y - y * (UNIT / STEP_RATE);
}

/** As `setVelocity`, but the velocity changes by at most `most`: a motor that is only so strong. */
export function drive(body: Body, x: number, y: number, most: number): void {
  const vx = velocityX(body);
  const vy = velocityY(body);
  const dx = x - vx;
  const dy = y - vy;
  const change = Math.sqrt(dx * dx + dy * dy);
  const share = change > most ? most / change : 1;
  setVelocity(body, vx + share * dx, vy + share * dy);
}

/** Turns a body at `speed` radians a second in the engine's next step. */
export function spin(body: Body, speed: number): void {
  body.anglePrev = body.angle - speed / STEP_RATE;
}

/** Moves a part by (dx, dy) in matter's units without giving it a velocity. */
function shift(part: Body, dx: number, dy: number): void {
  part.position.x += dx;
  part.position.y += dy;
  for (const vertex of part.vertices) {
    vertex.x += dx;
    vertex.y += dy;
  }
}

/** Moves a part of a compound body within that body. The body must have been made so large that it stays inside. */
export const shiftPart = (part: Body, dx: number, dy: number): void => shift(part, dx * UNIT, dy * UNIT);

/** Holds a body on a rail along x at the height `y` and between two ends, whatever pushed it: a slider joint. */
export function slide(body: Body, y: number, least: number, most: number): void {
  const x = Math.min(Math.max(body.position.x, least * UNIT), most * UNIT);
  const isAtEnd = x !== body.position.x;
  const dx = x - body.position.x;
  const dy = y * UNIT - body.position.y;
  for (const part of body.parts) shift(part, dx, dy);
  body.positionPrev.y = body.position.y;
  body.positionImpulse.y = 0;
  if (isAtEnd) {
    body.positionPrev.x = body.position.x;
    body.positionImpulse.x = 0;
  }
}
