import { check, isListOf, list, number, rule, shown } from "../arguments.ts";
import { ArgumentError } from "../errors.ts";
import { emit, type GraphValue } from "../graph/graph.ts";
import { checkDType, checkRank, checkSameDType } from "../ops/check.ts";
import { checkBroadcast } from "../ops/elementwise.ts";
import type { Value } from "../ops/op.ts";
import { ops } from "../ops/table.ts";
import type { Arity, Attrs, OpName, Vocabulary } from "../ops/vocabulary.ts";
import { Tensor, Variable } from "../runtime/tensor.ts";
import { checkDTypeName, type DType } from "../tensor/dtype.ts";
import { checkInteger } from "../tensor/host.ts";

/** Ops with one output, which is called `out`. */
export type SingleOutputOp = {
  [K in OpName]: keyof Vocabulary[K]["outputs"] extends "out" ? K : never;
}[OpName];

/** The op's output as a tensor. What is no tensor where one belongs is refused here, and so is a dtype that there is not. */
export function apply<K extends SingleOutputOp>(
  op: K,
  ins: { readonly [I in keyof Vocabulary[K]["inputs"]]: Tensor | readonly Tensor[] | undefined },
  attrs: Attrs<K>,
): Tensor {
  const named: { readonly fn?: string; readonly dtype?: unknown } = attrs;
  const { fn: caller = op } = named;
  if ("dtype" in named) checkDTypeName(caller, named.dtype);
  const arities: Readonly<Record<string, Arity>> = ops[op].inputs;
  const values = Object.entries<unknown>(ins).map(([name, held]) => {
    if (held === undefined && arities[name] === "optional") return [name, undefined];
    if (arities[name] === "many") {
      checkTensorList(caller, held, name);
      return [name, held.map(({ value }) => value)];
    }
    checkTensor(caller, held, name);
    return [name, held.value];
  });
  const outs = emit(op, Object.fromEntries(values), attrs) as { readonly out: Value };
  return wrap(outs.out);
}

/** @throws ArgumentError unless `x` is a tensor, with what to do instead */
export function checkTensor(caller: string, x: unknown, name = "x"): asserts x is Tensor {
  if (x instanceof Tensor) return;
  const remedy =
    x instanceof Promise
      ? "Await it first."
      : typeof x === "object" && x?.constructor?.name === Tensor.name
        ? "It comes from another copy of gradgpu: load the library once."
        : Array.isArray(x) && x[0] instanceof Tensor
          ? "Give tensors one by one, not in a list."
          : "Make one of numbers: tensor([…]).";
  throw new ArgumentError(`${caller}: ${name} must be a tensor; got ${shown(x)}. ${remedy}`);
}

/** That x is a tensor as its layout says, "[N, H, W, C]", of one dtype. @throws ArgumentError, ShapeError, DTypeError */
export function checkInput(
  caller: string,
  name: string,
  x: Tensor,
  layout: string,
  dtype: DType = "f32",
): void {
  checkTensor(caller, x, name);
  checkRank(caller, name, x, layout.split(",").length, layout);
  checkDType(caller, name, x, [dtype]);
}

/** Those of `named` that are given must be tensors. */
export function checkTensors(caller: string, named: Readonly<Record<string, unknown>>): void {
  for (const [name, x] of Object.entries(named)) if (x !== undefined) checkTensor(caller, x, name);
}

/** @throws ArgumentError unless `xs` is a list of tensors */
export function checkTensorList(
  caller: string,
  xs: unknown,
  name = "xs",
): asserts xs is readonly Tensor[] {
  check(caller, name, xs, list, xs instanceof Tensor ? "Put them into one: [a, b]." : undefined);
  for (const [i, x] of (xs as readonly unknown[]).entries())
    checkTensor(caller, x, `${name}[${i}]`);
}

/** Whatever `emit` returns is a graph value: ops see only their types. */
export function wrap(value: Value): Tensor {
  return new Tensor(value as GraphValue);
}

/** What the elementwise functions take: a number stands for a scalar of the other operand's dtype. */
export type Operand = Tensor | number;

/** A number as a scalar of `dtype`; whole where that is an integer type. */
export function literal(value: number, dtype: DType, caller = "literal"): Tensor {
  checkDTypeName(caller, dtype);
  check(caller, "a number beside a tensor", value, number, "Make a tensor of it: tensor([…]).");
  if (dtype === "i32" || dtype === "u32") checkInteger(caller, value, dtype);
  if (dtype === "bool") check(caller, "a number beside a bool tensor", value, bit, BOOL_REMEDY);
  return apply("literal", {}, { value, dtype });
}

const bit = rule("0 or 1", (value) => value === 0 || value === 1);
const BOOL_REMEDY = 'Cast the tensor first: cast(x, "f32").';

/** Both operands as tensors; two numbers are f32. */
export function operands(
  caller: string,
  a: Operand,
  b: Operand,
  names: readonly [string, string] = ["a", "b"],
): [Tensor, Tensor] {
  const dtype = a instanceof Tensor ? a.dtype : b instanceof Tensor ? b.dtype : "f32";
  const asOperand = (x: Operand, name: string) => {
    if (typeof x === "number") return literal(x, dtype, caller);
    checkTensor(caller, x, name);
    return x;
  };
  return [asOperand(a, names[0]), asOperand(b, names[1])];
}

/**
 * Both operands of a composition, which refuses under its own name what the ops that it is made of would under theirs.
 * @throws DTypeError unless both have one dtype, of `takes`; ShapeError where they do not broadcast; ArgumentError
 */
export function operandsOf(
  caller: string,
  left: Operand,
  right: Operand,
  { names = ["a", "b"], takes = ["f32"] }: OperandsOptions = {},
): [Tensor, Tensor] {
  const [a, b] = operands(caller, left, right, names);
  checkDType(caller, names[0], a, takes);
  checkDType(caller, names[1], b, takes);
  checkSameDType(caller, a, b);
  checkBroadcast(caller, { [names[0]]: a, [names[1]]: b });
  return [a, b];
}

interface OperandsOptions {
  /** What the operands are called. ["a", "b"] where nothing is said. */
  readonly names?: readonly [string, string];
  /** f32 where nothing is said. */
  readonly takes?: readonly DType[];
}

/** @throws ArgumentError unless `xs` is a list of variables */
export function checkVariables(caller: string, xs: unknown, name = "parameters"): void {
  check(caller, name, xs, variables, "They are made by variable(), or are model.parameters().");
}

const variables = rule("a list of variables", (value) =>
  isListOf(value, (one) => one instanceof Variable),
);
