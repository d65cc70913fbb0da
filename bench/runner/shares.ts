/** What share of the machine's own limits, measured in the same run, a row reached. */
import type { MeasuredRow, Row } from "./rows.ts";

type Limits = Partial<Record<"gflops" | "gigabytesPerSecond", number>>;

function isSameMachine(a: Row, b: Row): boolean {
  return a.device === b.device && a.isFallbackAdapter === b.isFallbackAdapter;
}

/** The larger of arithmetic's and memory's share: a kernel is bound by one of the two. */
function shareOf(row: MeasuredRow, limits: Limits): number | undefined {
  const share = (got: number | undefined, limit: number | undefined) =>
    got === undefined || limit === undefined ? 0 : got / limit;
  const found = Math.max(
    share(row.gflops, limits.gflops),
    share(row.gigabytesPerSecond, limits.gigabytesPerSecond),
  );
  return found > 0 ? found : undefined;
}

/** `rows` with `shareOfPeak` where the limits of their device were measured, too. */
export function withShares(rows: readonly Row[]): Row[] {
  const peers = rows.filter(
    (row): row is MeasuredRow => row.outcome === "measured" && row.engine.startsWith("limit-"),
  );
  return rows.map((row) => {
    if (row.outcome !== "measured" || row.engine.startsWith("limit-")) return row;
    const limits: Limits = {};
    for (const limit of peers.filter((candidate) => isSameMachine(candidate, row))) {
      if (limit.gflops !== undefined) limits.gflops = limit.gflops;
      if (limit.gigabytesPerSecond !== undefined) {
        limits.gigabytesPerSecond = limit.gigabytesPerSecond;
      }
    }
    const shareOfPeak = shareOf(row, limits);
    return shareOfPeak === undefined ? row : { ...row, shareOfPeak };
  });
}
