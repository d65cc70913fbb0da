/** Movement is one kernel, a copy by strides on both sides; see wasm/gather.ts. */
import type { DeviceTraits, KernelCall, Operand, Region } from "../../../scheduler/lowering.ts";
import {
  broadcastStrides,
  flippedView,
  type Shape,
  sizeOf,
  stridesOf,
} from "../../../tensor/shape.ts";
import { mergeDimensions } from "../../../tensor/walk.ts";
import { call, read, write } from "./operands.ts";

/** A dimension of the block that is copied, and the elements between neighbours on both sides. */
interface Dimension {
  readonly size: number;
  readonly from: number;
  readonly to: number;
}

interface Copy {
  readonly shape: Shape;
  readonly from: readonly number[];
  readonly to: readonly number[];
  readonly fromOffset?: number;
  readonly toOffset?: number;
  /** Elements of the output to be zeroed first. */
  readonly zeros?: number;
}

function dimensionsOf({ shape, from, to }: Copy): Dimension[] {
  const { shape: sizes, strides } = mergeDimensions(shape, [from, to]);
  const merged = sizes.map((size, d) => ({
    size,
    from: strides[0]?.[d] ?? 0,
    to: strides[1]?.[d] ?? 0,
  }));
  return merged.length > 0 ? merged : [{ size: 1, from: 1, to: 1 }];
}

/**
 * The order in which the dimensions are walked. Where the input is contiguous along another dimension than the
 * output, those two come last and are copied in transposed tiles.
 */
function arrange(dimensions: readonly Dimension[]): { order: Dimension[]; isTransposed: boolean } {
  const last = dimensions.at(-1);
  const down = dimensions.find((dimension) => dimension.from === 1);
  const tiles =
    last !== undefined && down !== undefined && down !== last && last.to === 1 && last.from > 1;
  if (!tiles) return { order: [...dimensions], isTransposed: false };
  const others = dimensions.filter((dimension) => dimension !== down && dimension !== last);
  return { order: [...others, down, last], isTransposed: true };
}

function copyByStrides(x: Region, out: Operand, copy: Copy): KernelCall[] {
  const zeros = copy.zeros ?? 0;
  if (sizeOf(copy.shape) === 0) {
    return zeros > 0 ? [call("fill", [out], [zeros, 0])] : [];
  }
  const { order, isTransposed } = arrange(dimensionsOf(copy));
  return [
    call(
      "gather",
      [read(x), out],
      [
        zeros,
        copy.fromOffset ?? 0,
        copy.toOffset ?? 0,
        isTransposed ? 1 : 0,
        order.length,
        ...order.map(({ size }) => size),
        ...order.map(({ from }) => from),
        ...order.map(({ to }) => to),
      ],
    ),
  ];
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, n, d) => sum + n * (b[d] ?? 0), 0);
}

export const lowerMovement = {
  broadcastTo({ ins: { x }, outs: { out } }) {
    const { shape } = out.type;
    const from = broadcastStrides(x.type.shape, shape);
    return copyByStrides(x, write(out), { shape, from, to: stridesOf(shape) });
  },

  transpose({ ins: { x }, outs: { out }, attrs: { permutation } }) {
    const { shape } = out.type;
    const strides = stridesOf(x.type.shape);
    const from = permutation.map((d) => strides[d] ?? 0);
    return copyByStrides(x, write(out), { shape, from, to: stridesOf(shape) });
  },

  flip({ ins: { x }, outs: { out }, attrs: { axes } }) {
    const { shape } = x.type;
    const { offset, strides } = flippedView(shape, axes);
    const copy = { shape, from: strides, to: stridesOf(shape), fromOffset: offset };
    return copyByStrides(x, write(out), copy);
  },

  slice({ ins: { x }, outs: { out }, attrs: { starts, sizes } }) {
    const from = stridesOf(x.type.shape);
    const fromOffset = dot(starts, from);
    return copyByStrides(x, write(out), { shape: sizes, from, to: stridesOf(sizes), fromOffset });
  },

  pad({ ins: { x }, outs: { out }, attrs: { padding } }) {
    const { shape } = x.type;
    const to = stridesOf(out.type.shape);
    const toOffset = dot(
      padding.map(([before]) => before),
      to,
    );
    const zeros = sizeOf(out.type.shape) > sizeOf(shape) ? sizeOf(out.type.shape) : 0;
    return copyByStrides(x, write(out), { shape, from: stridesOf(shape), to, toOffset, zeros });
  },

  concat({ ins: { xs }, outs: { out }, attrs: { axis } }) {
    const to = stridesOf(out.type.shape);
    let position = 0;
    return xs.flatMap((x) => {
      const { shape } = x.type;
      const toOffset = position * (to[axis] ?? 0);
      position += shape[axis] ?? 0;
      return copyByStrides(x, write(out), { shape, from: stridesOf(shape), to, toOffset });
    });
  },
} satisfies Partial<DeviceTraits["lower"]>;

export function lowerCopy(from: Region, to: Region): KernelCall[] {
  const count = sizeOf(to.type.shape);
  return count === 0 ? [] : [call("copy", [read(from), write(to)], [count])];
}
