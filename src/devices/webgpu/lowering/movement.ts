import type { OpNode } from "../../../graph/graph.ts";
import type { Attrs } from "../../../ops/vocabulary.ts";
import type { GroupProgram, View } from "../../../scheduler/group-program.ts";
import type { KernelCall, Region, Site } from "../../../scheduler/lowering.ts";
import { BYTES_PER_ELEMENT } from "../../../tensor/dtype.ts";
import {
  broadcastStrides,
  flippedView,
  type Shape,
  sizeOf,
  stridesOf,
  type TensorType,
} from "../../../tensor/shape.ts";
import { type Lowerings, maxBytes, type WebgpuTarget } from "../target.ts";
import { boxesOf } from "./divide.ts";
import { threadGrid } from "./grid.ts";
import { lowerMap } from "./group/map-parts.ts";
import { read, write } from "./operand.ts";
import { mergeDimensions } from "./strides.ts";

const THREADS = 128;

const LINE: View = { offset: 0, strides: [1] };

export function lowerCopy(
  from: Region,
  to: Region,
  maxBytes = Number.POSITIVE_INFINITY,
): readonly KernelCall[] {
  return lowerMove([sizeOf(to.type.shape)], from, LINE, to, LINE, maxBytes);
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
    {
      kernel: "movement/copy_step",
      constants: {
        WIDTH: width,
        VALUE: width === 4 ? "vec4<u32>" : "u32",
        TO_WHOLE: isToWhole ? 1 : 0,
        THREADS,
      },
      operands: isToWhole ? [read(slice), write(whole)] : [read(whole), write(slice)],
      words: [count / width, (first * count) / width],
      perStep: [0, count / width],
      grid: threadGrid(count / width, THREADS),
    },
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
  if (node.op === "pad" || node.op === "flip") return false;
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
    pad,
    concat: (site) => concat(site, most),
  };
}

function pad({ ins: { x }, outs: { out }, attrs: { padding } }: Site<"pad">): KernelCall[] {
  const count = sizeOf(out.type.shape);
  const dimensions = mergePadded(
    x.type.shape,
    padding.map(([before, after]) => ({ before, after })),
  );
  const words = [
    count,
    ...dimensions.flatMap(({ size, before, after }) => [size, before + size + after, before]),
  ];
  const constants = { RANK: dimensions.length, THREADS };
  const operands = [read(x), write(out)];
  return [{ kernel: "movement/pad", constants, operands, words, grid: threadGrid(count, THREADS) }];
}

interface Padded {
  readonly size: number;
  readonly before: number;
  readonly after: number;
}

/** Dimensions without padding join the one before them; at least one is left. */
function mergePadded(shape: Shape, padding: readonly Omit<Padded, "size">[]): Padded[] {
  const merged: Padded[] = [];
  shape.forEach((size, d) => {
    const { before, after } = padding[d] ?? { before: 0, after: 0 };
    const last = merged.at(-1);
    if (last === undefined || before > 0 || after > 0) {
      merged.push({ size, before, after });
      return;
    }
    merged[merged.length - 1] = {
      size: last.size * size,
      before: last.before * size,
      after: last.after * size,
    };
  });
  return merged.length > 0 ? merged : [{ size: 1, before: 0, after: 0 }];
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
