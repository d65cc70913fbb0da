/** Who makes each value of a sequence of work, and who reads it or a view of it: by their places. */
import type { GraphValue } from "../graph/graph.ts";
import type { PlanRequest } from "./request.ts";
import { readsOf, rootsOf, viewed, type Work, writesOf } from "./work.ts";

const NEVER = Number.POSITIVE_INFINITY;

export class Readers {
  readonly #makers = new Map<GraphValue, number>();
  /** In order. What is wanted from outside is read when all is done. */
  readonly #readers = new Map<GraphValue, number[]>();

  constructor(work: readonly Work[], { outputs, updates }: PlanRequest) {
    for (const [index, item] of work.entries()) {
      for (const value of writesOf(item)) this.#makers.set(value, index);
      for (const value of readsOf(item)) this.#add(value, index);
    }
    for (const value of outputs) this.#add(value, NEVER);
    for (const { value } of updates) this.#add(value, NEVER);
  }

  #add(value: GraphValue, index: number): void {
    for (const root of rootsOf(value)) {
      const readers = this.#readers.get(root);
      if (readers === undefined) this.#readers.set(root, [index]);
      else readers.push(index);
    }
  }

  makerOf(value: GraphValue): number | undefined {
    return this.#makers.get(value);
  }

  of(value: GraphValue): readonly number[] {
    return this.#readers.get(value) ?? [];
  }

  /** Whether anybody reads `value` after work item `index`. */
  isReadAfter(value: GraphValue, index: number): boolean {
    return (this.#readers.get(viewed(value))?.at(-1) ?? index) > index;
  }
}
