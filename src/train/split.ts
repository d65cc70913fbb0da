import { part } from "../data/dataset.ts";
import { ArgumentError } from "../errors.ts";
import { mapped } from "../records.ts";
import type { FitOptions } from "./options.ts";
import { type ReadyData, readied, type Wanted } from "./training-data.ts";

/** What a fit trains on, and what it validates on: data of its own, a share of `data`, or nothing. */
export async function apart(
  data: ReadyData,
  validation: FitOptions["validation"],
  passes: number,
  wanted: Wanted,
): Promise<{ readonly data: ReadyData; readonly validation: ReadyData | undefined }> {
  if (typeof validation === "number") return split(data, validation);
  const ready = validation && (await readied("fit: validation", validation, passes, wanted));
  return { data, validation: ready };
}

/**
 * `data` without its last `share`, and that: views, not copies. At least one example, or id, of each.
 * @throws ArgumentError for a share that is none, and for batches, which are the caller's to divide
 */
function split(data: ReadyData, share: number): { data: ReadyData; validation: ReadyData } {
  if (typeof data === "function") {
    throw new ArgumentError(
      `fit: validation must be data where what is trained on comes in batches; got ${share}. Keep some of the batches apart.`,
    );
  }
  const { length } = data;
  const kept = Math.max(1, Math.round(length * share));
  if (!(share > 0 && share < 1) || kept >= length) {
    throw new ArgumentError(
      `fit: validation must be data, or a share between 0 and 1 that leaves something to train on; got ${share} of ${length}. 0.1 keeps the last tenth of them apart.`,
    );
  }
  const from = length - kept;
  if (data instanceof Int32Array)
    return { data: data.subarray(0, from), validation: data.subarray(from) };
  const piece = (start: number, end: number) => ({
    length: end - start,
    columns: mapped(data.columns, (column) => part(column, start, end)),
  });
  return { data: piece(0, from), validation: piece(from, length) };
}
