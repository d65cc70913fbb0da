/**
 * What an optimizer holds for its parameters, under the names by which it is saved: one flat f32 variable for all of a
 * group, `m`, or one like every parameter, `m.0`, `m.1`, …, with the group's prefix.
 */
import { ArgumentError, ShapeError } from "../errors.ts";
import {
  type HostArray,
  type Shape,
  sizeOf,
  type Tensor,
  type Variable,
  variable,
} from "../functions.ts";
import { assignPacked, hostArray, packed, packedOffsets, packVariables } from "../internals.ts";
import type { Holding } from "./groups.ts";

/** Saved elements of one variable. */
export interface Elements {
  readonly shape: Shape;
  readonly data: HostArray;
}

export interface HeldGroup extends Holding {
  readonly prefix: string;
  readonly parameters: readonly Variable[];
}

export class HeldState {
  readonly #kind: string;
  readonly #isFlat: boolean;
  readonly #held = new Map<string, Variable>();
  /** By name; undefined as long as nobody knows which parameters there are. */
  #shapes: ReadonlyMap<string, Shape> | undefined;

  constructor(kind: string, isFlat: boolean) {
    this.#kind = kind;
    this.#isFlat = isFlat;
  }

  variables(): ReadonlyMap<string, Variable> {
    return this.#held;
  }

  /** What is held under `name` for a group, one parameter's behind the other's. */
  read(group: HeldGroup, name: string): Tensor {
    const own = this.#of(group, name);
    const [first] = own;
    return this.#isFlat && first !== undefined ? first : packed(own);
  }

  /** Assigns the same. */
  write(group: HeldGroup, name: string, flat: Tensor): void {
    const own = this.#of(group, name);
    if (this.#isFlat) own[0]?.assign(flat);
    else assignPacked(own, flat);
  }

  /** The variables under `name` of a group: one, or one a parameter. */
  #of({ prefix, parameters }: HeldGroup, name: string): Variable[] {
    const keys = this.#isFlat ? [prefix + name] : parameters.map((_, i) => `${prefix}${name}.${i}`);
    return keys.flatMap((key) => this.#held.get(key) ?? []);
  }

  /** Makes what is not loaded, zeros. @throws ArgumentError, ShapeError where what is loaded is other parameters' */
  settle(groups: readonly HeldGroup[]): void {
    const shapes = new Map(groups.flatMap((group) => this.#shapesOf(group)));
    if (this.#held.size > 0) {
      this.#checkNames([...this.#held.keys()], [...shapes.keys()]);
      for (const [name, { shape }] of this.#held) this.#checkShape(name, shape, shapes.get(name));
    }
    this.#shapes = shapes;
    for (const [name, shape] of shapes) {
      if (!this.#held.has(name)) this.#make(name, { shape, data: zeros(shape) });
    }
    // Side by side like the parameters, so that one kernel may reach all of them.
    if (!this.#isFlat)
      for (const group of groups)
        for (const name of group.names) packVariables(this.#of(group, name));
  }

  #shapesOf(group: HeldGroup): [string, Shape][] {
    const { prefix, names, parameters } = group;
    if (parameters.length === 0) return [];
    const shapes = parameters.map(({ shape }) => shape);
    return names.flatMap((name): [string, Shape][] =>
      this.#isFlat
        ? [[prefix + name, [packedOffsets(shapes).length]]]
        : shapes.flatMap((shape, i): [string, Shape][] =>
            group.holds?.(name, shape) === false ? [] : [[`${prefix}${name}.${i}`, shape]],
          ),
    );
  }

  /**
   * Whether `saved` can be loaded. `numbers` are the names that are saved beside it; `isFresh`: before the first update,
   * when nothing was held.
   */
  check(
    saved: ReadonlyMap<string, Elements>,
    groups: readonly Omit<HeldGroup, "parameters">[],
    numbers: readonly string[],
    isFresh: boolean,
  ): void {
    const given = [...saved.keys()];
    if (given.length === 0 && isFresh) return;
    if (this.#shapes === undefined) {
      const stems = new Set(
        given.map((name) => (this.#isFlat ? name : name.replace(/\.\d+$/, ""))),
      );
      const namesOf = ({ prefix, names }: (typeof groups)[number]) =>
        names.map((name) => prefix + name);
      const present = groups.filter((group) => namesOf(group).some((name) => stems.has(name)));
      // What is held for some parameters only may be missing.
      const expected = (present.length === 0 ? groups : present).flatMap((group) =>
        namesOf(group).filter((name) => group.holds === undefined || stems.has(name)),
      );
      this.#checkNames([...stems], expected, numbers);
    } else this.#checkNames(given, [...this.#shapes.keys()], numbers);
    for (const [name, { shape }] of saved) this.#checkShape(name, shape, this.#shapes?.get(name));
  }

  /** `saved` has been checked; what is not in it is 0. */
  load(saved: ReadonlyMap<string, Elements>): void {
    if (this.#shapes === undefined) {
      for (const held of this.#held.values()) held.dispose();
      this.#held.clear();
      for (const [name, elements] of saved) this.#make(name, elements);
      return;
    }
    for (const [name, held] of this.#held) held.load(saved.get(name)?.data ?? zeros(held.shape));
  }

  #make(name: string, { shape, data }: Elements): void {
    this.#held.set(name, variable(data.slice(), shape, name));
  }

  #checkNames(
    given: readonly string[],
    expected: readonly string[],
    numbers: readonly string[] = [],
  ): void {
    if (given.length === expected.length && expected.every((name) => given.includes(name))) return;
    throw wrongNames(this.#kind, [...numbers, ...given], [...numbers, ...expected]);
  }

  #checkShape(name: string, given: Shape, own: Shape | undefined): void {
    if (own === undefined || given.join() === own.join()) return;
    throw wrongSize(this.#kind, name, sizeOf(given), sizeOf(own));
  }
}

export function wrongSize(kind: string, name: string, given: number, own: number): ShapeError {
  return new ShapeError(
    `${kind}: a saved state must be that of the same parameters; got ${given} numbers for ${name}, which has ${own}. Build the model as it was when the state was saved.`,
  );
}

export function wrongNames(
  kind: string,
  given: readonly string[],
  expected: readonly string[],
): ArgumentError {
  const listed = (names: readonly string[]) => names.join(", ").slice(0, 400) || "nothing";
  return new ArgumentError(
    `${kind}: loadState must be given what state() named: ${listed(expected)}; got ${listed(given)}. Nothing was loaded. Make the optimizer that the state was saved from.`,
  );
}

function zeros(shape: Shape): HostArray {
  return hostArray("f32", sizeOf(shape));
}
