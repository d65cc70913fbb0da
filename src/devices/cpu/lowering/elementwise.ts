/**
 * Prepares a fused program for the interpreter of wasm/elementwise.ts: which operation each instruction is for its
 * dtypes, and where each register's block lives. Inputs that are read in order are used where they lie; a result is
 * written straight to its output, unless an instruction after it still reads the input that the output overwrites;
 * everything else gets a block of scratch memory, which is free again after its last use, so that what is alive fits
 * into the L1 cache.
 */
import { InternalError } from "../../../errors.ts";
import type { BinaryName, UnaryName } from "../../../ops/scalars.ts";
import {
  type ElementwiseSite,
  floatBits,
  type KernelCall,
  type Operand,
  type Region,
} from "../../../scheduler/lowering.ts";
import type { ElementwiseProgram, Instruction, Register } from "../../../scheduler/program.ts";
import type { DType } from "../../../tensor/dtype.ts";
import { type Shape, sizeOf, stridesOf } from "../../../tensor/shape.ts";
import { type ElementwiseOpName, elementwiseNumbers } from "../elementwise-ops.ts";
import { call, read, readWrite, write } from "./operands.ts";

const CONTIGUOUS = 0;
const SCALAR = 1;
const STRIDED = 2;

/** As in wasm/elementwise.ts: more do not fit into a thread's scratch. */
const MAX_PLACES = 480;

/** What one program of at most this many inputs and outputs may have; see `DeviceTraits`. */
export const MAX_ELEMENTWISE_OPERANDS = 32;

type ByKind = {
  readonly f32: ElementwiseOpName;
  readonly i32?: ElementwiseOpName;
  readonly u32?: ElementwiseOpName;
};
type Choice = ElementwiseOpName | ByKind;

const unaryOps: { readonly [K in UnaryName]: Choice } = {
  neg: { f32: "negF", i32: "negI" },
  abs: { f32: "absF", i32: "absI" },
  sign: { f32: "signF", i32: "signI" },
  exp: "exp",
  log: "log",
  sqrt: "sqrt",
  reciprocal: "reciprocal",
  square: { f32: "squareF", i32: "squareI", u32: "squareI" },
  sin: "sin",
  cos: "cos",
  tanh: "tanh",
  sigmoid: "sigmoid",
  relu: "relu",
  gelu: "gelu",
  erf: "erf",
  softplus: "softplus",
  floor: "floor",
  ceil: "ceil",
  not: "not",
  isFinite: "isFinite",
};

const binaryOps: { readonly [K in BinaryName]: Choice } = {
  add: { f32: "addF", i32: "addI", u32: "addI" },
  sub: { f32: "subF", i32: "subI", u32: "subI" },
  mul: { f32: "mulF", i32: "mulI", u32: "mulI" },
  div: { f32: "divF", i32: "divI", u32: "divU" },
  pow: "pow",
  max: { f32: "maxF", i32: "maxI", u32: "maxU" },
  min: { f32: "minF", i32: "minI", u32: "minU" },
  less: { f32: "lessF", i32: "lessI", u32: "lessU" },
  lessEqual: { f32: "lessEqualF", i32: "lessEqualI", u32: "lessEqualU" },
  greater: { f32: "greaterF", i32: "greaterI", u32: "greaterU" },
  greaterEqual: { f32: "greaterEqualF", i32: "greaterEqualI", u32: "greaterEqualU" },
  equal: { f32: "equalF", i32: "equalI", u32: "equalI" },
  notEqual: { f32: "notEqualF", i32: "notEqualI", u32: "notEqualI" },
  and: "and",
  or: "or",
};

function choose(choice: Choice, dtype: DType): ElementwiseOpName {
  if (typeof choice === "string") return choice;
  const found = dtype === "f32" ? choice.f32 : dtype === "i32" ? choice.i32 : choice.u32;
  if (found === undefined) throw new InternalError(`cpu: ${choice.f32} has no form for ${dtype}.`);
  return found;
}

