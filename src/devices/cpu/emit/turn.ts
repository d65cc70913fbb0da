/** A turn of a pass: straight-line code for a few vectors of elements. */
import type { Register } from "../../../scheduler/group-program.ts";
import { Block } from "./block.ts";
import type { Evaluator } from "./evaluate.ts";
import type { Pass } from "./passes.ts";
import { storeLanes, storeVector } from "./storing.ts";
import type { Items, Template } from "./template.ts";
import { f32x4, load } from "./value.ts";

/** Vectors whose terms go to the same items. */
export interface Strand {
  readonly items: Items;
  readonly vectors: readonly Evaluator[];
}

/** The vector of a turn that is perhaps no whole one. */
export interface Tail {
  readonly vector: number;
  /** The local of how many of its lanes are there: at least 1, and 4 or more if all are. */
  readonly left: number;
  /** The local of those lanes, where others must not be reduced. */
  readonly mask?: number | undefined;
}

/** A register that is written for each vector, one behind the other, from the address in a local on. */
export interface Written {
  readonly register: Register;
  readonly to: number;
  /** Whether it is added to what is there. */
  readonly isTotal?: boolean;
}

/** Adds up what the pass reduces, and stores what it stores and `keeps` for later passes. */
export function emitTurn(
  { writer, entries, structure }: Template,
  pass: Pass,
  strands: readonly Strand[],
  { tail, keeps = [] }: { readonly tail?: Tail | undefined; readonly keeps?: readonly Written[] },
): void {
  const vectors = strands.flatMap((strand) => strand.vectors);
  const totals = strands.flatMap(({ items, vectors }) =>
    items.accumulators.flatMap((accumulator) => {
      const terms = vectors.map((vector) => vector.value(accumulator.x));
      return accumulator.updates(terms, tail?.mask);
    }),
  );
  const placed = ({ register, to, isTotal }: Written) =>
    vectors.map((vector, k) => {
      const value = vector.value(register);
      return { to, k, value: isTotal ? f32x4.add(load(to, 16 * k), value) : value };
    });
  const stores = pass.stores.map((i) => {
    const { entry, register, isTotal } = entries.storeOf(i);
    return { register, to: entry.at, isTotal };
  });
  const [kept, stored] = [keeps.flatMap(placed), stores.flatMap(placed)];
  const roots = [...totals, ...kept, ...stored].map(({ value }) => value);
  const block = new Block(writer, roots);
  if (pass.isSlow && vectors.length > 1) {
    const registers = [...pass.reductions.map(({ x }) => x), ...pass.kept];
    for (const { register } of stores) registers.push(register);
    block.interleave(vectors.map((vector) => registers.map((r) => vector.value(r))));
  }
  for (const { to, value } of totals) {
    block.push(value);
    writer.set(to);
  }
  const store = ({ to, k, value }: (typeof stored)[number]) => {
    writer.get(to);
    block.push(value);
    storeVector(writer, 16 * k);
  };
  kept.forEach(store);
  const last = stored
    .filter(({ k }) => k === tail?.vector)
    .map(({ to, k, value }) => {
      const from = writer.v128();
      block.push(value);
      writer.set(from);
      return { to, from, offset: 16 * k };
    });
  const whole = stored.filter(({ k }) => k !== tail?.vector);
  // A store may take the place of what another one's value reads; else no more is held at once than has to be.
  const areInPlace = pass.stores.some((i) => structure.stores[i]?.isInPlace);
  if (areInPlace && stores.length > 1) for (const { value } of whole) block.bind(value);
  whole.forEach(store);
  if (tail !== undefined) storeLanes(writer, last, tail.left);
  for (const { from } of last) writer.free(from);
}
