/** The short benchmark's cases: some of the suite's in bench/, so that what it has measured elsewhere can stand beside. */
import { allCases } from "../../../bench/cases/index.ts";
import type { BenchCase } from "../../../bench/contract.ts";

export const BENCH_CASES = {
  product: "matmul-512-nn",
  convolution: "conv-forward-28x28x16x32",
  cnn: "cnn-train-b64",
  lstm: "lstm-train-b32-t32-i64-h128-l1",
} as const;
export type BenchName = keyof typeof BENCH_CASES;

export function benchCase(name: BenchName): BenchCase {
  const found = allCases.find((one) => one.name === BENCH_CASES[name]);
  if (found === undefined) throw new Error(`The suite has no case ${BENCH_CASES[name]}.`);
  return found;
}