function castOp(from: DType, to: DType): ElementwiseOpName {
  if (from === to) return "copy";
  if (to === "bool") return from === "f32" ? "floatToBool" : "intToBool";
  if (from === "bool") return to === "f32" ? "boolToFloat" : "intToBool";
  if (to === "f32") return from === "i32" ? "intToFloat" : "uintToFloat";
  if (from !== "f32") return "copy";
  return to === "i32" ? "floatToInt" : "floatToUint";
}

/** An operation on registers, for the dtypes it has. */
interface Operation {
  readonly op: ElementwiseOpName;
  readonly result: Register;
  readonly arguments: readonly Register[];
}

function operationOf(
  instruction: Instruction,
  result: Register,
  dtypeOf: (register: Register) => DType,
): Operation | undefined {
  switch (instruction.kind) {
    case "input":
    case "literal":
      return undefined;
    case "unary": {
      const { fn, x } = instruction;
      return { op: choose(unaryOps[fn], dtypeOf(x)), result, arguments: [x] };
    }
    case "binary": {
      const { fn, a, b } = instruction;
      return { op: choose(binaryOps[fn], dtypeOf(a)), result, arguments: [a, b] };
    }
    case "where": {
      const { condition, a, b } = instruction;
      return { op: "where", result, arguments: [condition, a, b] };
    }
    case "cast":
      return {
        op: castOp(dtypeOf(instruction.x), instruction.dtype),
        result,
        arguments: [instruction.x],
      };
    default:
      return instruction satisfies never;
  }
}

/** Operations of `program`, with results that are inputs or literals copied to registers of their own. */
function operationsOf(program: ElementwiseProgram): {
  operations: Operation[];
  outputs: Register[];
} {
  const { instructions } = program;
  const dtypeOf = (register: Register) => instructions[register]?.dtype ?? "f32";
  const computed = instructions.flatMap(
    (instruction, result) => operationOf(instruction, result, dtypeOf) ?? [],
  );
  const isComputed = new Set(computed.map(({ result }) => result));
  const copies: Operation[] = [];
  const outputs = program.outputs.map((register, i) => {
    const isFirst = program.outputs.indexOf(register) === i;
    if (isComputed.has(register) && isFirst) return register;
    const result = instructions.length + i;
    copies.push({ op: "copy", result, arguments: [register] });
    return result;
  });
  // Copies of inputs come first, before an output is written over them; those of results need the results.
  const early = copies.filter(({ arguments: [x = 0] }) => !isComputed.has(x));
  const late = copies.filter(({ arguments: [x = 0] }) => isComputed.has(x));
  return { operations: [...early, ...computed, ...late], outputs };
}

function modeOf(strides: readonly number[], shape: Shape): number {
  if (strides.every((stride, d) => stride === 0 || shape[d] === 1)) return SCALAR;
  const contiguous = stridesOf(shape);
  const isContiguous = strides.every((stride, d) => stride === contiguous[d] || shape[d] === 1);
  return isContiguous ? CONTIGUOUS : STRIDED;
}

function sameRegion(a: Region, b: Region): boolean {
  return a.buffer === b.buffer && a.offset === b.offset;
}

/** Gives places: fixed ones to whatever lives as long as the loop, and a few in turn to what comes between. */
class Places {
  count = 0;
  readonly #of = new Map<Register, number>();
  readonly #free: number[] = [];

  get(register: Register): number {
    return this.#of.get(register) ?? 0;
  }
  fix(register: Register): number {
    const place = this.count++;
    this.#of.set(register, place);
    return place;
  }
  take(register: Register): void {
    this.#of.set(register, this.#free.pop() ?? this.count++);
  }
  free(register: Register): void {
    const place = this.#of.get(register);
    if (place !== undefined) this.#free.push(place);
  }
}

