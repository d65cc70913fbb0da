/** Functions of one element of each input, with NumPy's broadcasting. */
import { ShapeError } from "../errors.ts";
import { broadcastShapes, type Shape, sameShape, type TensorType } from "../tensor/shape.ts";
import { arithmetic } from "./arithmetic.ts";
import { checkDType, checkSameDType, complaint, given, listTypes } from "./check.ts";
import type { OpTable, RewriteSite, Value, VjpTable } from "./op.ts";
import { binary, resultDType, unary } from "./scalars.ts";
import { unbroadcast } from "./unbroadcast.ts";

/** The shape that all of `types` broadcast to. @throws ShapeError */
export function checkBroadcast(op: string, types: Readonly<Record<string, TensorType>>): Shape {
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
    simpler({ ins, attrs, makerOf }) {
      const inner = makerOf(ins.x);
      const isTwice = inner?.op === "unary" && inner.attrs.fn === "neg" && attrs.fn === "neg";
      return isTwice ? inner.ins.x : undefined;
    },
  },

  /** out = fn(a, b) where a and b are broadcast to one shape; both have one dtype. */
  binary: {
    inputs: { a: "one", b: "one" },
    outputs: { out: "one" },
    cost: "cheap",
    infer({ a, b }, { fn }) {
      const verb = fn === "max" || fn === "min" ? (`${fn}imum` as const) : fn;
      checkSameDType(verb, a, b);
      checkDType(verb, "a", a, binary[fn].takes);
      const shape = checkBroadcast(verb, { a, b });
      return { out: { dtype: resultDType(binary[fn], a.dtype), shape } };
    },
    simpler: (site) => foldedLiterals(site) ?? unchangedOperand(site),
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
      return { out: { dtype: a.dtype, shape: checkBroadcast("where", { condition, a, b }) } };
    },
  },

  /** out[i] is x[i] converted (see `castValue`). Conversions from and to whole numbers are flat. */
  cast: {
    inputs: { x: "one" },
    outputs: { out: "one" },
    cost: "cheap",
    infer: ({ x }, { dtype }) => ({ out: { dtype, shape: x.shape } }),
    simpler: ({ ins: { x }, attrs: { dtype } }) => (x.type.dtype === dtype ? x : undefined),
  },
} satisfies Pick<OpTable, "unary" | "binary" | "where" | "cast">;

/** Arithmetic on two literals, if f32 rounds it the same everywhere: IEEE 754 asks that of these four. */
function foldedLiterals({ emit, ins, attrs, makerOf }: RewriteSite<"binary">): Value | undefined {
  const [a, b] = [makerOf(ins.a), makerOf(ins.b)];
  if (a?.op !== "literal" || b?.op !== "literal" || ins.a.type.dtype !== "f32") return undefined;
  const [x, y] = [Math.fround(a.attrs.value), Math.fround(b.attrs.value)];
  const exact = { add: x + y, sub: x - y, mul: x * y, div: x / y }[attrs.fn as "add"];
  if (exact === undefined || !Number.isFinite(exact)) return undefined;
  return emit("literal", {}, { value: Math.fround(exact), dtype: "f32" }).out;
}

/** x·1, 1·x, x/1, x−0. Not x+0, which turns −0 into 0. */
function unchangedOperand({ ins, attrs, type, makerOf }: RewriteSite<"binary">): Value | undefined {
  const { a, b } = ins;
  const { fn } = attrs;
  const right = literalBehind(b, makerOf);
  const isUnchanged =
    (right === 1 && (fn === "mul" || fn === "div")) || (Object.is(right, 0) && fn === "sub");
  if (isUnchanged && sameShape(a.type.shape, type.shape)) return a;
  const isOneTimes = fn === "mul" && literalBehind(a, makerOf) === 1;
  return isOneTimes && sameShape(b.type.shape, type.shape) ? b : undefined;
}

function literalBehind(
  value: Value,
  makerOf: RewriteSite<"binary">["makerOf"],
): number | undefined {
  let maker = makerOf(value);
  while (maker?.op === "broadcastTo" || maker?.op === "reshape") maker = makerOf(maker.ins.x);
  return maker?.op === "literal" ? maker.attrs.value : undefined;
}

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
