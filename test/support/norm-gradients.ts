import {
  add,
  grad,
  mean,
  mul,
  rsqrt,
  type Shape,
  square,
  sub,
  sum,
  type Tensor,
} from "../../src/functions.ts";
import { input } from "./plans.ts";

/** Rows are what lies along the last axis. */
export const row = { axis: -1, keepDims: true };

/** The gradients of a norm over the rows of x `shape`, written by hand: for x, its scale and its shift. */
export function normGradients(shape: Shape): readonly Tensor[] {
  const features = shape.slice(-1);
  const [x, g] = [input("x", shape), input("g", shape)];
  const [gamma, beta] = [input("gamma", features), input("beta", features)];
  return grad(
    () => {
      const centred = sub(x, mean(x, row));
      const scale = rsqrt(add(mean(square(centred), row), 1e-5));
      return sum(mul(add(mul(mul(centred, scale), gamma), beta), g));
    },
    x,
    gamma,
    beta,
  );
}
