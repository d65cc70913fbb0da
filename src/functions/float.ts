import { type Arithmetic, arithmetic } from "../ops/arithmetic.ts";
import { checkDType } from "../ops/check.ts";
import type { Value } from "../ops/op.ts";
import type { Tensor } from "../runtime/tensor.ts";
import { apply, checkTensor } from "./apply.ts";
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

/** y, a function of x by itself, whose derivative is `slope` rather than that of what y is made of. */
export function withSlope(
  name: string,
  x: Tensor,
  y: Tensor,
  slope: (m: Arithmetic, x: Value, y: Value) => Value,
): Tensor {
  const rule = {
    name: `slope of ${name}`,
    isElementwise: true,
    gradient(emit: Parameters<typeof arithmetic>[0], out: Value, g: Value, of: readonly Value[]) {
      const m = arithmetic(emit);
      return of.map((own) => m.mul(g, slope(m, own, out)));
    },
  };
  return apply("withGradient", { x: y, of: [x] }, { rule });
}
