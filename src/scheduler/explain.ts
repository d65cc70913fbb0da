import { describe } from "../tensor/shape.ts";
import { isFallback, type Operand } from "./lowering.ts";
import { type CallStep, callsOf, type Plan, type Step } from "./plan.ts";

/** A plan as text: a line a step with what it reads and writes, and what the whole costs in memory. */
export function explainPlan(plan: Plan): string {
  const { memory, bindings } = plan;
  const bound = bindings.map(
    ({ kind, name, bytes }, i) => `  b${i} ${kind} ${name || "-"}, ${kibibytes(bytes)}`,
  );
  const fallbacks = fallbacksOf(plan).map(({ op, why }) => `  ${op}: ${why}`);
  return [
    `Plan for ${plan.device}: ${dispatchesOf(plan.steps)} dispatches, ${submitsOf(plan)} submit${submitsOf(plan) === 1 ? "" : "s"}.`,
    `Temporaries: ${kibibytes(memory.peakBytes)} in ${plan.slots.length} slots; no plan in this order can do with less than ${kibibytes(memory.lowerBoundBytes)}; without sharing ${kibibytes(memory.unsharedBytes)}.`,
    fallbacks.length === 0
      ? "Nothing runs on the fallback."
      : ["On the fallback:", ...fallbacks].join("\n"),
    "Bindings:",
    ...bound,
    "Steps (| waits for those before):",
    ...explainSteps(plan, plan.steps, 0, ""),
  ].join("\n");
}

/** A line a step, those of a loop's body indented; numbered from `first` on as `callsOf` lists them. */
function explainSteps(plan: Plan, steps: readonly Step[], first: number, indent: string): string[] {
  let next = first;
  return steps.flatMap((step) => {
    const index = next;
    if (step.kind === "call") {
      next++;
      return [indent + explainCall(plan, step, index)];
    }
    next += callsOf(step.body).length;
    const bar = step.barrierBefore ? "|" : " ";
    return [
      `${indent}     ${bar} ${step.label} ×${step.count}  (${step.why})`,
      ...explainSteps(plan, step.body, index, `${indent}  `),
    ];
  });
}

function explainCall(plan: Plan, step: CallStep, index: number): string {
  const { call } = step;
  const operands = call.operands.map((operand) => explainOperand(plan, operand)).join(" ");
  const kernel = isFallback(call) ? `fallback ${call.op}` : call.kernel;
  const grid = isFallback(call) ? "" : ` [${call.grid.join(", ")}]`;
  const bar = step.barrierBefore ? "|" : " ";
  return `${String(index).padStart(4)} ${bar} ${step.label} → ${kernel}${grid} ${operands}  (${step.why})`;
}

function explainOperand(plan: Plan, { region, access }: Operand): string {
  const buffer = plan.buffers[region.buffer];
  const sign = { read: "<", write: ">", readwrite: "<>" }[access];
  const place = `${buffer?.kind === "binding" ? "b" : "s"}${buffer?.place}`;
  const offset = (buffer?.offset ?? 0) + region.offset;
  return `${sign}${place}${offset === 0 ? "" : `+${offset}`} ${describe(region.type)}`;
}

export function fallbacksOf(plan: Plan): { op: string; why: string }[] {
  return callsOf(plan.steps).flatMap(({ call }) =>
    isFallback(call) ? [{ op: call.op, why: call.why }] : [],
  );
}

/** Calls of one run: those of a loop count as often as it runs. */
export function dispatchesOf(steps: readonly Step[]): number {
  return steps.reduce(
    (sum, step) => sum + (step.kind === "call" ? 1 : step.count * dispatchesOf(step.body)),
    0,
  );
}

/**
 * Submissions of one run: one, and one more for every stretch of calls behind a fallback. A loop with a fallback in it
 * is walked by the host, and so ends a stretch with each of its steps.
 */
export function submitsOf(plan: Plan): number {
  return Math.max(stretchesOf(plan.steps), 1);
}

function stretchesOf(steps: readonly Step[]): number {
  let stretches = 0;
  let isOpen = false;
  for (const step of steps) {
    const isDirect = !callsOf([step]).some(({ call }) => isFallback(call));
    if (isDirect && !isOpen) stretches++;
    if (!isDirect && step.kind === "loop") stretches += step.count * stretchesOf(step.body);
    isOpen = isDirect;
  }
  return stretches;
}

function kibibytes(bytes: number): string {
  return bytes < 1024 ? `${bytes} B` : `${(bytes / 1024).toFixed(1)} KiB`;
}
