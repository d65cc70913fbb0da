/**
 * Lets temporary buffers share memory when they never live at the same time: largest first, each into the first slot
 * whose tenants' lifetimes it does not touch. Steps that could run side by side still get separate slots only if
 * their lifetimes overlap; barriers are found afterwards, from the slots.
 */

import {
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
      lowerBoundBytes: mostAtOnce(temporaries, steps),
      unsharedBytes:
        sum(temporaries.map(({ bytes }) => bytes)) +
        sum(
          steps.map((step) =>
            inLoop(step, ({ unsharedBytes, peakBytes }) => unsharedBytes - peakBytes),
          ),
        ),
    },
  };
}

function lifetimesOf(
  count: number,
  steps: readonly LoweredStep[],
): (readonly [number, number] | undefined)[] {
  const lifetimes = new Array<readonly [number, number] | undefined>(count).fill(undefined);
  steps.forEach((step, at) => {
    for (const { region } of operandsOf(step))
      lifetimes[region.buffer] = [lifetimes[region.buffer]?.[0] ?? at, at];
  });
  return lifetimes;
}

/** The slots of a loop's body are buffers here, of which it uses `difference` more or less than another plan would. */
function inLoop(step: LoweredStep, difference: (memory: PlanMemory) => number): number {
  return step.kind === "loop" ? difference(step.memory) : 0;
}

function mostAtOnce(
  buffers: readonly {
    readonly bytes: number;
    readonly lifetime: readonly [number, number] | undefined;
  }[],
  steps: readonly LoweredStep[],
): number {
  const change = new Array<number>(steps.length + 1).fill(0);
  for (const { bytes, lifetime } of buffers) {
    if (lifetime === undefined) continue;
    change[lifetime[0]] = (change[lifetime[0]] ?? 0) + bytes;
    change[lifetime[1] + 1] = (change[lifetime[1] + 1] ?? 0) - bytes;
  }
  let live = 0;
  return steps.reduce((most, step, at) => {
    live += change[at] ?? 0;
    const spare = inLoop(step, ({ peakBytes, lowerBoundBytes }) => peakBytes - lowerBoundBytes);
    return Math.max(most, live - spare);
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
