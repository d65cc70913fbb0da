/**
 * Reductions. Neighbouring dimensions of one kind (kept or reduced) merge; then either an invocation or a workgroup
 * makes each output. Where there are too few outputs to fill a device, each is made in parts, and a second pass adds
 * up the parts in their order.
 */
import type { ReduceName } from "../../../ops/vocabulary.ts";
import { floatBits, type KernelCall, type Region, type Site } from "../../../scheduler/lowering.ts";
import type { DType } from "../../../tensor/dtype.ts";
import { sizeOf, stridesOf } from "../../../tensor/shape.ts";
import type { Lowerings, WebgpuTarget } from "../target.ts";
import { divided } from "./divided-reduce.ts";
import { lineGrid, threadGrid } from "./grid.ts";
import { read, write } from "./operand.ts";
import { wgslBinary } from "./scalars.ts";

const THREADS = 128;
/** On a software adapter a workgroup is run by one core: small ones spread few outputs over the cores. */
const SOFTWARE_THREADS = 16;
const MAX_PARTS = 1024;
/** Fewer elements than this are not worth a part of their own. */
const MIN_CHUNK = 64;
/** What one invocation adds up without losing digits, see shaders/lib/cascade. */
const MAX_CHUNK = 65536;

export function reduceLowerings(target: WebgpuTarget): Lowerings<"reduce" | "argmax"> {
  return { reduce: divided(target, (site) => lowerReduce(target, site)), argmax: lowerArgmax };
}

interface Dimension {
  readonly size: number;
  readonly stride: number;
}

/** One pass: from x, walked as `kept` and `reduced` dimensions, to `out` [parts, outputs]. */
export interface Pass {
  readonly fn: ReduceName;
  readonly x: Region;
  readonly out: Region;
  readonly kept: readonly Dimension[];
  readonly reduced: readonly Dimension[];
  readonly parts: number;
  /** What a mean multiplies by; 1 otherwise. */
  readonly scale: number;
}

function lowerReduce(
  target: WebgpuTarget,
  { ins, outs, attrs, scratch }: Site<"reduce">,
): readonly KernelCall[] {
  const { x } = ins;
  const { out } = outs;
  const { kept, reduced } = split(x.type.shape, attrs.axes);
  const outputs = sizeOf(out.type.shape);
  const count = product(reduced);
  const scale = attrs.fn === "mean" ? 1 / count : 1;
  const last = stridesOf(x.type.shape).length === 0 || reduced.at(-1)?.stride === 1;
  const isGrouped = !target.isSoftware && last && count >= 256;
  const parts = partsFor(target, outputs, count, isGrouped);
  if (parts === 1)
    return [passCall(target, { fn: attrs.fn, x, out, kept, reduced, parts, scale }, isGrouped)];
  const partial = scratch({ dtype: x.type.dtype, shape: [parts, outputs] });
  return [
    passCall(target, { fn: attrs.fn, x, out: partial, kept, reduced, parts, scale: 1 }, isGrouped),
    combineParts(target, attrs.fn, partial, out, scale),
  ];
}

/** The second pass: [parts, outputs] → [outputs]. */
export function combineParts(
  target: WebgpuTarget,
  fn: ReduceName,
  partial: Region,
  out: Region,
  scale: number,
): KernelCall {
  const [parts = 1, outputs = 1] = partial.type.shape;
  const kept = [{ size: outputs, stride: 1 }];
  const reduced = [{ size: parts, stride: outputs }];
  const isGrouped = !target.isSoftware && parts >= 64 && outputs <= 256;
  return passCall(target, { fn, x: partial, out, kept, reduced, parts: 1, scale }, isGrouped);
}

