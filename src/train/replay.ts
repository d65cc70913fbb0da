/** Batches that may have to be trained on again, as cheaply as they can be had. */

import { gather } from "../data/dataset.ts";
import { InternalError } from "../errors.ts";
import { mapped } from "../records.ts";
import { batchOf, nested, type ReadyData, type StepBatch, type Wanted } from "./training-data.ts";

/** A batch for another time. */
export interface Kept {
  /** Those that it holds. */
  readonly arrays: readonly ArrayBufferView[];
  again(): StepBatch | Promise<StepBatch>;
}

/**
 * Examples are gathered again. Arrays of the caller's are kept as they are; a caller that has been seen to fill the same
 * ones again has its batches copied from then on.
 */
export class Batches {
  readonly #data: ReadyData;
  readonly #wanted: Wanted;
  #isReused = false;

  constructor(data: ReadyData, wanted: Wanted) {
    this.#data = data;
    this.#wanted = wanted;
  }

  /** Whether one of `kept` may have been overwritten by `batch`; told once. */
  overwrites({ columns }: StepBatch, kept: readonly Kept[]): boolean {
    if (this.#isReused || typeof this.#data !== "function") return false;
    const buffers = new Set(Object.values(columns).map(({ data }) => data.buffer));
    this.#isReused = kept.some(({ arrays }) => arrays.some(({ buffer }) => buffers.has(buffer)));
    return this.#isReused;
  }

  keep(batch: StepBatch): Kept {
    const [data, wanted, { rows }] = [this.#data, this.#wanted, batch];
    if (typeof data === "object" && "columns" in data && rows !== undefined) {
      const again = () => {
        const columns = mapped(data.columns, (one) => gather(one, rows));
        return batchOf("fit", { ...nested(columns), rows }, wanted);
      };
      return { arrays: [], again };
    }
    const columns = mapped(batch.columns, (column) =>
      this.#isReused ? { ...column, data: column.data.slice() } : column,
    );
    const [x] = Object.values(columns);
    if (x === undefined) throw new InternalError("a batch has a column.");
    const kept = { ...batch, x, columns };
    return { arrays: Object.values(columns).map(({ data }) => data), again: () => kept };
  }
}
