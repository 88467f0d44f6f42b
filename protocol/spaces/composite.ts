import type { TypedArray } from '../dtypes.js';
import { FarstepError } from '../errors.js';
import { type Leaf, type SampleSource, Space, type SpaceJSON, type Value } from './space.js';

/** What Tuple and Dict share: child spaces whose leaves lie side by side. */
abstract class Composite extends Space {
  override readonly leaves: readonly Leaf[];
  readonly #children: readonly {
    readonly key: string | number;
    readonly space: Space;
    readonly first: number;
  }[];

  constructor(children: readonly (readonly [string | number, Space])[]) {
    super();
    let first = 0;
    this.#children = children.map(([key, space]) => {
      const child = { key, space, first };
      first += space.leaves.length;
      return child;
    });
    this.leaves = this.#children.flatMap(({ key, space }) =>
      space.leaves.map((leaf) => ({ ...leaf, path: [key, ...leaf.path] })),
    );
  }

  write(value: Value, slabs: readonly TypedArray[], row: number): void {
    for (const { key, space, first } of this.#children) {
      space.write(
        (value as Record<string | number, Value>)[key]!,
        slabs.slice(first, first + space.leaves.length),
        row,
      );
    }
  }

  protected readChildren(slabs: readonly TypedArray[], row: number): (readonly [string | number, Value])[] {
    return this.#children.map(({ key, space, first }) => [
      key,
      space.read(slabs.slice(first, first + space.leaves.length), row),
    ]);
  }
}

/** A fixed sequence of spaces. */
export class Tuple extends Composite {
  constructor(readonly spaces: readonly Space[]) {
    super(spaces.map((space, i) => [i, space]));
  }

  contains(value: unknown): value is readonly Value[] {
    return (
      Array.isArray(value) &&
      value.length === this.spaces.length &&
      this.spaces.every((space, i) => space.contains(value[i]))
    );
  }

  sample(source: SampleSource): readonly Value[] {
    return this.spaces.map((space) => space.sample(source));
  }

  batch(n: number): Tuple {
    return new Tuple(this.spaces.map((space) => space.batch(n)));
  }

  toJSON(): SpaceJSON {
    return { type: 'Tuple', spaces: this.spaces.map((space) => space.toJSON()) };
  }

  override toString(): string {
    return `Tuple(${this.spaces.join(', ')})`;
  }

  read(slabs: readonly TypedArray[], row: number): readonly Value[] {
    return this.readChildren(slabs, row).map(([, value]) => value);
  }
}

/** Named spaces, in the sorted order of their names. */
export class Dict extends Composite {
  readonly spaces: Readonly<Record<string, Space>>;

  constructor(spaces: Readonly<Record<string, Space>>) {
    const entries = Object.entries(spaces).sort(([a], [b]) => (a < b ? -1 : 1));
    // JavaScript would take such names out of the order that the leaves lie in.
    const index = entries.find(([name]) => /^\d+$/.test(name));
    if (index) throw new FarstepError('bad_space', `Dict: a name must not be an integer, got "${index[0]}"`);
    super(entries);
    this.spaces = Object.fromEntries(entries);
  }

  contains(value: unknown): value is Readonly<Record<string, Value>> {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || ArrayBuffer.isView(value))
      return false;
    const names = Object.keys(this.spaces);
    return (
      Object.keys(value).length === names.length &&
      names.every((name) => Object.hasOwn(value, name) && this.spaces[name]!.contains((value as never)[name]))
    );
  }

  sample(source: SampleSource): Readonly<Record<string, Value>> {
    return Object.fromEntries(
      Object.entries(this.spaces).map(([name, space]) => [name, space.sample(source)]),
    );
  }

  batch(n: number): Dict {
    return new Dict(
      Object.fromEntries(Object.entries(this.spaces).map(([name, space]) => [name, space.batch(n)])),
    );
  }

  toJSON(): SpaceJSON {
    const spaces = Object.entries(this.spaces).map(([name, space]) => [name, space.toJSON()]);
    return { type: 'Dict', spaces: Object.fromEntries(spaces) };
  }

  override toString(): string {
    return `Dict(${Object.entries(this.spaces)
      .map(([name, space]) => `${name}: ${space.toString()}`)
      .join(', ')})`;
  }

  read(slabs: readonly TypedArray[], row: number): Readonly<Record<string, Value>> {
    return Object.fromEntries(this.readChildren(slabs, row));
  }
}
