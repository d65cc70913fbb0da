/** An op without a kernel here, by the ops that its composite is made of. */
import { InternalError } from "../../errors.ts";
import type { Emit, Loop } from "../../ops/op.ts";
import { ops } from "../../ops/table.ts";
import type { Attrs, ByInput, ByOutput, OpName } from "../../ops/vocabulary.ts";
import type { Evaluate, Precision, ReferenceTensor } from "./kernel.ts";
import { stepOf } from "./scan.ts";

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
  const made = composite(emit, site.ins, site.attrs, inTurn) as unknown as Readonly<
    Record<string, Held>
  >;
  for (const [name, held] of outs) {
    const values = [made[name]].flat();
    for (const [i, out] of [held].flat().entries()) out?.data.set(values[i]?.data ?? []);
  }
}

/** A loop whose steps are computed as they are emitted, one after the other. */
const inTurn: Loop = (cell, carry, xs, reverse) => {
  const wholes = Object.entries(xs as Tensors);
  const count = wholes.find(([, x]) => x !== undefined)?.[1]?.type.shape[0] ?? 0;
  const ys: Record<string, ReferenceTensor> = {};
  let state = carry;
  for (let i = 0; i < count; i++) {
    const t = reverse ? count - 1 - i : i;
    const slices = wholes.map(([name, x]) => [name, x && stepOf(x, t)]);
    const step = cell(state, Object.fromEntries(slices));
    for (const [name, y] of Object.entries(step.y as Tensors)) {
      if (y === undefined) continue;
      ys[name] ??= stackOf(y, count);
      stepOf(ys[name], t).data.set(y.data);
    }
    state = step.carry;
  }
  return { carry: state, ys: ys as never };
};

type Tensors = Readonly<Record<string, ReferenceTensor | undefined>>;

/** Room for `count` of them. */
function stackOf({ type, data }: ReferenceTensor, count: number): ReferenceTensor {
  const stack = data.slice(0, 0).constructor as new (length: number) => typeof data;
  return {
    type: { ...type, shape: [count, ...type.shape] },
    data: new stack(count * data.length),
  };
}

type Held = ReferenceTensor | ReferenceTensor[] | undefined;
