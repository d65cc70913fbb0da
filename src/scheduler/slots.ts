/**
 * Lets temporary buffers share memory when they never live at the same time: largest first, each into a slot that no
 * tenant needs at that time. Steps that could run side by side still get separate slots only if their lifetimes overlap;
 * barriers are found afterwards, from the slots.
 */

import { Gaps, type Span } from "./gaps.ts";
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
  const calls = callsOf(steps).length;
  const lifetimes = lifetimesOf(drafts.length, steps);
  const temporaries = drafts.flatMap(({ bytes, binding }, index) => {
    const lifetime = lifetimes[index];
    if (binding !== undefined || lifetime === undefined) return [];
    return [{ bytes: roundUp(bytes), index, lifetime }];
  });
  temporaries.sort((a, b) => b.bytes - a.bytes || a.index - b.index);
  const slots: number[] = [];
  const gaps = new Gaps(calls);
  const places = drafts.map((draft) => draft.binding ?? -1);
  for (const { bytes, index, lifetime } of temporaries) {
    const free = gaps.take(lifetime);
    const slot = free ?? slots.push(bytes) - 1;
    if (free === undefined) gaps.addSlot(slot, lifetime);
    places[index] = slot;
  }
  const buffers = drafts.map(({ bytes, binding }, index): PlanBuffer => {
    const kind = binding === undefined ? "temporary" : "binding";
    return { bytes, kind, place: places[index] ?? -1, lifetime: lifetimes[index] ?? [0, 0] };
  });
  return {
    buffers,
    slots,
    memory: {
      peakBytes: sum(slots),
      lowerBoundBytes: mostAtOnce(temporaries, calls),
      unsharedBytes: sum(temporaries.map(({ bytes }) => bytes)),
    },
  };
}

/** When a buffer is needed, as far as the calls so far say, and the loops around all of them, outermost first. */
interface Life {
  first: number;
  last: number;
  loops: readonly Span[];
}

/**
 * Inside a loop a buffer lives from call to call as it does anywhere: a step of the loop starts it anew. Where something
 * outside of the loop touches it, it crosses from step to step, and lives as long as the loop.
 */
function lifetimesOf(count: number, steps: readonly LoweredStep[]): (Span | undefined)[] {
  const lives: (Life | undefined)[] = Array.from({ length: count });
  let at = 0;
  const walk = (list: readonly LoweredStep[], loops: readonly Span[]): void => {
    for (const step of list) {
      if (step.kind === "loop")
        walk(step.body, [...loops, [at, at + callsOf(step.body).length - 1]]);
      else {
        for (const { region } of step.call.operands) {
          const life = lives[region.buffer];
          if (life === undefined) lives[region.buffer] = { first: at, last: at, loops };
          else extend(life, at, loops);
        }
        at++;
      }
    }
  };
  walk(steps, []);
  return lives.map((life) => life && [life.first, life.last]);
}

/** What is touched in one loop and out of it, or in another, is needed in all of both. */
function extend(life: Life, at: number, loops: readonly Span[]): void {
  const shared = life.loops.findIndex((loop, depth) => loops[depth] !== loop);
  const depth = shared === -1 ? life.loops.length : shared;
  const [before, now] = [life.loops[depth] ?? [at, at], loops[depth] ?? [at, at]];
  life.first = Math.min(life.first, before[0], now[0]);
  life.last = Math.max(life.last, before[1], now[1]);
  if (depth < life.loops.length) life.loops = life.loops.slice(0, depth);
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
