/** A plan as a table: a row a call. */
import { check, isRecord, rule } from "../arguments.ts";
import { bytesOf, type TensorType } from "../tensor/shape.ts";
import { isFallback, type Operand } from "./lowering.ts";
import type { CallStep, Plan, Step } from "./plan.ts";

/** A call of a plan: one kernel, on the device. */
export interface PlanRow {
  /** Its place among the plan's calls, from 0. */
  readonly index: number;
  /** What it computes, as a user would recognise it: "matmul + add + relu". */
  readonly label: string;
  /** The same, op by op: more than one where they are fused. */
  readonly ops: readonly string[];
  /** Why this kernel, this placement or this copy; on the fallback, why there is no kernel. */
  readonly why: string;
  /** The kernel's name; on the fallback that of the op. */
  readonly kernel: string;
  /** Whether it runs on the reference kernels, in the middle of everything else. */
  readonly isFallback: boolean;
  /** Workgroups in x, y and z, on webgpu. */
  readonly grid: readonly number[] | undefined;
  /** How often it runs: once, or once for each step of the loops around it. */
  readonly runs: number;
  /** Names of the loops around it, the outermost first. */
  readonly loops: readonly string[];
  /** Whether it waits for the calls before it. */
  readonly waits: boolean;
  /** Types of what it reads. */
  readonly reads: readonly TensorType[];
  /** Types of what it writes. */
  readonly writes: readonly TensorType[];
  /** Read and written at each time that it runs. */
  readonly bytes: number;
}

const isPlan = rule("a plan", (value) => isRecord(value) && Array.isArray(value.steps));

/**
 * A plan as rows, in the order in which they run: what `explain()` writes as text.
 * @throws ArgumentError for what is no plan
 */
export function planRows(plan: Plan): PlanRow[] {
  check("planRows", "the plan", plan, isPlan, "A compiled step has some: step.plans.");
  const rows: PlanRow[] = [];
  const list = (steps: readonly Step[], runs: number, loops: readonly string[]): void => {
    for (const step of steps) {
      if (step.kind === "loop") list(step.body, runs * step.count, [...loops, step.label]);
      else rows.push({ index: rows.length, ...rowOf(plan, step), runs, loops });
    }
  };
  list(plan.steps, 1, []);
  return rows;
}

function rowOf(plan: Plan, { call, label, why, barrierBefore }: CallStep) {
  const types = (...access: Operand["access"][]) =>
    call.operands.flatMap(({ region, access: own }) => (access.includes(own) ? [region.type] : []));
  const [reads, writes] = [types("read", "readwrite"), types("write", "readwrite")];
  return {
    label,
    ops: label.split(" + "),
    why,
    kernel: isFallback(call) ? call.op : call.kernel,
    isFallback: isFallback(call),
    grid: isFallback(call) || plan.device !== "webgpu" ? undefined : call.grid,
    waits: barrierBefore,
    reads,
    writes,
    bytes: [...reads, ...writes].reduce((sum, type) => sum + bytesOf(type), 0),
  };
}
