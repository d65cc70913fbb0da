/** An op without a loop of its own, by the ops that its composite is made of. */
import { InternalError } from "../../errors.ts";
import type { Emit, Loop } from "../../ops/op.ts";
import { ops } from "../../ops/table.ts";
import type { Attrs, ByInput, ByOutput, OpName } from "../../ops/vocabulary.ts";
import type { Evaluate, Precision, ReferenceTensor } from "./kernel.ts";

/** Writes every element of `outs`. */
export function runComposite<K extends OpName>(
  op: K,
  site: {
    readonly ins: ByInput<K, ReferenceTensor>;
    readonly outs: ByOutput<K, ReferenceTensor>;
    readonly attrs: Attrs<K>;
  },
  evaluate: Evaluate,
): void {
  const { composite } = ops[op];
  if (composite === undefined) throw new InternalError(`${op} has no reference kernel.`);
  const outs = Object.entries(site.outs as Readonly<Record<string, Held>>);
  const isDouble = outs.some(([, held]) =>
    [held].flat().some((x) => x?.data instanceof Float64Array),
  );
  const precision: Precision = isDouble ? "f64" : "f32";
  // Values are the tensors themselves: what is emitted is computed at once.
  const emit = ((of: "unary", ins: ByInput<"unary", ReferenceTensor>, attrs: Attrs<"unary">) =>
    evaluate(of, ins, attrs, precision)) as unknown as Emit;
  const made = composite(emit, site.ins, site.attrs, noLoop) as unknown as Readonly<
    Record<string, Held>
  >;
  for (const [name, held] of outs) {
    const values = [made[name]].flat();
    for (const [i, out] of [held].flat().entries()) out?.data.set(values[i]?.data ?? []);
  }
}

/** The composites of ops without a kernel are made of ops that have one. */
const noLoop: Loop = () => {
  throw new InternalError("a composite without a reference kernel has no loop.");
};

type Held = ReferenceTensor | ReferenceTensor[] | undefined;
