import type { TensorType } from "../tensor/shape.ts";
import type { FallbackCall, KernelCall } from "./lowering.ts";

/**
 * A buffer of a plan. `temporary` buffers belong to the program and share slots by lifetime; `binding` buffers
 * are handed in at every run (inputs, variables, outputs).
 */
export interface PlanBuffer {
  readonly bytes: number;
  readonly kind: "temporary" | "binding";
  /** temporary: index into `slots`; binding: index into the storages given to `run`. */
  readonly place: number;
  /** First and last step that touches it. */
  readonly lifetime: readonly [first: number, last: number];
}

export interface Step {
  readonly call: KernelCall | FallbackCall;
  /** What the user would recognise: op names, fused ones joined by " + ". */
  readonly label: string;
  /** Why this kernel, this placement or this copy. */
  readonly why: string;
  /** Steps that share no data with those since the last barrier may run at the same time. */
  readonly barrierBefore: boolean;
}

export interface BindingInfo {
  readonly kind: "input" | "variable" | "constant" | "output";
  readonly bytes: number;
  readonly name: string;
}

/** Where a result is found after a run. */
export interface Result {
  readonly binding: number;
  /** Elements from the start of the bound storage. */
  readonly offset: number;
  readonly type: TensorType;
}

/** The contract between the scheduler and every device: plain data, printable, comparable. */
export interface Plan {
  readonly device: string;
  readonly steps: readonly Step[];
  readonly buffers: readonly PlanBuffer[];
  /** Sizes in bytes of the memory behind the temporary buffers. */
  readonly slots: readonly number[];
  readonly bindings: readonly BindingInfo[];
  readonly results: readonly Result[];
  /** Bytes of temporaries if no two shared memory, and the most that live at one step: no plan can need less. */
  readonly memory: {
    readonly peakBytes: number;
    readonly lowerBoundBytes: number;
    readonly unsharedBytes: number;
  };
}
