/**
 * What the scheduler asks of a device: how each op becomes calls of that device's kernels. A device hands its
 * tables to the scheduler, so that a plan can be made for a device that is not there.
 */
import type { GraphValue, OpNode } from "../graph/graph.ts";
import type {
  AttentionOp,
  Attrs,
  ByInput,
  ByOutput,
  KernelOp,
  OpName,
  WalkOp,
} from "../ops/vocabulary.ts";
import type { TensorType } from "../tensor/shape.ts";
import type { GroupProgram } from "./group-program.ts";

/** A contiguous range of a buffer that holds one tensor. */
export interface Region {
  /** Which of the plan's buffers; equal numbers are the same memory. */
  readonly buffer: number;
  /** Elements from the buffer's start; a multiple of the device's `viewAlignment`. */
  readonly offset: number;
  readonly type: TensorType;
  /** In the body of a loop: what the offset grows by from a step of the loop to the next; 0 where it is missing. */
  readonly perStep?: number;
}

/** Whether both are the same memory, in every step of a loop. */
export function sameRegion(a: Region, b: Region): boolean {
  return a.buffer === b.buffer && a.offset === b.offset && a.perStep === b.perStep;
}

export type Access = "read" | "write" | "readwrite";

export interface Operand {
  readonly region: Region;
  readonly access: Access;
}

/**
 * One call of one kernel, as plain data.
 * webgpu: `kernel` is the shader's path, `constants` specialise it (text is WGSL code), `words` are its parameters,
 * `grid` the workgroups. cpu: `kernel` is a name of the kernel table, `words` its arguments behind the operands;
 * constants are empty and the grid is [1, 1, 1].
 */
export interface KernelCall {
  readonly kernel: string;
  readonly constants: Readonly<Record<string, number | string>>;
  /** In the order of the kernel's bindings. A buffer that is read and written appears once, as `readwrite`. */
  readonly operands: readonly Operand[];
  /** 32-bit words; floats are given by their bits (see `floatBits`). */
  readonly words: readonly number[];
  /** In the body of a loop: what each word grows by from a step of the loop to the next; missing where none does. */
  readonly perStep?: readonly number[];
  readonly grid: readonly [number, number, number];
}

/** A call on the reference kernels, for a step that the device has no kernel for. */
export interface FallbackCall {
  readonly kernel: "fallback";
  readonly op: KernelOp;
  readonly attrs: unknown;
  /** Inputs, then outputs, in the order of the op's declaration; `many` flattened, absent `optional` left out. */
  readonly operands: readonly Operand[];
  readonly presentInputs: Readonly<Record<string, number>>;
  readonly presentOutputs: Readonly<Record<string, number>>;
  readonly why: string;
}

export function isFallback(call: KernelCall | FallbackCall): call is FallbackCall {
  return "op" in call;
}

/** What a kernel does with the elements of its result before it stores them. */
export interface Epilogue<T = Region> {
  /** Without reductions, over the elements of the result in their order, of which each of its stores has one for each. */
  readonly program: GroupProgram;
  /** What its inputs read; undefined is the result itself, which is stored nowhere. */
  readonly ins: readonly (T | undefined)[];
  /** Where its stores but the first go; that one goes to where the op's result would. */
  readonly more: readonly T[];
}

/** Where an op is lowered. For ops that overwrite, outputs and inputs are the same regions already. */
export interface Site<K extends OpName> {
  readonly ins: ByInput<K, Region>;
  readonly outs: ByOutput<K, Region>;
  readonly attrs: Attrs<K>;
  /** Only ever set where `hosts` is true; what it stores goes to `out`. */
  readonly epilogue: Epilogue | undefined;
  /** Where the sums of the right operand's columns go, one for each; only ever set where `sumsColumns` is true. */
  readonly columnSums: Region | undefined;
  /** Memory that only this op's calls use. */
  scratch(type: TensorType): Region;
}

/** Ops whose kernels may take an epilogue. */
export type HostOp =
  | "matmul"
  | "conv2d"
  | "conv2dInputGrad"
  | "maxPool2d"
  | "maxPool2dGrad"
  | "avgPool2d"
  | "avgPool2dGrad";

/** Products over rows, whose kernels may add up the columns of their right operand on the way. */
export type ColumnSumOp = "matmul" | "conv2dFilterGrad";

/** Elementwise ops reach a device only in groups; views that need no kernel, and loops, never do. */
export type ElementwiseOp =
  | "unary"
  | "binary"
  | "where"
  | "cast"
  | "literal"
  | "stopGradient"
  | "withGradient"
  | "recompute"
  | "reshape"
  | "pack";
export type LoweredOp = Exclude<KernelOp, ElementwiseOp>;

export type Lower<K extends OpName> = (site: Site<K>) => readonly KernelCall[];

/** Where a group of fused ops is lowered. */
export interface GroupSite {
  readonly program: GroupProgram;
  readonly ins: readonly Region[];
  /** One may be the very region of an input that is read with the same view: it is then updated in place. */
  readonly outs: readonly Region[];
  /** Memory that only these calls use. */
  scratch(type: TensorType): Region;
}

