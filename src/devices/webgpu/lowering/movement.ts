import type { KernelCall, Region, Site } from "../../../scheduler/lowering.ts";
import { broadcastStrides, type Shape, sizeOf, stridesOf } from "../../../tensor/shape.ts";
import type { Lowerings } from "../target.ts";
import { lowerMap, type Source } from "./elementwise.ts";
import { threadGrid } from "./grid.ts";
import { read, write } from "./operand.ts";

const THREADS = 128;

/** `out[at] = x[base + Σ at_d · strides_d]`: whatever only reads in another order. */
function gather(shape: Shape, source: Source, out: Region): readonly KernelCall[] {
  return lowerMap(shape, [source], [out], () => ({ text: "return Results(v0);", literals: [] }));
}

export function lowerCopy(from: Region, to: Region): readonly KernelCall[] {
  const count = sizeOf(to.type.shape);
  return gather([count], { region: from, base: 0, strides: [1] }, to);
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

export const movementLowerings: Lowerings<
  "broadcastTo" | "transpose" | "slice" | "pad" | "concat"
> = {
  broadcastTo({ ins: { x }, outs: { out } }) {
    const { shape } = out.type;
    return gather(
      shape,
      { region: x, base: 0, strides: broadcastStrides(x.type.shape, shape) },
      out,
    );
  },

  transpose({ ins: { x }, outs: { out }, attrs: { permutation } }) {
    const own = stridesOf(x.type.shape);
    const strides = permutation.map((d) => own[d] ?? 0);
    return gather(out.type.shape, { region: x, base: 0, strides }, out);
  },

  slice({ ins: { x }, outs: { out }, attrs: { starts } }) {
    const strides = stridesOf(x.type.shape);
    const base = starts.reduce((sum, start, d) => sum + start * (strides[d] ?? 0), 0);
    return gather(out.type.shape, { region: x, base, strides }, out);
  },

  pad({ ins: { x }, outs: { out }, attrs: { padding } }) {
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
    return [
      { kernel: "movement/pad", constants, operands, words, grid: threadGrid(count, THREADS) },
    ];
  },

  concat,
};

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

function concat({ ins: { xs }, outs: { out }, attrs: { axis } }: Site<"concat">): KernelCall[] {
  const inner = sizeOf(out.type.shape.slice(axis + 1));
  const stride = (out.type.shape[axis] ?? 1) * inner;
  let base = 0;
  const calls: KernelCall[] = [];
  for (const x of xs) {
    const length = (x.type.shape[axis] ?? 1) * inner;
    const count = sizeOf(x.type.shape);
    const width = [length, stride, base].every((n) => n % 4 === 0) ? 4 : 1;
    if (count > 0) {
      calls.push({
        kernel: "movement/scatter",
        constants: { WIDTH: width, VALUE: width === 4 ? "vec4<u32>" : "u32", THREADS },
        operands: [read(x), write(out)],
        words: [count, length, stride, base].map((n) => n / width),
        grid: threadGrid(count / width, THREADS),
      });
    }
    base += length;
  }
  return calls;
}
