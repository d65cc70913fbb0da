/** What a case computes: one op, or what a verb is made of. Free of the test runner. */

import type { ReferenceTensor } from "../../src/devices/reference/kernel.ts";
import { Tensor } from "../../src/functions.ts";
import { emitAgain } from "../../src/graph/emit-again.ts";
import type { Cotangent, Emit, Value } from "../../src/ops/op.ts";
import type { ByInput, OpName } from "../../src/ops/vocabulary.ts";
import type { Case, VerbCase } from "../cases/case.ts";
import { type ByName, caseInputs, flatten, mapHeld } from "./case-data.ts";
import { Eager, gradients, pullback } from "./gradient.ts";
import { given } from "./run-graph.ts";

export type AnyCase = Case<OpName> | VerbCase;

export interface Computation {
  /** Of the op or verb. */
  readonly name: string;
  readonly ins: ByName<ReferenceTensor>;
  run(emit: Emit, ins: ByName<Value>): ByName<Value>;
}

/** What `of`, a case of the op or verb called `name`, computes. */
export function computationOf(name: string, of: AnyCase): Computation {
  // A case is listed under the op whose inputs and attributes it has.
  const op = name as OpName;
  const ins = caseInputs(op, of as Case<OpName>) as unknown as ByName<ReferenceTensor>;
  if ("verb" in of) return { name, ins, run: (emit, values) => runVerb(of.verb, emit, values) };
  const run = (emit: Emit, values: ByName<Value>) =>
    emit(op, values as unknown as ByInput<OpName, Value>, of.attrs) as unknown as ByName<Value>;
  return { name, ins, run };
}

/** Its outputs in float64, where some inputs may be others. */
export function outputsOf(
  computation: Computation,
  ins: ByName<ReferenceTensor> = computation.ins,
): ByName<ReferenceTensor> {
  const session = new Eager();
  const leaves = leavesOf(session, ins);
  return mapNames(computation.run(session.emit, leaves), (value) => session.tensor(value));
}

export function leavesOf(session: Eager, ins: ByName<ReferenceTensor>): ByName<Value> {
  return mapNames(ins, (tensor) => session.leaf(tensor));
}

export function mapNames<A, B>(
  held: ByName<A>,
  change: (a: A, name: string, i: number) => B,
): ByName<B> {
  return Object.fromEntries(
    Object.entries(held).map(([name, of]) => [name, mapHeld(of, (a, i) => change(a, name, i))]),
  );
}

/** Traces the verb once and does the same with `emit`. */
export function runVerb(
  verb: VerbCase["verb"],
  emit: Emit,
  ins: ByName<Value>,
): { readonly out: Value } {
  const stands = Object.entries(ins).map(([name, held]) => {
    const [value] = flatten(held);
    if (value === undefined) throw new Error(`a verb was not given its ${name}`);
    return { name, value, source: given(value.type, name) };
  });
  const out = verb(
    Object.fromEntries(stands.map(({ name, source }) => [name, new Tensor(source.out)])),
  );
  const known = new Map(stands.map(({ source, value }) => [source.out, value]));
  const [made] = emitAgain(emit, [out.value], known);
  if (made === undefined) throw new Error("a verb gave nothing");
  return { out: made };
}

/** The gradients of the leaves that all of the session's tape was computed from. */
export function pullBack(
  session: Eager,
  leaves: ByName<Value>,
  outs: ByName<Value>,
  seeds: ByName<Value | undefined>,
): ByName<Cotangent> {
  const [entry, ...more] = session.tape;
  if (entry === undefined) throw new Error("nothing was computed");
  // Of one op the vjp itself is asked, which may say why there is none.
  if (more.length === 0) return pullback(session, entry, seeds);
  const all = Object.entries(outs).flatMap(([name, held]) =>
    flatten(held).map((value, i) => [value, flatten(seeds[name])[i]] as const),
  );
  const values = Object.values(leaves).flatMap((held) => flatten(held));
  const found = gradients(session, all, values);
  const byLeaf = new Map(values.map((value, i) => [value, found[i]]));
  return mapNames(leaves, (x) => byLeaf.get(x));
}
