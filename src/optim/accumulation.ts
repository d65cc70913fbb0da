/** Gradients of several calls, added up until there are enough for an update. */
import {
  add,
  and,
  greaterEqual,
  mul,
  type Tensor,
  type Variable,
  variable,
  where,
} from "../functions.ts";
import type { HeldGroup, HeldState } from "./held-state.ts";

/** The name under which their sum is held. */
export const GRADIENTS = "gradients";

export class Accumulation {
  readonly #size: number;
  readonly #held: HeldState;
  /** [], gradients that have been added since the last update. */
  readonly collected: Variable;

  constructor(kind: string, size: number, held: HeldState) {
    this.#size = size;
    this.#held = held;
    this.collected = variable(0, [], `${kind}.collected`);
  }

  /**
   * Adds gradients, one flat tensor a group, where `when` is true. Returns the means, and whether this call is one that
   * updates.
   */
  add(groups: readonly HeldGroup[], gradients: readonly Tensor[], when: Tensor | undefined) {
    const count = add(this.collected, 1);
    const isDue = greaterEqual(count, this.#size);
    const kept = (next: Tensor, before: Tensor) => {
      const left = where(isDue, 0, next);
      return when === undefined ? left : where(when, left, before);
    };
    this.collected.assign(kept(count, this.collected));
    const means = gradients.map((gradient, i) => {
      const group = groups[i];
      if (group === undefined) return gradient;
      const before = this.#held.read(group, GRADIENTS);
      const total = add(before, gradient);
      this.#held.write(group, GRADIENTS, kept(total, before));
      return mul(total, 1 / this.#size);
    });
    return { gradients: means, when: when === undefined ? isDue : and(when, isDue) };
  }
}
