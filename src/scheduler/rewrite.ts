/**
 * Rebuilds a graph bottom-up: equal nodes become one, dead ones are left behind, and a few identities that cost
 * nothing to check are applied. Every rule keeps the bits: nothing here trades accuracy for speed.
 */
import { attrsKey } from "../graph/fingerprint.ts";
import { emit, GraphValue, type OpNode, reachable } from "../graph/graph.ts";
import { mapValues, outputPairs, rebuild } from "../graph/rebuild.ts";
import type { Value } from "../ops/op.ts";
import { sameShape, sizeOf } from "../tensor/shape.ts";

/** Maps each of `roots` to its value in the rewritten graph. `literal` may turn literals into sources. */
export function rewrite(
  roots: readonly GraphValue[],
  literal?: (node: OpNode<"literal">) => GraphValue,
): Map<GraphValue, GraphValue> {
  const replaced = new Map<GraphValue, GraphValue>();
  const known = new Map<string, OpNode>();
  const resolve = (value: GraphValue) => replaced.get(value) ?? value;
  for (const node of reachable(roots)) {
    if (node.op === "source") continue;
    if (node.op === "literal" && literal !== undefined) {
      replaced.set(node.outs.out, literal(node));
      continue;
    }
    const ins = mapValues(node.ins, resolve);
    const key = `${node.op}(${keyOf(ins)})${attrsKey(node.attrs)}`;
    const twin = known.get(key) ?? rebuild(node, ins);
    known.set(key, twin);
    for (const [out, its] of outputPairs(node, twin)) if (out !== its) replaced.set(out, its);
    const simpler = simplify(twin);
    if (simpler !== undefined && "out" in node.outs) replaced.set(node.outs.out, simpler);
  }
  return new Map(roots.map((root) => [root, resolve(root)]));
}

const valueKeys = new WeakMap<GraphValue, string>();
let nextKey = 0;
function keyOf(ins: Record<string, unknown>): string {
  let text = "";
  for (const [name, held] of Object.entries(ins)) {
    text += `${name},`;
    for (const value of Array.isArray(held) ? held : [held])
      text += value instanceof GraphValue ? `${keyOfValue(value)},` : `${value},`;
  }
  return text;
}

function keyOfValue(value: GraphValue): string {
  const known = valueKeys.get(value);
  if (known !== undefined) return known;
  const key = `#${nextKey++}`;
  valueKeys.set(value, key);
  return key;
}

/** The value that `node` is equal to bit for bit, if it need not be computed. */
function simplify(node: OpNode): GraphValue | undefined {
  switch (node.op) {
    case "reshape":
      return simplifyReshape(node);
    case "stopGradient":
    case "withGradient":
      return node.ins.x;
    case "broadcastTo":
      return sameShape(node.ins.x.type.shape, node.attrs.shape) ? node.ins.x : undefined;
    case "cast":
      return node.ins.x.type.dtype === node.attrs.dtype ? node.ins.x : undefined;
    case "slice":
      return sameShape(node.ins.x.type.shape, node.attrs.sizes) ? node.ins.x : sliceOfPadded(node);
    case "pad":
      return node.attrs.padding.every(([before, after]) => before === 0 && after === 0)
        ? node.ins.x
        : undefined;
    case "pack":
      return simplifyPack(node);
    case "transpose":
      return simplifyTranspose(node);
    case "reduce":
      return simplifyReduce(node);
    case "binary":
      return foldLiterals(node) ?? simplifyBinary(node);
    case "matmul":
      return simplifyMatmul(node);
    case "unary": {
      const inner = node.ins.x.node;
      return node.attrs.fn === "neg" && inner.op === "unary" && inner.attrs.fn === "neg"
        ? inner.ins.x
        : undefined;
    }
    default:
      return undefined;
  }
}

function out(value: Value): GraphValue {
  return value as GraphValue;
}

function simplifyReshape(node: OpNode<"reshape">): GraphValue | undefined {
  const { x } = node.ins;
  if (sameShape(x.type.shape, node.attrs.shape)) return x;
  return x.node.op === "reshape"
    ? out(emit("reshape", { x: x.node.ins.x }, node.attrs).out)
    : undefined;
}