/** How many parts each output is made in: enough to fill the device, and no more than there is work for, or to be exact. */
function partsFor(
  target: WebgpuTarget,
  outputs: number,
  count: number,
  isGrouped: boolean,
): number {
  const wanted = target.isSoftware ? 64 : isGrouped ? 256 : 16384;
  const perPart = isGrouped ? MIN_CHUNK * 16 : MIN_CHUNK;
  const parts = Math.min(
    Math.ceil(wanted / Math.max(1, outputs)),
    Math.ceil(count / perPart),
    MAX_PARTS,
  );
  return Math.max(1, parts, isGrouped ? 1 : Math.ceil(count / MAX_CHUNK));
}

function split(
  shape: readonly number[],
  axes: readonly number[],
): { kept: Dimension[]; reduced: Dimension[] } {
  const strides = stridesOf(shape);
  const kept: Dimension[] = [];
  const reduced: Dimension[] = [];
  let previous: Dimension[] | undefined;
  shape.forEach((size, d) => {
    if (size === 1) return;
    const group = axes.includes(d) ? reduced : kept;
    const stride = strides[d] ?? 1;
    const before = group.at(-1);
    if (group === previous && before !== undefined) {
      group[group.length - 1] = { size: before.size * size, stride };
    } else {
      group.push({ size, stride });
    }
    previous = group;
  });
  return { kept, reduced };
}

function product(dimensions: readonly Dimension[]): number {
  return dimensions.reduce((total, { size }) => total * size, 1);
}

/** Two numbers combined, as a WGSL expression. */
export function combined(fn: ReduceName, a: string, b: string, dtype: DType): string {
  return wgslBinary[fn === "sum" || fn === "mean" ? "add" : fn](a, b, dtype);
}

/** The word that changes nothing when it is combined. Bits, because WGSL cannot write an infinity. */
export function neutralWord(fn: ReduceName, dtype: DType): number {
  if (fn === "sum" || fn === "mean") return 0;
  if (dtype === "f32") return floatBits(fn === "max" ? -Infinity : Infinity);
  if (dtype === "i32") return fn === "max" ? 0x80000000 : 0x7fffffff;
  return fn === "max" ? 0 : 0xffffffff;
}

function passCall(
  target: WebgpuTarget,
  { fn, x, out, kept, reduced, parts, scale }: Pass,
  isGrouped: boolean,
): KernelCall {
  const outputs = product(kept);
  const count = product(reduced);
  const keptOrOne = kept.length > 0 ? kept : [{ size: 1, stride: 0 }];
  const reducedOrOne = reduced.length > 0 ? reduced : [{ size: 1, stride: 0 }];
  const chunk = Math.ceil(count / parts);
  const threads = target.isSoftware && !isGrouped ? SOFTWARE_THREADS : THREADS;
  const head = [outputs, parts, count, chunk, neutralWord(fn, x.type.dtype), floatBits(scale)];
  const dimensions = [...keptOrOne, ...reducedOrOne].flatMap(({ size, stride }) => [size, stride]);
  return {
    kernel: isGrouped ? "reduce/groups" : "reduce/threads",
    constants: {
      TYPE: x.type.dtype,
      COMBINE: combined(fn, "a", "b", x.type.dtype),
      KEPT: keptOrOne.length,
      REDUCED: reducedOrOne.length,
      SCALED: fn === "mean" && scale !== 1 ? 1 : 0,
      THREADS: threads,
    },
    operands: [read(x), write(out)],
    words: [...head, ...dimensions],
    grid: isGrouped ? lineGrid(outputs * parts) : threadGrid(outputs * parts, threads),
  };
}

function lowerArgmax({
  ins: { x },
  outs: { out },
  attrs: { axis },
}: Site<"argmax">): readonly KernelCall[] {
  const outputs = sizeOf(out.type.shape);
  const inner = sizeOf(x.type.shape.slice(axis + 1));
  return [
    {
      kernel: "reduce/argmax",
      constants: { TYPE: x.type.dtype, FLOAT: Number(x.type.dtype === "f32"), THREADS },
      operands: [read(x), write(out)],
      words: [outputs, x.type.shape[axis] ?? 1, inner],
      grid: threadGrid(outputs, THREADS),
    },
  ];
}
