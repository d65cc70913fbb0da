/** Elements of lazy tensors by the float64 reference, without a device, a plan or a runtime. */
import type { Tensor } from "../../src/runtime/tensor.ts";
import { evaluateTensors } from "../../src/testing/evaluate.ts";

export { evaluateTensors } from "../../src/testing/evaluate.ts";

export function evaluateTensor(tensor: Tensor): number[] {
  return evaluateTensors([tensor])[0] ?? [];
}
