/** Functions of one element of each input, with NumPy's broadcasting. */
import { ShapeError } from "../errors.ts";
import { broadcastShapes, type Shape, type TensorType } from "../tensor/shape.ts";
import { arithmetic } from "./arithmetic.ts";
import { checkDType, checkSameDType, complaint, given, listTypes } from "./check.ts";
import type { OpTable, VjpTable } from "./op.ts";
import { binary, resultDType, unary } from "./scalars.ts";
import { unbroadcast } from "./unbroadcast.ts";

/** The shape that all of `types` broadcast to. @throws ShapeError */
function broadcastAll(op: string, types: Readonly<Record<string, TensorType>>): Shape {
  return Object.values(types).reduce<Shape>((shape, type) => {
    const wider = broadcastShapes(shape, type.shape);
    if (wider !== undefined) return wider;
    throw new ShapeError(
      complaint(
        op,
        "shapes must broadcast: aligned at the right, dimensions are equal or one of them is 1",
        listTypes(types),
        "Reshape one of them, for example to give it a dimension of size 1.",
      ),
    );
  }, []);
}

export const elementwiseOps = {
  /** out[i] = fn(x[i]). */
  unary: {
    inputs: { x: "one" },
    outputs: { out: "one" },
    cost: "cheap",
    infer({ x }, { fn }) {
      checkDType(fn, "x", x, unary[fn].takes);
      return { out: { dtype: resultDType(unary[fn], x.dtype), shape: x.shape } };
    },
  },

  /** out = fn(a, b) where a and b are broadcast to one shape; both have one dtype. */
  binary: {
    inputs: { a: "one", b: "one" },
    outputs: { out: "one" },
    cost: "cheap",
    infer({ a, b }, { fn }) {
      checkSameDType(fn, a, b);
      checkDType(fn, "a", a, binary[fn].takes);
      const shape = broadcastAll(fn, { a, b });
      return { out: { dtype: resultDType(binary[fn], a.dtype), shape } };
    },
  },

  /** out = condition ? a : b, all three broadcast; the gradient goes where the value came from. */
  where: {
    inputs: { condition: "one", a: "one", b: "one" },
    outputs: { out: "one" },
    cost: "cheap",
    infer({ condition, a, b }) {
      checkDType(
        "where",
        "condition",
        condition,
        ["bool"],
        "Compare first, for example greater(x, 0).",
      );
      checkSameDType("where", a, b);
      return { out: { dtype: a.dtype, shape: broadcastAll("where", { condition, a, b }) } };
    },
  },

  /** out[i] is x[i] converted (see `castValue`). Conversions from and to whole numbers are flat. */
  cast: {
    inputs: { x: "one" },
    outputs: { out: "one" },
    cost: "cheap",
    infer: ({ x }, { dtype }) => ({ out: { dtype, shape: x.shape } }),
  },
} satisfies Pick<OpTable, "unary" | "binary" | "where" | "cast">;

export const elementwiseVjps = {
  unary(emit, { ins, outs, cotangents, attrs }) {
    const row = unary[attrs.fn];
    return { x: row.gradient(arithmetic(emit), ins.x, outs.out, given(cotangents.out)) };
  },

  binary(emit, { ins, outs, cotangents, attrs }) {
    const { a, b } = ins;
    const g = given(cotangents.out);
    const [ga, gb] = binary[attrs.fn].gradient(arithmetic(emit), a, b, outs.out, g);
    return {
      a: ga && unbroadcast(emit, ga, a.type.shape),
      b: gb && unbroadcast(emit, gb, b.type.shape),
    };
  },

  where(emit, { ins: { condition, a, b }, cotangents }) {
    const m = arithmetic(emit);
    const g = given(cotangents.out);
    return {
      condition: undefined,
      a: unbroadcast(emit, m.where(condition, g, 0), a.type.shape),
      b: unbroadcast(emit, m.where(condition, 0, g), b.type.shape),
    };
  },

  cast(_emit, { ins, cotangents, attrs }) {
    const isFloat = ins.x.type.dtype === "f32" && attrs.dtype === "f32";
    return { x: isFloat ? given(cotangents.out) : undefined };
  },
} satisfies Pick<VjpTable, "unary" | "binary" | "where" | "cast">;
