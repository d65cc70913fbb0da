/** What must be true of every plan, found again from its steps alone. Free of the test runner. */
import type { Operand } from "../../src/scheduler/lowering.ts";
import { isFallback } from "../../src/scheduler/lowering.ts";
import {
  type CallStep,
  callsOf,
  type LoopStep,
  operandsOf,
  type Plan,
  type PlanBuffer,
  type Step,
} from "../../src/scheduler/plan.ts";
import { BYTES_PER_ELEMENT } from "../../src/tensor/dtype.ts";
import { sizeOf } from "../../src/tensor/shape.ts";

/** Everything that is wrong with `plan`; nothing, if it is sound. */
export function checkPlan(plan: Plan): string[] {
  return [
    ...checkRegions(plan),
    ...checkLifetimes(plan),
    ...checkReads(plan),
    ...checkBarriers(plan),
    ...checkMemory(plan),
    ...checkResults(plan),
  ];
}

/** The memory behind an operand: two operands with equal names may touch each other. */
function memoryOf(plan: Plan, { region }: Operand): string {
  const buffer = plan.buffers[region.buffer];
  return `${buffer?.kind} ${buffer?.place}`;
}

const isWritten = ({ access }: Operand) => access !== "read";

function eachOperand(plan: Plan, check: (operand: Operand, step: number) => string[]): string[] {
  return plan.steps.flatMap((step, i) => operandsOf(step).flatMap((operand) => check(operand, i)));
}

/** A region lies inside its buffer, a buffer inside its slot or binding. */
function checkRegions(plan: Plan): string[] {
  const buffers = plan.buffers.flatMap(({ bytes, kind, place, offset, lifetime }, i) => {
    const isUsed = plan.steps.some((step) =>
      operandsOf(step).some(({ region }) => region.buffer === i),
    );
    const room = kind === "temporary" ? plan.slots[place] : plan.bindings[place]?.bytes;
    return isUsed && !(offset * BYTES_PER_ELEMENT + bytes <= (room ?? -1))
      ? [`buffer ${i} has ${bytes} bytes, its place ${room}, lifetime ${lifetime}`]
      : [];
  });
  const regions = placedCalls(plan.steps).flatMap(({ step: { call, label }, count }) =>
    call.operands.flatMap((operand) => {
      const [start, end] = extentOf(operand, count);
      const bytes = plan.buffers[operand.region.buffer]?.bytes ?? -1;
      return start >= 0 && end * BYTES_PER_ELEMENT <= bytes
        ? []
        : [`${label} reaches over ${start} to ${end} of a buffer of ${bytes} bytes`];
    }),
  );
  return [...buffers, ...regions];
}

/** Calls with the number of steps of the loop around. */
function placedCalls(
  steps: readonly Step[],
  count = 1,
): { readonly step: CallStep; readonly count: number }[] {
  return steps.flatMap((step) =>
    step.kind === "call" ? [{ step, count }] : placedCalls(step.body, step.count),
  );
}

/** The elements of its buffer that an operand reaches in any of `count` steps. */
function extentOf({ region }: Operand, count: number): readonly [start: number, end: number] {
  const last = region.offset + (count - 1) * (region.perStep ?? 0);
  return [Math.min(region.offset, last), Math.max(region.offset, last) + sizeOf(region.type.shape)];
}

/**
 * Calls use a temporary within its lifetime, a loop that shares one with what is outside of it lies within that, and no
 * two that share a slot live at the same time.
 */
function checkLifetimes(plan: Plan): string[] {
  const lives = (buffer: number, first: number, last: number) => {
    const [from, to] = plan.buffers[buffer]?.lifetime ?? [0, -1];
    return from <= first && last <= to;
  };
  const calls = callsOf(plan.steps);
  const buffersOf = (list: readonly CallStep[]) =>
    new Set(list.flatMap(({ call }) => call.operands.map(({ region }) => region.buffer)));
  const outside = calls.flatMap((step, i) =>
    [...buffersOf([step])].flatMap((buffer) =>
      lives(buffer, i, i) ? [] : [`call ${i} uses buffer ${buffer} dead`],
    ),
  );
  const crossing = loopsOf(plan.steps).flatMap((loop) => {
    const body = callsOf(loop.body);
    const [first, last] = [
      calls.indexOf(body[0] as CallStep),
      calls.indexOf(body.at(-1) as CallStep),
    ];
    const elsewhere = buffersOf(calls.filter((step) => !body.includes(step)));
    return [...buffersOf(body)].flatMap((buffer) =>
      lives(buffer, first, last) || !elsewhere.has(buffer)
        ? []
        : [`buffer ${buffer} crosses the loop of calls ${first} to ${last} dead`],
    );
  });
  const used = new Set<number>();
  eachOperand(plan, ({ region }) => {
    used.add(region.buffer);
    return [];
  });
  const temporaries = [...used].filter((i) => plan.buffers[i]?.kind === "temporary");
  const overlaps = temporaries.flatMap((i) =>
    temporaries.flatMap((j) => {
      const [a, b] = [plan.buffers[i], plan.buffers[j]];
      if (i >= j || a === undefined || b === undefined || a.place !== b.place) return [];
      const apart = a.lifetime[1] < b.lifetime[0] || b.lifetime[1] < a.lifetime[0];
      const end = (one: PlanBuffer) => one.offset * BYTES_PER_ELEMENT + one.bytes;
      const beside =
        end(a) <= b.offset * BYTES_PER_ELEMENT || end(b) <= a.offset * BYTES_PER_ELEMENT;
      return apart || beside
        ? []
        : [`buffers ${i} and ${j} share slot ${a.place} at the same time`];
    }),
  );
  return [...outside, ...crossing, ...overlaps];
}

