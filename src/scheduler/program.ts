/**
 * A fused elementwise program: what the scheduler makes of a chain of unary, binary, where and cast ops.
 * Straight-line code over registers; register r is the result of instruction r. Every instruction is applied to
 * each element of `shape`. A webgpu lowering prints it as WGSL, the cpu device emits it as WebAssembly.
 */
import type { BinaryName, UnaryName } from "../ops/scalars.ts";
import type { DType } from "../tensor/dtype.ts";
import type { Shape } from "../tensor/shape.ts";

export type Register = number;

export type Instruction =
  /** Element of input `input`, read with that input's strides. */
  | { readonly kind: "input"; readonly input: number; readonly dtype: DType }
  | { readonly kind: "literal"; readonly value: number; readonly dtype: DType }
  /** `argument` dtype is that of register `x`; `dtype` is the result's. */
  | { readonly kind: "unary"; readonly fn: UnaryName; readonly x: Register; readonly dtype: DType }
  /** `a` and `b` have one dtype. */
  | {
      readonly kind: "binary";
      readonly fn: BinaryName;
      readonly a: Register;
      readonly b: Register;
      readonly dtype: DType;
    }
  | {
      readonly kind: "where";
      readonly condition: Register;
      readonly a: Register;
      readonly b: Register;
      readonly dtype: DType;
    }
  | { readonly kind: "cast"; readonly x: Register; readonly dtype: DType };

export interface ElementwiseProgram {
  /** Shape of every output, with neighbouring dimensions merged where all inputs allow it. */
  readonly shape: Shape;
  /** For each input the elements between neighbours along each dimension of `shape`; 0 where it is broadcast. */
  readonly inputStrides: readonly (readonly number[])[];
  readonly instructions: readonly Instruction[];
  /** The register that each output is written from. */
  readonly outputs: readonly Register[];
}
