import type { OpNode } from "../../../graph/graph.ts";
import type { Attrs } from "../../../ops/vocabulary.ts";
import type { GroupInstruction, GroupProgram, View } from "../../../scheduler/group-program.ts";
import type { KernelCall, Region, Site } from "../../../scheduler/lowering.ts";
import { paddedView, placesIn } from "../../../scheduler/views.ts";
import { BYTES_PER_ELEMENT } from "../../../tensor/dtype.ts";
import {
  broadcastStrides,
  flippedView,
  type Shape,
  sizeOf,
  stridesOf,
  type TensorType,
} from "../../../tensor/shape.ts";
import { mergeDimensions } from "../../../tensor/walk.ts";
import { type Lowerings, maxBytes, type WebgpuTarget } from "../target.ts";
import { boxesOf } from "./divide.ts";
import { lineCall } from "./grid.ts";
import { lowerMap } from "./group/map-parts.ts";
import { read, write } from "./operand.ts";

const LINE: View = { offset: 0, strides: [1] };

export function lowerCopy(
  from: Region,
  to: Region,
  maxBytes = Number.POSITIVE_INFINITY,
): readonly KernelCall[] {
  return lowerMove([sizeOf(to.type.shape)], from, LINE, to, LINE, maxBytes);
}

/** The first elements of every row of `from`, [rows, n]. */
export function lowerBeginnings(from: Region, to: Region): readonly KernelCall[] {
  const { shape } = to.type;
  const rows = { offset: 0, strides: stridesOf(from.type.shape) };
  return lowerMove(shape, from, rows, to, denseView(shape), Number.POSITIVE_INFINITY);
}

/** The words of a step are its own: [elements, where its part of the whole begins]. */
export function lowerCopyStep(
  whole: Region,
  slice: Region,
  direction: "toSlice" | "toWhole",
  first: number,
): readonly KernelCall[] {
  const count = sizeOf(slice.type.shape);
  if (count === 0) return [];
  const width = count % 4 === 0 ? 4 : 1;
  const isToWhole = direction === "toWhole";
  return [
    lineCall("movement/copy_step", count / width, {
      constants: { VALUE: width === 4 ? "vec4<u32>" : "u32", TO_WHOLE: Number(isToWhole) },
      operands: isToWhole ? [read(slice), write(whole)] : [read(whole), write(slice)],
      words: [count / width, (first * count) / width],
      perStep: [0, count / width],
    }),
  ];
}

type Moved = "broadcastTo" | "transpose" | "flip" | "slice";
type Movement = Moved | "pad" | "concat";

/** How an op that only reads in another order reads. */
const reading: {
  readonly [K in Moved]: (x: TensorType, out: TensorType, attrs: Attrs<K>) => View;
} = {
  broadcastTo: (x, out) => ({ offset: 0, strides: broadcastStrides(x.shape, out.shape) }),
  transpose(x, _, { permutation }) {
    const own = stridesOf(x.shape);
    return { offset: 0, strides: permutation.map((d) => own[d] ?? 0) };
  },
  flip: (x, _, { axes }) => flippedView(x.shape, axes),
  slice(x, _, { starts }) {
    const strides = stridesOf(x.shape);
    return {
      offset: starts.reduce((sum, start, d) => sum + start * (strides[d] ?? 0), 0),
      strides,
    };
  },
};

/** Whether `node` can be done in parts of at most so many bytes. */
export function dividesMovement(node: OpNode<Movement>, maxBytes: number): boolean {
  const { shape } = node.outs.out.type;
  const most = maxBytes / BYTES_PER_ELEMENT;
  const canMove = (shape: Shape, ...strides: readonly (readonly number[])[]) => {
    const walk = mergeDimensions(shape, strides);
    return walk.shape.length === 0 || boxesOf(walk.shape, walk.strides, most) !== undefined;
  };
  // What is walked backwards has no first element to begin a part at.
  if (node.op === "flip") return false;
  if (node.op === "pad") return canMove(shape, stridesOf(shape), stridesOf(node.ins.x.type.shape));
  if (node.op === "concat")
    return node.ins.xs.every(({ type }) =>
      canMove(type.shape, stridesOf(type.shape), stridesOf(shape)),
    );
  const read = reading[node.op] as (typeof reading)[Moved];
  const view = read(node.ins.x.type, node.outs.out.type, node.attrs as never);
  return canMove(shape, stridesOf(shape), view.strides);
}

export function movementLowerings({ limits }: WebgpuTarget): Lowerings<Movement> {
  const most = maxBytes(limits);
  const move =
    <K extends Moved>(op: K) =>
    ({ ins: { x }, outs: { out }, attrs }: Site<K>) => {
      const view = reading[op](x.type, out.type, attrs as never);
      return lowerMove(out.type.shape, x, view, out, denseView(out.type.shape), most);
    };
  return {
    broadcastTo: move("broadcastTo"),
    transpose: move("transpose"),
    flip: move("flip"),
    slice: move("slice"),
    pad: (site) => pad(site, most),
    concat: (site) => concat(site, most),
  };
}

/** A read of x where it lies in the result, under a mask; as groups read a pad that nobody wants stored. */
function pad(
  { ins: { x }, outs: { out }, attrs: { padding } }: Site<"pad">,
  maxBytes: number,
): readonly KernelCall[] {
  const { shape } = out.type;
  const { within, ...view } = paddedView(x.type.shape, padding);
  const isThere = sizeOf(x.type.shape) > 0;
  const instructions: GroupInstruction[] = [{ kind: "literal", value: 0, dtype: "u32" }];
  const push = (instruction: GroupInstruction) => instructions.push(instruction) - 1;
  let register = isThere ? push({ kind: "input", input: 0, dtype: "u32" }) : 0;
  within.forEach(({ size }, index) => {
    const a = push({ kind: "index", index, dtype: "u32" });
    const b = push({ kind: "literal", value: size, dtype: "u32" });
    const condition = push({ kind: "binary", fn: "less", a, b, dtype: "bool" });
    register = push({ kind: "where", condition, a: register, b: 0, dtype: "u32" });
  });
  const group: GroupProgram = {
    shape,
    kept: shape.length,
    inputs: isThere ? [view] : [],
    indices: within.map((extent) => placesIn(extent, shape)),
    instructions,
    stores: [{ ...denseView(shape), register }],
  };
  return lowerMap(group, isThere ? [x] : [], [out], maxBytes);
}

function concat(
  { ins: { xs }, outs: { out }, attrs: { axis } }: Site<"concat">,
  maxBytes: number,
): readonly KernelCall[] {
  const { shape } = out.type;
  const { strides } = denseView(shape);
  let start = 0;
  return xs.flatMap((x) => {
    const into = { offset: start * (strides[axis] ?? 0), strides };
    start += x.type.shape[axis] ?? 1;
    return lowerMove(x.type.shape, x, denseView(x.type.shape), out, into, maxBytes);
  });
}

function denseView(shape: Shape): View {
  return { offset: 0, strides: stridesOf(shape) };
}

/** `to[into at i] = from[out of at i]` for every i of `shape`. */
function lowerMove(
  shape: readonly number[],
  from: Region,
  outOf: View,
  to: Region,
  into: View,
  maxBytes: number,
): readonly KernelCall[] {
  if (sizeOf(shape) === 0) return [];
  const group: GroupProgram = {
    shape,
    kept: shape.length,
    inputs: [outOf],
    indices: [],
    instructions: [{ kind: "input", input: 0, dtype: "u32" }],
    stores: [{ ...into, register: 0 }],
  };
  return lowerMap(group, [from], [to], maxBytes);
}
