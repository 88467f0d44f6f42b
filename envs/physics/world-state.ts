import { FarstepError } from '../../protocol/errors.js';
import type { Body } from './body.js';
import { CONTACT_LENGTH, isContact } from './contact.js';

/** A world between two steps, as plain values. */
export interface WorldState {
  /** Engine steps since the reset. */
  readonly steps: number;
  /** What `eachNumber` visits of each moving body in turn. */
  readonly bodies: readonly number[];
  /** Indices of all bodies in the order of the broad phase. */
  readonly order: readonly number[];
  /** The numbers of each contact, in the order in which they are solved. */
  readonly contacts: readonly number[];
}

/** Visits each number that a body carries from one engine step to the next. */
export function eachNumber(body: Body, visit: (holder: Record<string, number>, key: string) => void): void {
  const both = (vector: { x: number; y: number }) => {
    visit(vector as never, 'x');
    visit(vector as never, 'y');
  };
  visit(body as never, 'angle');
  visit(body as never, 'anglePrev');
  both(body.positionPrev);
  both(body.positionImpulse);
  for (const part of body.parts) {
    both(part.position);
    part.vertices.forEach(both);
    part.axes.forEach(both);
  }
}

const isNumber = (x: unknown): x is number => typeof x === 'number' && Number.isFinite(x);

/** `value` as the state of a world of these bodies. Throws `bad_snapshot` if it is none. */
export function checkWorldState(
  value: unknown,
  bodies: readonly Body[],
  moving: readonly Body[],
  parts: readonly Body[],
): WorldState {
  const state = (value ?? {}) as Partial<WorldState>;
  let length = 0;
  for (const body of moving) eachNumber(body, () => length++);

  const { steps, order, contacts } = state;
  const isList = (list: unknown): list is number[] => Array.isArray(list) && list.every(isNumber);
  const isOrder = isList(order) && order.length === bodies.length && new Set(order).size === order.length;
  const areContacts = isList(contacts) && contacts.length % CONTACT_LENGTH === 0;
  if (
    !isNumber(steps) ||
    !(isList(state.bodies) && state.bodies.length === length) ||
    !(isOrder && order.every((index) => bodies[index] !== undefined)) ||
    !(areContacts && everyContact(contacts, (numbers) => isContact(numbers, parts)))
  ) {
    throw new FarstepError(
      'bad_snapshot',
      `snapshot: expected the state of a world of ${bodies.length} bodies`,
    );
  }
  return state as WorldState;
}

function everyContact(contacts: readonly number[], test: (numbers: readonly number[]) => boolean): boolean {
  for (let from = 0; from < contacts.length; from += CONTACT_LENGTH) {
    if (!test(contacts.slice(from, from + CONTACT_LENGTH))) return false;
  }
  return true;
}