function loopsOf(steps: readonly Step[]): LoopStep[] {
  return steps.flatMap((step) => (step.kind === "loop" ? [step, ...loopsOf(step.body)] : []));
}

/** A temporary is written before it is read. `readwrite` counts as both: kernels have scratch memory of their own. */
function checkReads(plan: Plan): string[] {
  const written = new Set<number>();
  return callsOf(plan.steps).flatMap(({ call }, step) => {
    const early = call.operands.filter(
      (operand) =>
        operand.access === "read" &&
        plan.buffers[operand.region.buffer]?.kind === "temporary" &&
        !written.has(operand.region.buffer),
    );
    for (const operand of call.operands) {
      if (isWritten(operand)) written.add(operand.region.buffer);
    }
    return early.map(({ region }) => `call ${step} reads buffer ${region.buffer} before a write`);
  });
}

/** A barrier stands before every step that conflicts with one since the last barrier, and before no other. */
function checkBarriers(plan: Plan, steps: readonly Step[] = plan.steps): string[] {
  let since: (readonly Operand[])[] = [];
  return steps.flatMap((own, step) => {
    const { barrierBefore } = own;
    const operands = operandsOf(own);
    const conflicts = since.some((earlier) =>
      earlier.some((before) =>
        operands.some(
          (now) => shareMemory(plan, before, now) && (isWritten(before) || isWritten(now)),
        ),
      ),
    );
    if (barrierBefore) since = [];
    since.push(operands);
    const inside = own.kind === "loop" ? checkBarriers(plan, own.body) : [];
    return conflicts === barrierBefore
      ? inside
      : [`step ${step} has ${barrierBefore ? "a barrier that it does not need" : "no barrier"}`];
  });
}

function checkMemory({ memory, slots }: Plan): string[] {
  const { lowerBoundBytes, peakBytes, unsharedBytes } = memory;
  const total = slots.reduce((sum, bytes) => sum + bytes, 0);
  return lowerBoundBytes <= peakBytes && peakBytes <= unsharedBytes && peakBytes === total
    ? []
    : [
        `memory: ${lowerBoundBytes} ≤ ${peakBytes} ≤ ${unsharedBytes} does not hold, or ${total} is held`,
      ];
}

/** Every result that has elements is written by a step. */
function checkResults(plan: Plan): string[] {
  return plan.results.flatMap(({ binding, type }, i) => {
    const isMade = plan.steps.some((step) =>
      operandsOf(step).some(
        (operand) => isWritten(operand) && memoryOf(plan, operand) === `binding ${binding}`,
      ),
    );
    return isMade || sizeOf(type.shape) === 0 ? [] : [`nothing writes result ${i}`];
  });
}

/** Whether two operands reach one element of the plan's memory in a step of a loop of `count`. */
function overlap(plan: Plan, a: Operand, b: Operand, count: number): boolean {
  // Where both move alike they lie to each other as in the first step.
  const steps = a.region.perStep === b.region.perStep ? 1 : count;
  const extent = (one: Operand) => {
    const base = plan.buffers[one.region.buffer]?.offset ?? 0;
    const [start, end] = extentOf(one, steps);
    return [base + start, base + end] as const;
  };
  const [[aStart, aEnd], [bStart, bEnd]] = [extent(a), extent(b)];
  return memoryOf(plan, a) === memoryOf(plan, b) && aStart < bEnd && bStart < aEnd;
}

/** Whether the buffers of two operands share memory: barriers know no parts of them. */
function shareMemory(plan: Plan, a: Operand, b: Operand): boolean {
  const [one, other] = [plan.buffers[a.region.buffer], plan.buffers[b.region.buffer]];
  if (one === undefined || other === undefined) return false;
  const end = ({ offset, bytes }: PlanBuffer) => offset * BYTES_PER_ELEMENT + bytes;
  return (
    memoryOf(plan, a) === memoryOf(plan, b) &&
    one.offset * BYTES_PER_ELEMENT < end(other) &&
    other.offset * BYTES_PER_ELEMENT < end(one)
  );
}

/**
 * WebGPU's rule: what a dispatch writes, none of its other bindings may reach. All bindings of a buffer that it writes are
 * declared as written, so no two of them may overlap.
 */
export function checkAliasing(plan: Plan): string[] {
  return placedCalls(plan.steps).flatMap(({ step: { call, label }, count }, step) => {
    if (isFallback(call)) return [];
    const written = new Set(call.operands.filter(isWritten).map((one) => memoryOf(plan, one)));
    return call.operands.flatMap((operand, i) => {
      const memory = memoryOf(plan, operand);
      const others = call.operands.slice(0, i);
      return written.has(memory) && others.some((other) => overlap(plan, operand, other, count))
        ? [`step ${step} (${label}) binds what it writes, or beside it, once more: ${memory}`]
        : [];
    });
  });
}
