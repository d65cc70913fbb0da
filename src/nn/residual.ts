import { ShapeError } from "../errors.ts";
import { add, describe } from "../functions.ts";
import { checkModule, module } from "./define.ts";
import type { Module } from "./module.ts";
import { sequential } from "./sequential.ts";

/**
 * y = x + inner(x); with a `shortcut`, for another shape, y = shortcut(x) + inner(x). Its names in a state dict are
 * `inner` and `shortcut`. He et al. 2016.
 * @throws ShapeError where the two do not add up; ArgumentError for what are no modules
 */
export function residual(inner: Module, shortcut: Module = sequential()): Module {
  checkModule("residual", "inner", inner);
  checkModule("residual", "shortcut", shortcut);
  const states = inner.stateShapes(1).length;
  const time = inner.timeAxis === "any" ? shortcut.timeAxis : inner.timeAxis;
  return module("residual", {
    children: { inner, shortcut },
    made: ["residual", inner, shortcut],
    ...(time !== undefined && { timeAxis: time }),
    step(x, state) {
      const done = inner.step(x, state?.slice(0, states));
      const past = shortcut.step(x, state?.slice(states));
      if (past.y.shape.join() !== done.y.shape.join()) {
        throw new ShapeError(
          `residual: inner and shortcut must give one shape; got ${describe(done.y.type)} of inner, ${describe(past.y.type)} of the shortcut. Give a shortcut that changes the shape as inner does, such as nn.linear or nn.conv2d of a 1 × 1 window.`,
        );
      }
      return { y: add(past.y, done.y), state: [...done.state, ...past.state] };
    },
  });
}
