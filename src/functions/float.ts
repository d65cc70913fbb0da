import { checkDType } from "../ops/check.ts";
import type { Tensor } from "../runtime/tensor.ts";
import { checkTensor } from "./apply.ts";
import { add, mul } from "./elementwise.ts";

export type Unary = (x: Tensor) => Tensor;

/** x, which must be f32: compositions refuse anything else under their own names. @throws ArgumentError, DTypeError */
export function float(caller: string, x: Tensor, name = "x"): Tensor {
  checkTensor(caller, x, name);
  checkDType(caller, name, x, ["f32"]);
  return x;
}

/** c₀ + z (c₁ + z (c₂ + …)). */
export function horner(z: Tensor, coefficients: readonly number[]): Tensor {
  const [last = 0, ...rest] = coefficients.toReversed();
  return rest.reduce<Tensor>((sum, c, i) => add(i === 0 ? mul(z, last) : mul(z, sum), c), z);
}
