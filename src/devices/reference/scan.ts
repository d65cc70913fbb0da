/** A scan by the reference kernels: its body, op by op, at every step. */
import type { Emit, Value } from "../../ops/op.ts";
import type { Attrs, ByInput, ByOutput } from "../../ops/vocabulary.ts";
import { sizeOf } from "../../tensor/shape.ts";
import type { Evaluate, Precision, ReferenceTensor } from "./kernel.ts";

export interface ScanSite {
  readonly ins: ByInput<"scan", ReferenceTensor>;
  readonly outs: ByOutput<"scan", ReferenceTensor>;
  readonly attrs: Attrs<"scan">;
}

/** Writes every element of `outs`; `outs.carry` holds what the loop starts with. */
export function runScan({ ins, outs, attrs }: ScanSite, evaluate: Evaluate): void {
  const { body, steps, reverse } = attrs;
  const all = [...ins.carry, ...ins.xs, ...ins.captured, ...outs.ys];
  const precision: Precision = all.some(({ data }) => data instanceof Float64Array) ? "f64" : "f32";
  // Values are the tensors themselves: what is emitted is computed at once.
  const emit = ((op: "unary", values: ByInput<"unary", ReferenceTensor>, own: Attrs<"unary">) =>
    evaluate(op, values, own, precision)) as unknown as Emit;
  let carry: readonly Value[] = outs.carry;
  for (let i = 0; i < steps; i++) {
    const t = reverse ? steps - 1 - i : i;
    const slices = ins.xs.map((x) => stepOf(x, t));
    const { next, ys } = body.apply(emit, { carry, xs: slices, captured: ins.captured });
    outs.ys.forEach((whole, k) => {
      stepOf(whole, t).data.set(tensor(ys[k]).data);
    });
    carry = next;
  }
  const last = carry.map((value) => tensor(value).data.slice());
  outs.carry.forEach(({ data }, k) => {
    data.set(last[k] ?? []);
  });
}

function tensor(value: Value | undefined): ReferenceTensor {
  return value as ReferenceTensor; // what the scan was given, or what `emit` made
}

/** Step t of [steps, ...], where it lies. */
export function stepOf({ type, data }: ReferenceTensor, t: number): ReferenceTensor {
  const shape = type.shape.slice(1);
  const length = sizeOf(shape);
  return { type: { ...type, shape }, data: data.subarray(t * length, (t + 1) * length) };
}
