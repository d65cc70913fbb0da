/** What a case is run on and what it must give. Free of the test runner, so that it also works inside a page. */

import { evaluateReference, referenceTensor } from "../../src/devices/reference/evaluate.ts";
import type { Precision, ReferenceTensor } from "../../src/devices/reference/kernel.ts";
import type { Attrs, ByInput, ByOutput, OpName } from "../../src/ops/vocabulary.ts";
import { type HostArray, hostArray } from "../../src/tensor/dtype.ts";
import { type Key, keyOf, words } from "../../src/tensor/random.ts";
import { sizeOf, type TensorType } from "../../src/tensor/shape.ts";
import type { Case, InputSpec } from "../cases/case.ts";

/** What a named input or output holds, by name: ByInput and ByOutput with the op's name forgotten. */
export type Held<T> = T | readonly T[] | undefined;
export type ByName<T> = Readonly<Record<string, Held<T>>>;

export function flatten<T>(held: Held<T>): readonly T[] {
  if (held === undefined) return [];
  // Array.isArray does not narrow readonly arrays.
  return Array.isArray(held) ? held : [held as T];
}

export function mapHeld<A, B>(held: Held<A>, change: (a: A, i: number) => B): Held<B> {
  if (held === undefined) return undefined;
  return Array.isArray(held) ? held.map(change) : change(held as A, 0);
}

export function mapInputs<K extends OpName, A, B>(
  ins: ByInput<K, A>,
  change: (a: A, name: string, i: number) => B,
): ByInput<K, B> {
  // A mapped type over an open K is not known to be a record by name, which it is for every K.
  const entries = Object.entries(ins as unknown as ByName<A>).map(([name, held]) => [
    name,
    mapHeld(held, (a, i) => change(a, name, i)),
  ]);
  return Object.fromEntries(entries) as unknown as ByInput<K, B>;
}

/** A key that only a text decides (FNV-1a, 32 bits). */
export function keyFrom(text: string): Key {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
  }
  return keyOf(hash);
}

/** Numbers of `type` in [low, high): floats that f32 holds exactly, or whole numbers. */
export function drawTensor(
  type: TensorType,
  key: Key,
  range: readonly [low: number, high: number] = type.dtype === "bool" ? [0, 2] : [-1, 1],
): ReferenceTensor {
  const [low, high] = range;
  const tensor = referenceTensor(type, "f64");
  const bits = words(key, 0, sizeOf(type.shape));
  for (let i = 0; i < bits.length; i++) {
    const x = low + (high - low) * ((bits[i] ?? 0) >>> 8) * 2 ** -24;
    tensor.data[i] = type.dtype === "f32" ? Math.fround(x) : Math.floor(x);
  }
  return tensor;
}

function inputTensor(spec: InputSpec, key: Key): ReferenceTensor {
  const type = { dtype: spec.dtype ?? "f32", shape: spec.shape };
  if (spec.values === undefined) return drawTensor(type, key, spec.range);
  const tensor = referenceTensor(type, "f64");
  if (spec.values.length !== tensor.data.length) {
    throw new Error(`a case gives ${spec.values.length} values for ${tensor.data.length} elements`);
  }
  tensor.data.set(type.dtype === "f32" ? Float32Array.from(spec.values) : spec.values);
  return tensor;
}

/** The inputs of a case, f32 held in float64: values that f32 holds exactly, the same on every call. */
export function caseInputs<K extends OpName>(op: K, of: Case<K>): ByInput<K, ReferenceTensor> {
  return mapInputs<K, InputSpec, ReferenceTensor>(of.ins, (spec, name, i) =>
    inputTensor(spec, keyFrom(`${op}: ${of.name}: ${name} ${i}`)),
  );
}

/** The same values as a device takes them: f32 in a Float32Array. */
export function toHost({ type, data }: ReferenceTensor): { type: TensorType; data: HostArray } {
  const host = hostArray(type.dtype, data.length);
  host.set(data);
  return { type, data: host };
}

/** The outputs of an op by the reference kernels; outputs that overwrite an input get a copy of it first. */
export function evaluate<K extends OpName>(
  op: K,
  ins: ByInput<K, ReferenceTensor>,
  attrs: Attrs<K>,
  precision: Precision = "f64",
): ByOutput<K, ReferenceTensor> {
  return evaluateReference(op, ins, attrs, precision);
}

/** What a case must give: the outputs of the float64 reference. */
export function referenceOutputs<K extends OpName>(
  op: K,
  of: Case<K>,
): ByOutput<K, ReferenceTensor> {
  return evaluate(op, caseInputs(op, of), of.attrs);
}

/** ‖a − b‖ / ‖b‖, or ‖a − b‖ where b is zero. NaN counts as equal to NaN, an infinity to itself. */
export function relativeError(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let difference = 0;
  let norm = 0;
  for (let i = 0; i < b.length; i++) {
    const [x, y] = [a[i] ?? 0, b[i] ?? 0];
    if (Object.is(x, y) || x === y) {
      if (Number.isFinite(y)) norm += y * y;
      continue;
    }
    difference += (x - y) ** 2;
    norm += y * y;
  }
  return Math.sqrt(norm > 0 ? difference / norm : difference);
}
