/**
 * Rigid bodies as the physics envs use them: matter-js bodies that can be put anywhere, and that know their own shape.
 */
import Matter from 'matter-js';

/** Matter's units in one length unit of the envs: its tolerances (slop, resting speed) suit bodies of 10 to 100. */
export const UNIT = 100;

/** What matter-js keeps in a body and its typings leave out. */
interface Hidden {
  readonly positionPrev: Matter.Vector;
  anglePrev: number;
  /** Correction of the position that warms the next step's solver. */
  readonly positionImpulse: Matter.Vector;
  readonly axes: Matter.Vector[];
}

/** A body; its velocity over the last engine step is the difference of position and previous position. */
export interface Body extends Omit<Matter.Body, keyof Hidden | 'parts'>, Hidden {
  readonly parts: Body[];
}

/** The geometry of a part when its body is at the origin, not turned. */
interface HomePart {
  readonly x: number;
  readonly y: number;
  /** x and y of each vertex and axis. */
  readonly vertices: readonly number[];
  readonly axes: readonly number[];
}

const homes = new WeakMap<Body, readonly HomePart[]>();

const flatten = (vectors: readonly Matter.Vector[], x: number, y: number): number[] =>
  vectors.flatMap((v) => [v.x - x, v.y - y]);

/** Makes a body of convex parts (in length units, about any origin); it will be placed by its centre of mass. */
function create(parts: readonly (readonly Matter.Vector[])[], options: Matter.IChamferableBodyDefinition): Body {
  const bodies = parts.map((points) => {
    const vertices = points.map(({ x, y }) => ({ x: x * UNIT, y: y * UNIT }));
    return Matter.Body.create({ ...options, vertices, position: Matter.Vertices.centre(vertices) });
  });
  const [first] = bodies as [Matter.Body];
  // A part may be static only as its body is: matter weighs the parts before that.
  const whole = bodies.length === 1 ? first : Matter.Body.create({ ...options, parts: bodies });
  const body = whole as unknown as Body;
  const { x, y } = body.position;
  const home = body.parts.map((part) => ({
    x: part.position.x - x,
    y: part.position.y - y,
    vertices: flatten(part.vertices, x, y),
    axes: flatten(part.axes, 0, 0),
  }));
  homes.set(body, home);
  return body;
}