/** A slice that keeps clear of the zeros around a padded tensor is a slice of that tensor; one of zeros alone is zeros. */
function sliceOfPadded({ ins, attrs }: OpNode<"slice">): GraphValue | undefined {
  const { node } = ins.x;
  if (node.op !== "pad") return undefined;
  const { x } = node.ins;
  const starts = attrs.starts.map((start, d) => start - (node.attrs.padding[d]?.[0] ?? 0));
  const isInside = starts.every(
    (start, d) => start >= 0 && start + (attrs.sizes[d] ?? 0) <= (x.type.shape[d] ?? 0),
  );
  const isOutside = starts.some(
    (start, d) => start + (attrs.sizes[d] ?? 0) <= 0 || start >= (x.type.shape[d] ?? 0),
  );
  if (isOutside) {
    const zero = emit("literal", {}, { value: 0, dtype: x.type.dtype }).out;
    return out(emit("broadcastTo", { x: zero }, { shape: attrs.sizes }).out);
  }
  if (!isInside) return undefined;
  if (sameShape(x.type.shape, attrs.sizes)) return x;
  return out(emit("slice", { x }, { starts, sizes: attrs.sizes }).out);
}

/** A pack of one tensor, without anything behind it, is that tensor. */
function simplifyPack({ ins, outs }: OpNode<"pack">): GraphValue | undefined {
  const { shape } = outs.out.type;
  const x = ins.xs.find(({ type }) => sizeOf(type.shape) === sizeOf(shape));
  return x && out(emit("reshape", { x }, { shape }).out);
}

/** A permutation that keeps the order of the dimensions larger than 1 moves no data. */
function simplifyTranspose(node: OpNode<"transpose">): GraphValue | undefined {
  const { shape } = node.ins.x.type;
  const moved = node.attrs.permutation.filter((d) => shape[d] !== 1);
  if (moved.some((d, i) => i > 0 && d < (moved[i - 1] ?? 0))) return undefined;
  return out(emit("reshape", { x: node.ins.x }, { shape: node.outs.out.type.shape }).out);
}

/** Reducing over dimensions of size 1 changes nothing but the shape. */
function simplifyReduce(node: OpNode<"reduce">): GraphValue | undefined {
  const { x } = node.ins;
  if (!node.attrs.axes.every((axis) => x.type.shape[axis] === 1)) return undefined;
  return out(emit("reshape", { x }, { shape: node.outs.out.type.shape }).out);
}

function literalOf(value: GraphValue): number | undefined {
  let { node } = value;
  while (node.op === "broadcastTo" || node.op === "reshape") ({ node } = node.ins.x);
  return node.op === "literal" ? node.attrs.value : undefined;
}

/** Arithmetic on two literals, if f32 rounds it the same everywhere: IEEE 754 asks that of these four. */
function foldLiterals(node: OpNode<"binary">): GraphValue | undefined {
  const { a, b } = node.ins;
  if (a.node.op !== "literal" || b.node.op !== "literal" || a.type.dtype !== "f32")
    return undefined;
  const [x, y] = [Math.fround(a.node.attrs.value), Math.fround(b.node.attrs.value)];
  const exact = { add: x + y, sub: x - y, mul: x * y, div: x / y }[node.attrs.fn as "add"];
  if (exact === undefined || !Number.isFinite(exact)) return undefined;
  return out(emit("literal", {}, { value: Math.fround(exact), dtype: "f32" }).out);
}

/** x·1, 1·x, x/1, x−0. Not x+0, which turns −0 into 0. */
function simplifyBinary(node: OpNode<"binary">): GraphValue | undefined {
  const { a, b } = node.ins;
  const { shape } = node.outs.out.type;
  const { fn } = node.attrs;
  const right = literalOf(b);
  if (
    sameShape(a.type.shape, shape) &&
    ((right === 1 && (fn === "mul" || fn === "div")) || (Object.is(right, 0) && fn === "sub"))
  )
    return a;
  if (sameShape(b.type.shape, shape) && literalOf(a) === 1 && fn === "mul") return b;
  return undefined;
}

/** A transpose of the last two dimensions is read by the matmul's own loader. */
function simplifyMatmul(node: OpNode<"matmul">): GraphValue | undefined {
  const a = untransposed(node.ins.a);
  const b = untransposed(node.ins.b);
  if (a === undefined && b === undefined) return undefined;
  const { transposeA, transposeB } = node.attrs;
  return out(
    emit(
      "matmul",
      { a: a ?? node.ins.a, b: b ?? node.ins.b },
      {
        transposeA: transposeA !== (a !== undefined),
        transposeB: transposeB !== (b !== undefined),
      },
    ).out,
  );
}

function untransposed(value: GraphValue): GraphValue | undefined {
  const { node } = value;
  if (node.op !== "transpose") return undefined;
  const { permutation } = node.attrs;
  const rank = permutation.length;
  const swapsLast = permutation.every(
    (d, i) => d === (i < rank - 2 ? i : i === rank - 2 ? rank - 1 : rank - 2),
  );
  return swapsLast && sizeOf(value.type.shape) > 0 ? node.ins.x : undefined;
}
