/** Numbers and lists as a reader wants them. */
import { isBuiltIn } from "../model.ts";

/** A cell as the report calls it: one of the user's own by its own name. */
export function written(cell: string): string {
  return isBuiltIn(cell) ? cell.toUpperCase() : cell;
}

/** The cells of some rows, in their order. */
export function cellsOf(rows: readonly { readonly cell: string }[]): string[] {
  return [...new Set(rows.map(({ cell }) => cell))];
}

/** 0.4213 as "42.1 %". */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** 0.281 as "0.28", 8.7e-10 as "8.7·10⁻¹⁰". */
export function small(value: number): string {
  if (value === 0) return "0 (its square underflows)";
  if (value >= 0.01) return String(Number(value.toPrecision(2)));
  const [digits, exponent = ""] = value.toExponential(1).split("e");
  const raised = [...exponent].map((c) => (c === "-" ? "⁻" : ("⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(c)] ?? "")));
  return `${Number(digits)}·10${raised.join("")}`;
}

/** "10", "10 and 20", "10, 20 and 50". */
export function list(items: readonly (string | number)[]): string {
  const last = items.at(-1);
  return items.length < 2 ? String(last ?? "") : `${items.slice(0, -1).join(", ")} and ${last}`;
}

/** "1.4 MiB". */
export function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(bytes < 2 ** 20 ? 2 : 1)} MiB`;
}

/** 0.0357 ms as "36 µs". */
export function microseconds(ms: number): string {
  return `${Number((1000 * ms).toPrecision(2))} µs`;
}

/** 4.72 as "4.7", 12.3 as "12". */
export function times(ratio: number): string {
  return String(Number(ratio.toPrecision(2)));
}