export function lowerElementwise({ program, ins, outs }: ElementwiseSite): KernelCall[] {
  const count = sizeOf(program.shape);
  if (count === 0) return [];
  // A vector or a scalar is a row.
  const shape = program.shape.length === 0 ? [1] : program.shape;
  const { operations, outputs } = operationsOf(program);
  const { operands, inputOperands, outputOperands } = operandsOf(ins, outs);
  const places = new Places();

  const inputWords: number[] = [];
  const constantWords: number[] = [];
  program.instructions.forEach((instruction, register) => {
    if (instruction.kind === "literal") {
      constantWords.push(places.fix(register), literalBits(instruction.value, instruction.dtype));
    } else if (instruction.kind === "input") {
      const strides = program.inputStrides[instruction.input] ?? [];
      const own = strides.length === 0 ? [0] : strides;
      const operand = inputOperands[instruction.input] ?? 0;
      inputWords.push(operand, modeOf(own, shape), places.fix(register), ...own);
    }
  });

  const lastUse = new Map<Register, number>();
  operations.forEach((operation, i) => {
    for (const argument of operation.arguments) lastUse.set(argument, i);
  });
  const isDirect = outputs.map((register, i) =>
    writesDirectly(program, operations, register, outs[i], ins),
  );
  outputs.forEach((register) => {
    places.fix(register);
  });

  const computed = new Set(operations.map(({ result }) => result));
  const kept = new Set(outputs);
  const instructionWords = operations.flatMap(({ op, result, arguments: given }, i) => {
    const [a = 0, b = a, c = a] = given;
    const from = [places.get(a), places.get(b), places.get(c)];
    for (const argument of new Set(given)) {
      if (lastUse.get(argument) === i && computed.has(argument) && !kept.has(argument)) {
        places.free(argument);
      }
    }
    if (!kept.has(result)) places.take(result);
    return [elementwiseNumbers.get(op) ?? -1, places.get(result), ...from];
  });
  const outputWords = outputs.flatMap((register, i) => [
    outputOperands[i] ?? 0,
    places.get(register),
    isDirect[i] ? 1 : 0,
  ]);
  if (places.count > MAX_PLACES) {
    throw new InternalError(`cpu: a fused program needs ${places.count} blocks at a time.`);
  }

  const inputCount = inputWords.length / (3 + shape.length);
  const header = [count, shape.length, inputCount, constantWords.length / 2];
  return [
    call("elementwise", operands, [
      ...header,
      operations.length,
      outputs.length,
      places.count,
      ...shape,
      ...inputWords,
      ...constantWords,
      ...instructionWords,
      ...outputWords,
    ]),
  ];
}

function operandsOf(ins: readonly Region[], outs: readonly Region[]) {
  const operands: Operand[] = [];
  const inputOperands = ins.map((region) => {
    const isOverwritten = outs.some((out) => sameRegion(out, region));
    const known = operands.findIndex((operand) => sameRegion(operand.region, region));
    if (known >= 0) return known;
    return operands.push(isOverwritten ? readWrite(region) : read(region)) - 1;
  });
  const outputOperands = outs.map((region) => {
    const known = operands.findIndex((operand) => sameRegion(operand.region, region));
    return known >= 0 ? known : operands.push(write(region)) - 1;
  });
  return { operands, inputOperands, outputOperands };
}

/** Whether the operation that computes `register` may write to `out`: nothing after it reads what `out` overwrites. */
function writesDirectly(
  program: ElementwiseProgram,
  operations: readonly Operation[],
  register: Register,
  out: Region | undefined,
  ins: readonly Region[],
): boolean {
  const at = operations.findIndex(({ result }) => result === register);
  const isOverwritten = (argument: Register) => {
    const instruction = program.instructions[argument];
    if (instruction?.kind !== "input" || out === undefined) return false;
    const region = ins[instruction.input];
    return region !== undefined && sameRegion(region, out);
  };
  return operations.slice(at + 1).every((operation) => !operation.arguments.some(isOverwritten));
}

function literalBits(value: number, dtype: DType): number {
  if (dtype === "f32") return floatBits(value);
  return dtype === "bool" ? (value === 0 ? 0 : 1) : value >>> 0;
}
