/**
 * A loop over time whose body is a graph of its own. With c_0 = carry, for t = 0, 1 … steps-1 (or back from the last):
 *
 *   c_{t+1}, y_t = body(c_t, x_t, captured)
 *
 * Its gradient is a scan in the other direction, made in autodiff/scan.ts.
 */
import { ShapeError } from "../errors.ts";
import { describe, sameShape, type TensorType } from "../tensor/shape.ts";
import { arithmetic } from "./arithmetic.ts";
import { checkOption, complaint } from "./check.ts";
import type { Emit, Op, OpTable, Value, VjpTable } from "./op.ts";
import type { Attrs, ByInput, ByOutput } from "./vocabulary.ts";

const scan: Op<"scan"> = {
  inputs: { carry: "many", xs: "many", captured: "many" },
  outputs: { carry: "many", ys: "many" },
  cost: "expensive",
  overwrites: { carry: "carry" },

  infer({ carry, xs, captured }, { body, steps }) {
    checkOption(
      "scan",
      "steps",
      steps,
      Number.isSafeInteger(steps) && steps >= 0,
      "whole, 0 or more",
    );
    const over = (type: TensorType): TensorType => ({ ...type, shape: [steps, ...type.shape] });
    checkList("carry", carry, body.types.carry);
    checkList("xs", xs, body.types.xs.map(over));
    checkList("captured", captured, body.types.captured);
    return { carry, ys: body.types.ys.map(over) };
  },
  composite: unrolled,
};

/** The same, a step after the other: a graph that grows with the number of steps, for tests. */
function unrolled(
  emit: Emit,
  { carry, xs, captured }: ByInput<"scan", Value>,
  { body, steps, reverse }: Attrs<"scan">,
): ByOutput<"scan", Value> {
  const m = arithmetic(emit);
  const at = (x: Value, t: number) => {
    const [, ...rest] = x.type.shape;
    return m.reshape(m.slice(x, [t, ...rest.map(() => 0)], [1, ...rest]), rest);
  };
  const parts: (readonly Value[])[] = new Array(steps);
  let state = carry;
  for (let i = 0; i < steps; i++) {
    const t = reverse ? steps - 1 - i : i;
    const { next, ys } = body.apply(emit, { carry: state, xs: xs.map((x) => at(x, t)), captured });
    parts[t] = ys;
    state = next;
  }
  const ys = body.types.ys.map(({ dtype, shape }, k) => {
    if (steps === 0) return m.broadcastTo(m.literal(0, dtype), [0, ...shape]);
    const stacked = parts.flatMap((part) => {
      const y = part[k];
      return y === undefined ? [] : [m.reshape(y, [1, ...shape])];
    });
    return emit("concat", { xs: stacked }, { axis: 0 }).out;
  });
  return { carry: state, ys };
}

function checkList(
  name: string,
  given: readonly TensorType[],
  wanted: readonly TensorType[],
): void {
  const fits =
    given.length === wanted.length &&
    given.every(({ dtype, shape }, i) => {
      const own = wanted[i];
      return own?.dtype === dtype && sameShape(own.shape, shape);
    });
  if (fits) return;
  const list = (types: readonly TensorType[]) => types.map(describe).join(", ") || "none";
  throw new ShapeError(
    complaint(
      "scan",
      `${name} must be what the body takes: ${list(wanted)}`,
      list(given),
      "xs are [steps, ...], a step's slice behind the first dimension.",
    ),
  );
}

export const scanOps = { scan } satisfies Pick<OpTable, "scan">;

export const scanVjps = {
  scan: "throughBody",
} satisfies Pick<VjpTable, "scan">;
