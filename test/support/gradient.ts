/**
 * Reverse mode over ops that are computed at once by the float64 reference: small enough to read in one sitting, and
 * independent of src/autodiff, so that an op's vjp is tested by itself.
 */
import { backward } from "../../src/autodiff/backward.ts";
import { differentiatedCell } from "../../src/autodiff/cell-gradient.ts";
import type { ReferenceTensor } from "../../src/devices/reference/kernel.ts";
import { arithmetic } from "../../src/ops/arithmetic.ts";
import type { CellBody, CellGradient } from "../../src/ops/cells/body.ts";
import type { Cotangent, Emit, Loop, Named, Value } from "../../src/ops/op.ts";
import { ops } from "../../src/ops/table.ts";
import { vjps } from "../../src/ops/vjps.ts";
import type { Attrs, ByInput, ByOutput, OpName } from "../../src/ops/vocabulary.ts";
import { type ByName, evaluate, flatten, mapHeld, mapInputs } from "./case-data.ts";

/** An op that was computed. */
interface Entry {
  readonly op: OpName;
  readonly ins: ByName<Value>;
  readonly outs: ByName<Value>;
  readonly attrs: unknown;
}

/** An emit that computes at once and remembers what it did. */
export class Eager {
  readonly tape: Entry[] = [];
  readonly #tensors = new Map<Value, ReferenceTensor>();

  /** A value that nothing computed. */
  leaf(tensor: ReferenceTensor): Value {
    const value: Value = { type: tensor.type };
    this.#tensors.set(value, tensor);
    return value;
  }

  tensor(value: Value): ReferenceTensor {
    const tensor = this.#tensors.get(value);
    if (tensor === undefined) throw new Error("a value of another session");
    return tensor;
  }

  readonly emit: Emit = (op, ins, attrs) => this.#compute(op, ins, attrs);

  /** A step after the other. */
  readonly loop: Loop = (cell, carry, xs, reverse) => {
    const m = arithmetic(this.emit);
    const steps = Object.values(xs as Named).find(Boolean)?.type.shape[0] ?? 0;
    const ys: Record<string, Value[]> = {};
    let state = carry;
    for (let i = 0; i < steps; i++) {
      const t = reverse ? steps - 1 - i : i;
      const step = cell(
        state,
        mapNamed(xs, (x) => {
          const [, ...rest] = x.type.shape;
          return m.reshape(m.slice(x, [t, ...rest.map(() => 0)], [1, ...rest]), rest);
        }),
      );
      state = step.carry;
      mapNamed(step.y, (y, name) => {
        const stacked = ys[name] ?? [];
        ys[name] = stacked;
        stacked[t] = m.reshape(y, [1, ...y.type.shape]);
        return y;
      });
    }
    const all = Object.entries(ys).map(([name, parts]) => [
      name,
      this.emit("concat", { xs: parts }, { axis: 0 }).out,
    ]);
    // The names are those of the cell's y.
    return { carry: state, ys: Object.fromEntries(all) };
  };

  #compute<K extends OpName>(op: K, ins: ByInput<K, Value>, attrs: Attrs<K>): ByOutput<K, Value> {
    const tensors = mapInputs<K, Value, ReferenceTensor>(ins, (value) => this.tensor(value));
    const computed = evaluate(op, tensors, attrs) as unknown as ByName<ReferenceTensor>;
    const outs = Object.fromEntries(
      Object.entries(computed).map(([name, held]) => [
        name,
        mapHeld(held, (tensor) => this.leaf(tensor)),
      ]),
    );
    this.tape.push({ op, ins: ins as unknown as ByName<Value>, outs, attrs });
    // By construction a value for every output of K.
    return outs as unknown as ByOutput<K, Value>;
  }
}

function mapNamed<N extends Named>(values: N, change: (value: Value, name: string) => Value): N {
  const entries: [string, Value | undefined][] = Object.entries(values);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, value && change(value, name)]),
  ) as N; // under the same names
}

/** The cotangents of the inputs of one op; those of its composite where it has no vjp of its own, a loop unrolled. */
export function pullback(
  session: Eager,
  { op, ins, outs, attrs }: Entry,
  cotangents: ByName<Value | undefined>,
): ByName<Cotangent> {
  const { composite } = ops[op];
  const vjp = vjps[op];
  if (typeof vjp === "function") {
    // `vjp` is the one of `op`, which the table's type no longer says once indexed by a union.
    const run = vjp as (
      emit: Emit,
      at: unknown,
      loop: Loop,
      gradientOf: (cell: CellBody) => CellGradient,
    ) => ByName<Cotangent>;
    const gradientOf = (cell: CellBody) => differentiatedCell(cell, backward);
    return run(session.emit, { ins, outs, cotangents, attrs }, session.loop, gradientOf);
  }
  if (composite === undefined) throw new Error(`${op}: ${vjp}, but has no composite`);
  // Renamed, so that an input that is given twice gets two gradients.
  const renamed = Object.fromEntries(
    Object.entries(ins).map(([name, held]) => [
      name,
      mapHeld(held, (x) => session.emit("reshape", { x }, { shape: x.type.shape }).out),
    ]),
  );
  const start = session.tape.length;
  const run = composite as (emit: Emit, ins: unknown, attrs: unknown, loop: Loop) => unknown;
  const inner = run(session.emit, renamed, attrs, session.loop) as ByName<Value>;
  const seeds = Object.entries(inner).flatMap(([name, held]) => {
    const given = flatten(cotangents[name]);
    return flatten(held).map((value, i) => [value, given[i]] as const);
  });
  const gradients = accumulate(session, session.tape.slice(start), seeds);
  return Object.fromEntries(
    Object.entries(renamed).map(([name, held]) => [name, mapHeld(held, (x) => gradients.get(x))]),
  );
}

/** Adds up the gradients of everything that `entries` computed from, given those of their results. */
function accumulate(
  session: Eager,
  entries: readonly Entry[],
  seeds: readonly (readonly [Value, Value | undefined])[],
): Map<Value, Value> {
  const gradients = new Map<Value, Value>();
  const add = (value: Value, g: Value) => {
    const before = gradients.get(value);
    const sum = before && session.emit("binary", { a: before, b: g }, { fn: "add" }).out;
    gradients.set(value, sum ?? g);
  };
  for (const [value, g] of seeds) if (g !== undefined) add(value, g);
  for (const entry of entries.toReversed()) {
    const cotangents = Object.fromEntries(
      Object.entries(entry.outs).map(([name, held]) => [
        name,
        mapHeld(held, (value) => gradients.get(value)),
      ]),
    );
    if (!Object.values(cotangents).some((held) => flatten(held).some(Boolean))) continue;
    const pulled = pullback(session, entry, cotangents);
    for (const [name, held] of Object.entries(entry.ins)) {
      const given = flatten(pulled[name]);
      flatten(held).forEach((value, i) => {
        const g = given[i];
        if (g === undefined || "notDifferentiable" in g || value.type.dtype !== "f32") return;
        add(value, g);
      });
    }
  }
  return gradients;
}

/** Σ seed · ∂result/∂x for each of `of`, as values that can be differentiated again; undefined where it is zero. */
export function gradients(
  session: Eager,
  results: readonly (readonly [result: Value, seed: Value | undefined])[],
  of: readonly Value[],
): (Value | undefined)[] {
  const all = accumulate(session, [...session.tape], results);
  return of.map((value) => all.get(value));
}
