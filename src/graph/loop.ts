import { InternalError } from "../errors.ts";
import type { Loop, Named, Value } from "../ops/op.ts";
import { present } from "../present.ts";
import type { Shape, TensorType } from "../tensor/shape.ts";
import { type Given, standIn } from "./close-over.ts";
import { emitScan } from "./emit-scan.ts";
import type { GraphValue } from "./graph.ts";

/** The loop of small ops that gradients and composites are written with, as a scan; `why` it is no walk. */
export const loopAs =
  (why?: string): Loop =>
  (cell, carry, xs, reverse) => {
    const steps = valuesOf(xs)[0]?.type.shape[0];
    if (steps === undefined) throw new InternalError("a loop has no xs that tell its steps.");
    const carried = givenFrom(carry, ({ shape }) => shape);
    const slices = givenFrom(xs, ({ shape }) => shape.slice(1));
    const step = cell(named(carry, outsOf(carried)), named(xs, outsOf(slices)));
    const next = namesOf(carry).map((name) => valueIn(step.carry, name));
    const outs = emitScan(
      carried,
      slices,
      { next, ys: valuesOf(step.y) },
      { steps, reverse, ...(why && { why }) },
    );
    return { carry: named(carry, outs.carry), ys: named(step.y, outs.ys) };
  };

export const loop: Loop = loopAs();

function namesOf(values: Named): string[] {
  return Object.keys(values).filter((name) => values[name] !== undefined);
}

function valuesOf(values: Named): GraphValue[] {
  return namesOf(values).map((name) => valueIn(values, name));
}

/** Ops see values as types only; whatever they are given or make is of this graph. */
function valueIn(values: Named, name: string): GraphValue {
  return present(values[name]) as GraphValue;
}

/** Other values under the names of `values`, in their order; gaps stay. */
function named<N extends Named>(values: N, others: readonly Value[]): N {
  return Object.fromEntries(namesOf(values).map((name, i) => [name, others[i]])) as N;
}

function givenFrom(values: Named, shapeOf: (type: TensorType) => Shape): Given[] {
  return namesOf(values).map((name) => {
    const value = valueIn(values, name);
    const type = { dtype: value.type.dtype, shape: shapeOf(value.type) };
    return { source: standIn(name, type), value };
  });
}

function outsOf(given: readonly Given[]): GraphValue[] {
  return given.map(({ source }) => source.out);
}
