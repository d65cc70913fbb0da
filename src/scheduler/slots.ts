/**
 * Lets temporary buffers share memory when they never live at the same time: largest first, each into the first slot
 * whose tenants' lifetimes it does not touch. Steps that could run side by side still get separate slots only if
 * their lifetimes overlap; barriers are found afterwards, from the slots.
 */

import type { LoweredStep } from "./lower.ts";
import type { PlanBuffer, Step } from "./plan.ts";
import type { BufferDraft } from "./storage.ts";

const ALIGNMENT_BYTES = 256;

export interface SlotAssignment {
  readonly buffers: PlanBuffer[];
  readonly slots: number[];
  readonly memory: {
    readonly peakBytes: number;
    readonly lowerBoundBytes: number;
    readonly unsharedBytes: number;
  };
}

export function assignSlots(
  drafts: readonly BufferDraft[],
  steps: readonly LoweredStep[],
): SlotAssignment {
  const lifetimes = lifetimesOf(drafts.length, steps);
  const slots: { bytes: number; tenants: (readonly [number, number])[] }[] = [];
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
      lowerBoundBytes: mostAtOnce(temporaries, steps.length),
      unsharedBytes: sum(temporaries.map(({ bytes }) => bytes)),
    },
  };
}

function lifetimesOf(
  count: number,
  steps: readonly LoweredStep[],
): (readonly [number, number] | undefined)[] {
  const lifetimes = new Array<readonly [number, number] | undefined>(count).fill(undefined);
  steps.forEach(({ call }, step) => {
    for (const { region } of call.operands)
      lifetimes[region.buffer] = [lifetimes[region.buffer]?.[0] ?? step, step];
  });
  return lifetimes;
}

function mostAtOnce(
  buffers: readonly {
    readonly bytes: number;
    readonly lifetime: readonly [number, number] | undefined;
  }[],
  steps: number,
): number {
  const change = new Array<number>(steps + 1).fill(0);
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

/** Marks the steps that touch memory which a step since the last barrier writes, or write what one reads. */
export function markBarriers(
  steps: readonly LoweredStep[],
  buffers: readonly PlanBuffer[],
): Step[] {
  let reads = new Set<string>();
  let writes = new Set<string>();
  return steps.map((step) => {
    const touched = step.call.operands.map(({ region, access }) => {
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
    return { ...step, barrierBefore };
  });
}

function roundUp(bytes: number): number {
  return Math.max(ALIGNMENT_BYTES, Math.ceil(bytes / ALIGNMENT_BYTES) * ALIGNMENT_BYTES);
}

function sum(list: readonly number[]): number {
  return list.reduce((total, n) => total + n, 0);
}
