/**
 * The reference implementation: a plain loop for every op, over any typed array. In float64 it is the oracle that
 * kernels and gradients are tested against; in f32 it is what a device falls back on for an op it has no kernel for.
 */
import { ops, overwritesOf } from "../../ops/table.ts";
import type { Attrs, ByInput, ByOutput, OpName } from "../../ops/vocabulary.ts";
import { hostArray } from "../../tensor/dtype.ts";
import { sizeOf, type TensorType } from "../../tensor/shape.ts";
import { runComposite } from "./composite.ts";
import type { Precision, ReferenceTensor } from "./kernel.ts";
import { runScan, type ScanSite } from "./scan.ts";
import { referenceKernels } from "./table.ts";

/** A zero-filled tensor. */
export function referenceTensor(type: TensorType, precision: Precision): ReferenceTensor {
  const length = sizeOf(type.shape);
  const isDouble = type.dtype === "f32" && precision === "f64";
  return { type, data: isDouble ? new Float64Array(length) : hostArray(type.dtype, length) };
}

/**
 * Writes every element of `site.outs`. An output that overwrites an input must hold a copy of it, or be the input
 * itself.
 */
export function runReference<K extends OpName>(
  op: K,
  site: {
    readonly ins: ByInput<K, ReferenceTensor>;
    readonly outs: ByOutput<K, ReferenceTensor>;
    readonly attrs: Attrs<K>;
  },
): void {
  // The site is the op's own, which no type can say once the op is looked up.
  if (op === "scan") runScan(site as unknown as ScanSite, evaluateReference);
  else if (op in referenceKernels)
    (referenceKernels[op as keyof typeof referenceKernels] as (site: unknown) => void)(site);
  else runComposite(op, site, evaluateReference);
}

/** The outputs of an op on tensors of its own; those that overwrite an input get a copy of it first. */
export function evaluateReference<K extends OpName>(
  op: K,
  ins: ByInput<K, ReferenceTensor>,
  attrs: Attrs<K>,
  precision: Precision,
): ByOutput<K, ReferenceTensor> {
  const given = ins as unknown as ByName<ReferenceTensor>;
  const types = ops[op].infer(
    mapHeld(given, ({ type }: ReferenceTensor) => type) as unknown as ByInput<K, TensorType>,
    attrs,
  );
  const overwrites = overwritesOf(op, attrs);
  const outs = mapHeld(types as unknown as ByName<TensorType>, (type, name, i) => {
    const tensor = referenceTensor(type, precision);
    const before = [given[overwrites[name] ?? ""] ?? []].flat()[i];
    if (before !== undefined) tensor.data.set(before.data);
    return tensor;
  }) as unknown as ByOutput<K, ReferenceTensor>;
  runReference(op, { ins, outs, attrs });
  return outs;
}

type ByName<T> = Readonly<Record<string, T | readonly T[] | undefined>>;

function mapHeld<A, B>(
  held: ByName<A>,
  change: (value: A, name: string, i: number) => B,
): ByName<B> {
  return Object.fromEntries(
    Object.entries(held).map(([name, entry]) => [
      name,
      entry === undefined
        ? undefined
        : Array.isArray(entry)
          ? entry.map((value: A, i) => change(value, name, i))
          : change(entry as A, name, 0),
    ]),
  );
}