/** How a device runs groups. */
export interface GroupKernels {
  /**
   * Inputs and outputs that a program of several rows may have together, where that is more than
   * `maxElementwiseOperands`: `takes` knows how many of them each of its calls needs.
   */
  readonly maxOperands?: number;
  /** Whether programs may store sums over their rows. */
  readonly sumsRows?: true;
  /** Whether an input's view may reach beyond its region: pads are then read where they lie. */
  readonly readsBeyond?: true;
  /**
   * Whether it gains by running all of `program` as one piece of work: asked before work is joined that reads rows
   * again behind a reduction of them, or reduces them once more.
   */
  takes(program: GroupProgram): boolean;
  lower(site: GroupSite): readonly KernelCall[];
}

/** The weights of the states below, [U, U · inputs], and forwards the biases, [U · inputs]. */
export interface FromBelow<T = Region> {
  readonly input: T;
  readonly bias: T | undefined;
}

/** A layer of those that are walked together, with a T for each of its tensors. */
export interface WalkLayer<K extends WalkOp, T = Region> {
  readonly site: {
    readonly ins: ByInput<K, T>;
    readonly outs: ByOutput<K, T>;
    readonly attrs: Attrs<K>;
  };
  /**
   * Of a layer that stands on the one before it. It has no `projected`, and the layer below no gradient from it: the walk
   * makes those products.
   */
  readonly below?: FromBelow<T>;
}

/** Layers of one cell and size, with the same lengths: side by side, or one above the other, the lowest first. */
export type WalkLayers<K extends WalkOp = WalkOp, T = Region> = readonly WalkLayer<K, T>[];

/** How a device walks cells through sequences. */
export interface CellWalks {
  /** Whether it has a walk for the cell and these sizes; where not, the loop that the op means takes its place. */
  takes(node: OpNode<WalkOp>): boolean;
  readonly lower: { readonly [K in WalkOp]: Lower<K> };
  /** Several layers in one walk; left out where the device never gains by that. */
  readonly together?: {
    gains(op: WalkOp, layers: WalkLayers<WalkOp, GraphValue>): boolean;
    /** What is written of all layers lies side by side, output by output; and so does what is overwritten. */
    readonly lower: {
      readonly [K in WalkOp]: (
        layers: WalkLayers<K>,
        scratch: (type: TensorType) => Region,
      ) => readonly KernelCall[];
    };
  };
}

/** How a device attends without keeping what each query pays to each key. */
export interface AttentionKernels {
  /**
   * Whether it has kernels for these sizes and gains by them, also where gradients make again what was not stored
   * (`isTrained`); where not, the products that the op means take its place.
   */
  takes(node: OpNode<AttentionOp>, isTrained: boolean): boolean;
  readonly lower: { readonly [K in AttentionOp]: Lower<K> };
}

/** Everything that the scheduler has to know about a device. */
export interface DeviceTraits {
  readonly name: string;
  /** Views and packed tensors start at multiples of this many elements. */
  readonly viewAlignment: number;
  /** Inputs and outputs that one elementwise program may have together. */
  readonly maxElementwiseOperands: number;
  /**
   * The largest tensor that a kernel can reach, in bytes. Elementwise work and copies on larger ones are done in parts, and
   * so are ops that `divides` says so of; others run on the fallback where there is one, and are refused where there is not.
   */
  readonly maxRegionBytes: number;
  divides?(node: OpNode<KernelOp>): boolean;
  readonly hasFallback?: boolean;
  readonly lower: { readonly [K in LoweredOp]: Lower<K> | { readonly fallback: string } };
  /** Left out where cells are always loops. */
  readonly walks?: CellWalks;
  /** Left out where attention is always made of products. */
  readonly attention?: AttentionKernels;
  readonly groups: GroupKernels;
  /** Whether the kernel for an op takes an epilogue, and gains by it; none does if left out. */
  hosts?(node: OpNode<HostOp>, epilogue: Epilogue<GraphValue>): boolean;
  /** Whether the kernel for a product also makes the sums of its right operand's columns; nowhere if left out. */
  sumsColumns?(node: OpNode<ColumnSumOp>): boolean;
  /** Copies `from` to `to`, both of the same size. */
  copy(from: Region, to: Region): readonly KernelCall[];
  /**
   * In the body of a loop: copies the present step's part of `whole`, [steps, ...slice], to `slice`, or back, `first` is
   * that of the loop's step 0: where a part may begin between multiples of `viewAlignment`; the call's words vary with the step. Left out where any
   * element is such a multiple.
   */
  copyStep?(
    whole: Region,
    slice: Region,
    direction: "toSlice" | "toWhole",
    first: number,
  ): readonly KernelCall[];
}

/** The 32 bits of an f32, for `KernelCall.words`. */
export function floatBits(value: number): number {
  scratchFloat[0] = value;
  return scratchWord[0] ?? 0;
}
const scratchFloat = new Float32Array(1);
const scratchWord = new Uint32Array(scratchFloat.buffer);
