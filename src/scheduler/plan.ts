import type { TensorType } from "../tensor/shape.ts";
import type { FallbackCall, KernelCall, Operand } from "./lowering.ts";

/**
 * A buffer of a plan. `temporary` buffers belong to the program and share slots by lifetime; `binding` buffers
 * are handed in at every run (inputs, variables, outputs).
 */
export interface PlanBuffer {
  readonly bytes: number;
  readonly kind: "temporary" | "binding";
  /** temporary: index into `slots`; binding: index into the storages given to `run`. */
  readonly place: number;
  /** Elements from the start of its place. */
  readonly offset: number;
  /**
   * First and last call that it must outlive, as `callsOf` counts them: those that touch it, and all of a loop that
   * touches it where something outside of the loop does, too.
   */
  readonly lifetime: readonly [first: number, last: number];
}

interface StepNotes {
  /** What the user would recognise: op names, fused ones joined by " + ". */
  readonly label: string;
  /** Why this kernel, this placement or this copy. */
  readonly why: string;
}

/** A call, or a loop over steps of its own; a loop's step begins when the one before has ended. */
export type LoweredStep = LoweredCall | LoweredLoop;
export interface LoweredCall extends StepNotes {
  readonly kind: "call";
  readonly call: KernelCall | FallbackCall;
}
interface LoweredLoop extends StepNotes {
  readonly kind: "loop";
  readonly count: number;
  /** From step count - 1 to step 0. */
  readonly reverse: boolean;
  readonly body: readonly LoweredStep[];
}

/** Steps that share no data with those since the last barrier may run at the same time. */
interface Barrier {
  readonly barrierBefore: boolean;
}
export type CallStep = LoweredCall & Barrier;
export interface LoopStep extends LoweredLoop, Barrier {
  readonly body: readonly Step[];
}
export type Step = CallStep | LoopStep;

/** Every call of `steps`, those of loops once, in the order in which they stand. */
export function callsOf(steps: readonly Step[]): CallStep[];
export function callsOf(steps: readonly LoweredStep[]): LoweredCall[];
export function callsOf(steps: readonly LoweredStep[]): LoweredCall[] {
  return steps.flatMap((step) => (step.kind === "call" ? [step] : callsOf(step.body)));
}

/** What a step reads and writes; of a loop, all of its body. */
export function operandsOf(step: LoweredStep): readonly Operand[] {
  return step.kind === "call" ? step.call.operands : step.body.flatMap(operandsOf);
}

export interface BindingInfo {
  readonly kind: "input" | "variable" | "constant" | "output";
  readonly bytes: number;
  readonly name: string;
}

/** Where a result is found after a run. */
interface Result {
  readonly binding: number;
  /** Elements from the start of the bound storage. */
  readonly offset: number;
  readonly type: TensorType;
}

/** The contract between the scheduler and every device: plain data, printable, comparable. */
export interface Plan {
  /** The device that it is for. */
  readonly device: string;
  /** Kernel calls, copies and loops, in order. */
  readonly steps: readonly Step[];
  /** What steps read and write, by index. */
  readonly buffers: readonly PlanBuffer[];
  /** Sizes in bytes of the memory behind the temporary buffers. */
  readonly slots: readonly number[];
  /** What is handed in at each run. */
  readonly bindings: readonly BindingInfo[];
  /** What each run gives. */
  readonly results: readonly Result[];
  /** Bytes of its temporaries. */
  readonly memory: PlanMemory;
}

/** Bytes of temporaries: of the slots; the most that live at one call, no plan in this order can need less; and if no two shared. */
export interface PlanMemory {
  readonly peakBytes: number;
  readonly lowerBoundBytes: number;
  readonly unsharedBytes: number;
}
