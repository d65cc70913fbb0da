/**
 * Lets temporary buffers share memory when they never live at the same time: largest first, each into the first slot
 * whose tenants' lifetimes it does not touch. Steps that could run side by side still get separate slots only if
 * their lifetimes overlap; barriers are found afterwards, from the slots.
 */

import {
  callsOf,
  type LoweredStep,
  operandsOf,
  type PlanBuffer,
  type PlanMemory,
  type Step,
} from "./plan.ts";
import type { BufferDraft } from "./storage.ts";

const ALIGNMENT_BYTES = 256;

export interface SlotAssignment {
  readonly buffers: PlanBuffer[];
  readonly slots: number[];
  readonly memory: PlanMemory;
}

export function assignSlots(
  drafts: readonly BufferDraft[],
  steps: readonly LoweredStep[],
): SlotAssignment {
  const lifetimes = lifetimesOf(drafts.length, steps);
  const slots: { bytes: number; tenants: Span[] }[] = [];
  const places = drafts.map((draft) => draft.binding ?? -1);
  const temporaries = drafts
    .map((draft, index) => ({ bytes: roundUp(draft.bytes), index, lifetime: lifetimes[index] }))
    .filter(({ index, lifetime }) => drafts[index]?.binding === undefined && lifetime !== undefined)
    .sort((a, b) => b.bytes - a.bytes || a.index - b.index);
  for (const { bytes, index, lifetime } of temporaries) {
    if (lifetime === undefined) continue;
    let slot = slots.findIndex(({ tenants }) =>
      tenants.every(([first, last]) => last < lifetime[0] || lifetime[1] < first),
    );
    if (slot === -1) slot = slots.push({ bytes, tenants: [] }) - 1;
    slots[slot]?.tenants.push(lifetime);
    places[index] = slot;
  }
  const buffers = drafts.map(({ bytes, binding }, index): PlanBuffer => {
    const kind = binding === undefined ? "temporary" : "binding";
    return { bytes, kind, place: places[index] ?? -1, lifetime: lifetimes[index] ?? [0, 0] };
  });
  return {
    buffers,
    slots: slots.map(({ bytes }) => bytes),
    memory: {
      peakBytes: sum(slots.map(({ bytes }) => bytes)),
      lowerBoundBytes: mostAtOnce(temporaries, callsOf(steps).length),
      unsharedBytes: sum(temporaries.map(({ bytes }) => bytes)),
    },
  };
}

/** A stretch of calls, first and last. */
type Span = readonly [number, number];

/** A call that touches a buffer, and the loops around it, outermost first. */
interface Use {
  readonly at: number;
  readonly loops: readonly Span[];
}

/**
 * Inside a loop a buffer lives from call to call as it does anywhere: a step of the loop starts it anew. Where something
 * outside of the loop touches it, it crosses from step to step, and lives as long as the loop.
 */
function lifetimesOf(count: number, steps: readonly LoweredStep[]): (Span | undefined)[] {
  const uses: Use[][] = Array.from({ length: count }, () => []);
  let at = 0;
  const walk = (list: readonly LoweredStep[], loops: readonly Span[]): void => {
    for (const step of list) {
      if (step.kind === "loop")
        walk(step.body, [...loops, [at, at + callsOf(step.body).length - 1]]);
      else {
        for (const { region } of step.call.operands) uses[region.buffer]?.push({ at, loops });
        at++;
      }
    }
  };
  walk(steps, []);
  return uses.map(lifetimeOf);
}

function lifetimeOf(uses: readonly Use[]): Span | undefined {
  const [one] = uses;
  if (one === undefined) return undefined;
  // How many loops all uses have in common.
  const shared = one.loops.findIndex((loop, depth) =>
    uses.some(({ loops }) => loops[depth] !== loop),
  );
  const depth = shared === -1 ? one.loops.length : shared;
  const spans = uses.map(({ at, loops }): Span => loops[depth] ?? [at, at]);
  return [Math.min(...spans.map(([first]) => first)), Math.max(...spans.map(([, last]) => last))];
}

function mostAtOnce(
  buffers: readonly { readonly bytes: number; readonly lifetime: Span | undefined }[],
  calls: number,
): number {
  const change = new Array<number>(calls + 1).fill(0);
  for (const { bytes, lifetime } of buffers) {
    if (lifetime === undefined) continue;
    change[lifetime[0]] = (change[lifetime[0]] ?? 0) + bytes;
    change[lifetime[1] + 1] = (change[lifetime[1] + 1] ?? 0) - bytes;
  }
  let live = 0;
  return change.reduce((most, delta) => {
    live += delta;
    return Math.max(most, live);
  }, 0);
}

/**
 * Marks the steps that touch memory which a step since the last barrier writes, or write what one reads. A loop waits
 * between its steps anyway.
 */
export function markBarriers(
  steps: readonly LoweredStep[],
  buffers: readonly PlanBuffer[],
): Step[] {
  let reads = new Set<string>();
  let writes = new Set<string>();
  return steps.map((step) => {
    const touched = operandsOf(step).map(({ region, access }) => {
      const buffer = buffers[region.buffer];
      return {
        memory: `${buffer?.kind} ${buffer?.place}`,
        isRead: access !== "write",
        isWritten: access !== "read",
      };
    });
    const barrierBefore = touched.some(
      ({ memory, isRead, isWritten }) =>
        (isRead && writes.has(memory)) || (isWritten && (reads.has(memory) || writes.has(memory))),
    );
    if (barrierBefore) [reads, writes] = [new Set(), new Set()];
    for (const { memory, isRead, isWritten } of touched) {
      if (isRead) reads.add(memory);
      if (isWritten) writes.add(memory);
    }
    return step.kind === "call"
      ? { ...step, barrierBefore }
      : { ...step, body: markBarriers(step.body, buffers), barrierBefore };
  });
}

function roundUp(bytes: number): number {
  return Math.max(ALIGNMENT_BYTES, Math.ceil(bytes / ALIGNMENT_BYTES) * ALIGNMENT_BYTES);
}

function sum(list: readonly number[]): number {
  return list.reduce((total, n) => total + n, 0);
}
