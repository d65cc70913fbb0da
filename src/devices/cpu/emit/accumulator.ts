import type { Register } from "../../../scheduler/group-program.ts";
import { assign, hold } from "./block.ts";
import type { FunctionWriter } from "./function.ts";
import type { Reduction } from "./passes.ts";
import {
  acrossLanes,
  type Fold,
  foldOf,
  lowAndHigh,
  masked,
  noteNaN,
  tree,
  withNaN,
} from "./reductions.ts";
import { f32x4, f64x2, float, local, shuffle, type Value } from "./value.ts";

/**
 * Where the terms of a reduction come together while a pass walks. The lanes of its total are combined in the end
 * (`isAcross`), or each belongs to another item.
 */
export class Accumulator {
  readonly register: Register;
  readonly x: Register;
  readonly isPrecise: boolean;
  readonly #writer: FunctionWriter;
  readonly #fold: Fold;
  readonly #isAcross: boolean;
  readonly #total: number;
  /** f64 that sums go on to: two in all, or one for each lane. */
  readonly #wide: readonly number[];
  readonly #noted: number | undefined;

  constructor(
    writer: FunctionWriter,
    { register, x, combine, dtype }: Reduction,
    isAcross: boolean,
  ) {
    this.register = register;
    this.x = x;
    this.#writer = writer;
    this.#fold = foldOf(combine, dtype);
    this.#isAcross = isAcross;
    this.isPrecise = this.#fold.isPrecise;
    this.#total = hold(writer, this.#fold.neutral);
    const wide = !this.isPrecise ? 0 : isAcross ? 1 : 2;
    this.#wide = Array.from({ length: wide }, () => hold(writer, float(0)));
    this.#noted = this.#fold.watchesNaN ? hold(writer, float(0)) : undefined;
  }

  /** What its locals become when `terms` are added, in the lanes of `mask` if there is one. */
  updates(terms: readonly Value[], mask: number | undefined) {
    const fold = this.#fold;
    const own = mask === undefined ? terms : terms.map((term) => masked(fold, term, local(mask)));
    const total = fold.combine(local(this.#total), tree(fold, own));
    const updates = [{ to: this.#total, value: total }];
    if (this.#noted !== undefined)
      updates.push({ to: this.#noted, value: noteNaN(local(this.#noted), own) });
    return updates;
  }

  /** A sum of f32 goes on to f64. */
  pour(): void {
    if (!this.isPrecise) return;
    const [low, high] = lowAndHigh(local(this.#total));
    const parts = this.#isAcross ? [f64x2.add(low, high)] : [low, high];
    this.#wide.forEach((wide, i) => {
      assign(this.#writer, wide, f64x2.add(local(wide), parts[i] ?? low));
    });
    assign(this.#writer, this.#total, float(0));
  }

  /** Computes the result into a local of its own, in all lanes or each item's in its own; forgets all else. */
  finish(): number {
    const home = this.#writer.v128();
    const [low = -1, high = -1] = this.#wide;
    if (this.isPrecise && this.#isAcross) {
      for (const lane of [0, 1]) {
        this.#writer.get(low);
        this.#writer.simd(0x21);
        this.#writer.code.byte(lane);
      }
      // f64.add, f32.demote_f64, f32x4.splat
      this.#writer.code.bytes(0xa0, 0xb6);
      this.#writer.simd(0x13);
      this.#writer.set(home);
    } else assign(this.#writer, home, this.#result(low, high));
    const own = [this.#total, ...this.#wide, ...(this.#noted === undefined ? [] : [this.#noted])];
    for (const vector of own) this.#writer.free(vector);
    return home;
  }

  #result(low: number, high: number): Value {
    if (this.isPrecise)
      return shuffle(f32x4.demote(local(low)), f32x4.demote(local(high)), 0, 1, 4, 5);
    const total = local(this.#total);
    const own = this.#noted === undefined ? total : withNaN(total, local(this.#noted));
    return this.#isAcross ? acrossLanes(this.#fold, own) : own;
  }
}
