/** What verbs over lines and volumes, which are made of those of images, say of windows by their own names and shapes. */
import { ArgumentError } from "../errors.ts";
import type { Padding } from "../ops/vocabulary.ts";
import { reach, unfit, windowCount } from "../ops/window.ts";
import type { Tensor } from "../runtime/tensor.ts";
import { describe } from "../tensor/shape.ts";

/** How windows lie along one dimension of x. */
export interface Along {
  readonly size: number;
  /** Cells of a window. */
  readonly window: number;
  readonly dilation: number;
  readonly stride: number;
  readonly padding: Padding;
}

/** Along each of x's dimensions behind the first that windows slide over. */
export function alongOf(
  x: Tensor,
  {
    window,
    stride,
    padding,
    dilation,
  }: {
    readonly window: readonly number[];
    readonly stride: readonly number[];
    readonly padding: readonly Padding[];
    readonly dilation: readonly number[];
  },
): Along[] {
  return window.map((cells, d) => ({
    size: x.shape[d + 1] ?? 0,
    window: cells,
    dilation: dilation[d] ?? 1,
    stride: stride[d] ?? 1,
    padding: padding[d] ?? [0, 0],
  }));
}

/** @throws ShapeError where no window fits */
export function checkFits(op: string, along: readonly Along[]): void {
  const reaches = along.map(({ window, dilation }) => reach(window, dilation));
  const doFit = along.every(
    ({ size, stride, padding }, d) =>
      size >= 1 && windowCount(size, reaches[d] ?? 1, stride, padding) >= 1,
  );
  if (doFit) return;
  const told = [
    along.map(({ size }) => size),
    reaches,
    along.map(({ padding }) => padding),
  ] as const;
  throw unfit(op, ...told);
}

/** @throws ArgumentError where a window of a pool sees nothing but padding, which happens to cells that lie apart, too */
export function checkSight(op: string, x: Tensor, along: readonly Along[]): void {
  if (along.every(areSeeing)) return;
  const [windows, dilation] = [along.map(({ window }) => window), along.map((one) => one.dilation)];
  throw new ArgumentError(
    `${op}: every window must see an element of x; got x ${describe(x.type)}, window [${windows.join(", ")}], dilation [${dilation.join(", ")}], padding [${along.map(({ padding }) => padding).join("], [")}]. Give less padding or dilation.`,
  );
}

function areSeeing({ size, window, dilation, stride, padding }: Along): boolean {
  const [before] = padding;
  const isSeeing = (start: number) => {
    const first = Math.max(0, Math.ceil(-start / dilation));
    return first < window && start + first * dilation < size;
  };
  const last = windowCount(size, reach(window, dilation), stride, padding) - 1;
  // Windows between those that begin in the padding and the last one begin in x.
  for (let at = 0; at <= last && at * stride < before; at++)
    if (!isSeeing(at * stride - before)) return false;
  return last < 0 || isSeeing(last * stride - before);
}
