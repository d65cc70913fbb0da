/** What a row's engine is called: with its threads, or that it ran on a software adapter. */
import type { MeasuredRow } from "../runner/rows.ts";

export function labelOf({
  engine,
  threads,
  isFallbackAdapter,
}: Pick<MeasuredRow, "engine" | "threads" | "isFallbackAdapter">): string {
  const detail =
    isFallbackAdapter === true ? "software" : threads === undefined ? "" : `${threads}t`;
  return detail === "" ? engine : `${engine} (${detail})`;
}
