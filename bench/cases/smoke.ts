/** The least that touches every part of the suite: a step, a kernel, a limit, an overhead. */
import type { BenchCase } from "../contract.ts";
import { cnnTrain, lstmTrain } from "./steps.ts";

export const smokeCases: readonly BenchCase[] = [
  cnnTrain(2),
  lstmTrain({ batch: 2, time: 5, input: 3, hidden: 8, layers: 1 }),
  {
    name: "matmul-64-nn",
    kind: "matmul",
    params: { m: 64, k: 64, n: 64, layout: "nn" },
    flops: 2 * 64 ** 3,
  },
  { name: "plan-compile-cnn", kind: "overhead", params: { what: "plan-cnn" } },
];
