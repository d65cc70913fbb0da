/** The checks that ops share. Each throws `<op>: <rule>; got <values>. <remedy>`. */
import { shown } from "../arguments.ts";
import { ArgumentError, DTypeError, InternalError, ShapeError } from "../errors.ts";
import type { DType } from "../tensor/dtype.ts";
import { checkedShape, describe, type Shape, sameShape, type TensorType } from "../tensor/shape.ts";

/** The text of every error that an op throws. */
export function complaint(op: string, rule: string, got: string, remedy: string): string {
  return `${op}: ${rule}; got ${got}. ${remedy}`;
}

/** `a f32[2, 3], b f32[4]`: how a message lists what an op was given. */
export function listTypes(types: Readonly<Record<string, TensorType>>): string {
  return Object.entries(types)
    .map(([name, type]) => `${name} ${describe(type)}`)
    .join(", ");
}

export function checkDType(
  op: string,
  name: string,
  type: TensorType,
  allowed: readonly DType[],
  remedy = `Cast it first: cast(${name}, "${allowed[0] ?? "f32"}").`,
): void {
  if (allowed.includes(type.dtype)) return;
  throw new DTypeError(
    complaint(op, `${name} must be ${allowed.join(" or ")}`, describe(type), remedy),
  );
}

/** Both operands must have one dtype: gradgpu never converts by itself. */
export function checkSameDType(op: string, a: TensorType, b: TensorType): void {
  if (a.dtype === b.dtype) return;
  const remedy = `Cast one of them, for example cast(b, "${a.dtype}").`;
  throw new DTypeError(
    complaint(op, "a and b must have the same dtype", listTypes({ a, b }), remedy),
  );
}

export function checkRank(
  op: string,
  name: string,
  type: TensorType,
  rank: number,
  layout: string,
): void {
  if (type.shape.length === rank) return;
  throw new ShapeError(
    complaint(op, `${name} must have ${rank} dimensions`, describe(type), `It is ${layout}.`),
  );
}

/** `type` must have exactly `shape`; `meaning` says where that shape comes from. */
export function checkShape(
  op: string,
  name: string,
  type: TensorType,
  shape: Shape,
  meaning: string,
): void {
  if (sameShape(type.shape, shape)) return;
  throw new ShapeError(
    complaint(op, `${name} must have shape [${shape.join(", ")}]`, describe(type), meaning),
  );
}

export function checkAxis(op: string, axis: number, type: TensorType): void {
  const rank = type.shape.length;
  if (Number.isInteger(axis) && axis >= 0 && axis < rank) return;
  const remedy =
    rank === 0 ? "A scalar has no axis to choose." : `Choose an axis from 0 to ${rank - 1}.`;
  throw new ArgumentError(
    complaint(
      op,
      "an axis must be one of the input's dimensions",
      `axis ${axis} for ${describe(type)}`,
      remedy,
    ),
  );
}

/** Sizes must be whole numbers, 0 or more. */
export function checkSizes(op: string, name: string, shape: Shape): void {
  checkedShape(op, shape, name);
}

/** A number that is an option of an op must satisfy `holds`. */
export function checkOption(
  op: string,
  name: string,
  value: number,
  holds: boolean,
  rule: string,
): void {
  if (holds) return;
  throw new ArgumentError(
    complaint(op, `${name} must be ${rule}`, `${name} ${shown(value)}`, `Choose another ${name}.`),
  );
}

/** The cotangent of an op's only output: autodiff calls a vjp only where one is defined. */
export function given<T>(cotangent: T | undefined): T {
  if (cotangent === undefined) throw new InternalError("A vjp was asked for without a cotangent.");
  return cotangent;
}
