import type { OpNode } from "../../../graph/graph.ts";
import type { Attrs } from "../../../ops/vocabulary.ts";
import type { KernelCall, Region, Site } from "../../../scheduler/lowering.ts";
import { BYTES_PER_ELEMENT } from "../../../tensor/dtype.ts";
import {
  broadcastStrides,
  type Shape,
  sizeOf,
  stridesOf,
  type TensorType,
} from "../../../tensor/shape.ts";
import { type Lowerings, maxBytes, type WebgpuTarget } from "../target.ts";
import { alignedRows, BINDING_ELEMENTS, boxesOf, elementsOf, isLarge } from "./divide.ts";
import { lowerMap, lowerRange, type Source } from "./elementwise.ts";
import { threadGrid } from "./grid.ts";
import { read, write } from "./operand.ts";
import { mergeDimensions } from "./strides.ts";

const THREADS = 128;

/** `out[at] = x[base + Σ at_d · strides_d]`: whatever only reads in another order. */
function gather(
  shape: Shape,
  source: Source,
  out: Region,
  maxBytes: number,
): readonly KernelCall[] {
  const print = () => ({ text: "return Results(v0);", literals: [] });
  return lowerMap(shape, [source], [out], print, maxBytes);
}

export function lowerCopy(
  from: Region,
  to: Region,
  maxBytes = Number.POSITIVE_INFINITY,
): readonly KernelCall[] {
  const count = sizeOf(to.type.shape);
  return gather([count], { region: from, base: 0, strides: [1] }, to, maxBytes);
}

/** The words of a step are its own: [elements, where its part of the whole begins]. */
export function lowerCopyStep(
  whole: Region,
  slice: Region,
  direction: "toSlice" | "toWhole",
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
      words: [count / width, 0],
      perStep: [0, count / width],
      grid: threadGrid(count / width, THREADS),
    },
  ];
}

type Moved = "broadcastTo" | "transpose" | "slice";
type Movement = Moved | "pad" | "concat";

/** How an op that only reads in another order reads. */
const reading: {
  readonly [K in Moved]: (
    x: TensorType,
    out: TensorType,
    attrs: Attrs<K>,
  ) => { readonly base: number; readonly strides: readonly number[] };
} = {
  broadcastTo: (x, out) => ({ base: 0, strides: broadcastStrides(x.shape, out.shape) }),
  transpose(x, _, { permutation }) {
    const own = stridesOf(x.shape);
    return { base: 0, strides: permutation.map((d) => own[d] ?? 0) };
  },
  slice(x, _, { starts }) {
    const strides = stridesOf(x.shape);
    return { base: starts.reduce((sum, start, d) => sum + start * (strides[d] ?? 0), 0), strides };
  },
};

/** Whether `node` can be done in parts of at most so many bytes. */
export function dividesMovement(node: OpNode<Movement>, maxBytes: number): boolean {
  if (node.op === "concat") return true;
  if (node.op === "pad") return false;
  const { shape } = node.outs.out.type;
  const read = reading[node.op] as (typeof reading)[Moved];
  const { strides } = read(node.ins.x.type, node.outs.out.type, node.attrs as never);
  const walk = mergeDimensions(shape, [stridesOf(shape), strides]);
  const most = maxBytes / BYTES_PER_ELEMENT;
  return walk.shape.length === 0 || boxesOf(walk.shape, walk.strides, most) !== undefined;
}

export function movementLowerings({ limits }: WebgpuTarget): Lowerings<Movement> {
  const most = maxBytes(limits);
  const move =
    <K extends Moved>(op: K) =>
    ({ ins: { x }, outs: { out }, attrs }: Site<K>) =>
      gather(
        out.type.shape,
        { region: x, ...reading[op](x.type, out.type, attrs as never) },
        out,
        most,
      );
  return {
    broadcastTo: move("broadcastTo"),
    transpose: move("transpose"),
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
  const inner = sizeOf(out.type.shape.slice(axis + 1));
  const stride = (out.type.shape[axis] ?? 1) * inner;
  let base = 0;
  return xs.flatMap((x) => {
    const length = (x.type.shape[axis] ?? 1) * inner;
    const rows = { length, stride, base };
    base += length;
    if (length === 0) return [];
    return isLarge([x, out], maxBytes)
      ? scatterParts(x, out, rows, maxBytes)
      : scatter(x, out, rows);
  });
}

/** Rows of so many elements that are copied to where they lie `stride` apart, the first one at `base`. */
interface Rows {
  readonly length: number;
  readonly stride: number;
  readonly base: number;
}

function scatter(x: Region, out: Region, { length, stride, base }: Rows): KernelCall[] {
  const count = sizeOf(x.type.shape);
  if (count === 0) return [];
  const width = [length, stride, base].every((n) => n % 4 === 0) ? 4 : 1;
  return [
    {
      kernel: "movement/scatter",
      constants: { WIDTH: width, VALUE: width === 4 ? "vec4<u32>" : "u32", THREADS },
      operands: [read(x), write(out)],
      words: [count, length, stride, base].map((n) => n / width),
      grid: threadGrid(count / width, THREADS),
    },
  ];
}

/** As many rows at a time as fit; of rows that do not fit, parts. */
function scatterParts(x: Region, out: Region, rows: Rows, maxBytes: number): readonly KernelCall[] {
  const { length, stride, base } = rows;
  const count = sizeOf(x.type.shape) / length;
  const room = maxBytes / BYTES_PER_ELEMENT - BINDING_ELEMENTS;
  const unit = alignedRows(length);
  const fitting = Math.floor((room - length) / stride) + 1;
  const atOnce = fitting - (fitting % unit);
  const calls: KernelCall[] = [];
  if (atOnce > 0) {
    for (let row = 0; row < count; row += atOnce) {
      const some = Math.min(atOnce, count - row);
      const from = base + row * stride;
      const first = from % BINDING_ELEMENTS;
      const part = elementsOf(out, from - first, first + (some - 1) * stride + length);
      const own = elementsOf(x, row * length, some * length);
      calls.push(...scatter(own, part, { length, stride, base: first }));
    }
    return calls;
  }
  for (let row = 0; row < count; row++)
    calls.push(...copyRange(x, row * length, out, base + row * stride, length, maxBytes));
  return calls;
}

/** Copies `length` elements that may begin anywhere in their tensors. */
function copyRange(
  x: Region,
  from: number,
  out: Region,
  to: number,
  length: number,
  maxBytes: number,
): readonly KernelCall[] {
  const print = () => ({ text: "return Results(v0);", literals: [] });
  return lowerRange(
    [length],
    [{ region: x, base: from, strides: [1] }],
    [out],
    to,
    print,
    maxBytes,
  );
}
