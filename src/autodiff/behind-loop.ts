/**
 * Gradients of what a scan captures are sums over its steps. Where a step's part is a product aᵀ·b, as it is for the
 * weights of a layer, the sum is one product of all steps' rows, (stacked a)ᵀ·(stacked b): behind the loop, instead of a
 * small product and an addition to a whole matrix in every step. a and b are often at hand: x, the tape, or what the
 * gradient of x needs anyway. So it is with the rows of a table that steps look up, and with
 * the filters of small images.
 */
import { emit, type GraphValue } from "../graph/graph.ts";
import { arithmetic } from "../ops/arithmetic.ts";
import { sizeOf } from "../tensor/shape.ts";

const m = arithmetic(emit);

/** How the sum over all steps is computed from values that are stacked, [steps, ...]. */
export interface BehindLoop {
  /** Of one step. */
  readonly values: readonly GraphValue[];
  /** The sum, from the stacks of `values`, in their order. */
  sum(stacks: readonly GraphValue[]): GraphValue;
}

/** Undefined where `part`, a step's part, is neither product nor rows of a table, nor made of them. */
export function productBehind(part: GraphValue): BehindLoop | undefined {
  const { node } = part;
  if (node.op === "reshape") return reshaped(productBehind(node.ins.x), part);
  if (node.op === "binary" && node.attrs.fn === "add") {
    const [a, b] = [productBehind(node.ins.a), productBehind(node.ins.b)];
    return a && b && bothAdded(a, b);
  }
  if (node.op === "embeddingGrad") {
    const { ids, g } = node.ins;
    return {
      values: [ids, g],
      sum: ([allIds = ids, allG = g]) =>
        emit("embeddingGrad", { ids: allIds, g: allG }, node.attrs).out as GraphValue,
    };
  }
  if (node.op === "conv2dFilterGrad") {
    const { x, g } = node.ins;
    // Where a step's images are many more than the filters, adding these costs less than holding all images.
    if (sizeOf(g.type.shape) > 4 * sizeOf(part.type.shape)) return undefined;
    return {
      values: [x, g],
      sum: ([allX = x, allG = g]) =>
        emit("conv2dFilterGrad", { x: imagesOfAll(allX), g: imagesOfAll(allG) }, node.attrs)
          .out as GraphValue,
    };
  }
  if (node.op !== "matmul" || !node.attrs.transposeA || node.attrs.transposeB) return undefined;
  const { a, b } = node.ins;
  if (a.type.shape.length !== 2 || b.type.shape.length !== 2) return undefined;
  return {
    values: [a, b],
    sum: (stacks) => {
      const [allA, allB] = stacks.map(rowsOfAll);
      return emit("matmul", { a: allA ?? a, b: allB ?? b }, node.attrs).out as GraphValue;
    },
  };
}

/** A sum over elements of a value that `isAtHand` anyway, as it is for a bias: one sum over all steps. */
export function sumBehind(
  part: GraphValue,
  isAtHand: (value: GraphValue) => boolean,
): BehindLoop | undefined {
  const { node } = part;
  if (node.op === "reshape") return reshaped(sumBehind(node.ins.x, isAtHand), part);
  if (node.op !== "reduce" || node.attrs.fn !== "sum" || !isAtHand(node.ins.x)) return undefined;
  const axes = [0, ...node.attrs.axes.map((axis) => axis + 1)];
  return {
    values: [node.ins.x],
    sum: ([stack = node.ins.x]) => m.reshape(m.sum(stack, axes), part.type.shape) as GraphValue,
  };
}

function reshaped(inner: BehindLoop | undefined, to: GraphValue): BehindLoop | undefined {
  return (
    inner && {
      values: inner.values,
      sum: (stacks) => m.reshape(inner.sum(stacks), to.type.shape) as GraphValue,
    }
  );
}

function bothAdded(a: BehindLoop, b: BehindLoop): BehindLoop {
  const count = a.values.length;
  return {
    values: [...a.values, ...b.values],
    sum: (stacks) => m.add(a.sum(stacks.slice(0, count)), b.sum(stacks.slice(count))) as GraphValue,
  };
}

/** [steps, N, H, W, C] → [steps · N, H, W, C] */
function imagesOfAll(stack: GraphValue): GraphValue {
  const [steps = 0, images = 0, ...rest] = stack.type.shape;
  return m.reshape(stack, [steps * images, ...rest]) as GraphValue;
}

/** [steps, rows, columns] → [steps · rows, columns] */
function rowsOfAll(stack: GraphValue): GraphValue {
  const [steps = 0, rows = 0, columns = 0] = stack.type.shape;
  return m.reshape(stack, [steps * rows, columns]) as GraphValue;
}
