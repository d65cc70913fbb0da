/**
 * Lets temporary buffers share memory when they never live at the same time. The largest are packed side by side
 * (packing.ts), the many small ones each get a slot that no tenant needs at that time. Barriers are found afterwards,
 * from where everything lies.
 */

import { BYTES_PER_ELEMENT } from "../tensor/dtype.ts";
import { Gaps, type Span } from "./gaps.ts";
import type { Operand } from "./lowering.ts";
import { pack } from "./packing.ts";
import type { BufferDraft } from "./places.ts";
import {
  callsOf,
  type LoweredStep,
  operandsOf,
  type PlanBuffer,
  type PlanMemory,
  type Step,
} from "./plan.ts";

const ALIGNMENT_BYTES = 256;
/** So many are packed, the largest: the time that it takes grows with the square of that. */
const PACKED = 1024;

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
  const uses = usesOf(drafts.length, steps);
  const temporaries = drafts.flatMap(({ bytes, binding }, index) => {
    const lifetime = lifetimes[index];
    if (binding !== undefined || lifetime === undefined) return [];
    return [{ bytes: roundUp(bytes), index, lifetime, ...(uses[index] ?? UNUSED) }];
  });
  temporaries.sort((a, b) => b.bytes - a.bytes || a.index - b.index);
  const large = temporaries.slice(0, PACKED);
  const packed = pack(large);
  const slots = [...packed.slots];
  const places: { slot: number; offset: number }[] = drafts.map(({ binding = -1 }) => ({
    slot: binding,
    offset: 0,
  }));
  for (const tenant of large) places[tenant.index] = packed.places.get(tenant) ?? NOWHERE;
  const gaps = new Gaps(calls);
  for (const { bytes, index, lifetime } of temporaries.slice(PACKED)) {
    const free = gaps.take(lifetime);
    const slot = free ?? slots.push(bytes) - 1;
    if (free === undefined) gaps.addSlot(slot, lifetime);
    places[index] = { slot, offset: 0 };
  }
  const buffers = drafts.map(({ bytes, binding }, index): PlanBuffer => {
    const kind = binding === undefined ? "temporary" : "binding";
    const { slot, offset } = places[index] ?? NOWHERE;
    const lifetime = lifetimes[index] ?? [0, 0];
    return { bytes, kind, place: slot, offset: offset / BYTES_PER_ELEMENT, lifetime };
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

const UNUSED = { uses: new Map<number, boolean>(), twice: new Set<number>() };
const NOWHERE = { slot: -1, offset: 0 };

/** Which calls use each buffer, whether they write it, and which bind it more than once. */
function usesOf(count: number, steps: readonly LoweredStep[]): (typeof UNUSED)[] {
  const all = Array.from({ length: count }, (): typeof UNUSED => ({
    uses: new Map(),
    twice: new Set(),
  }));
  callsOf(steps).forEach(({ call }, at) => {
    for (const { region, access } of call.operands) {
      const { uses, twice } = all[region.buffer] ?? UNUSED;
      if (uses.has(at)) twice.add(at);
      uses.set(at, uses.get(at) === true || access !== "read");
    }
  });
  return all;
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
  let touched = new Touched(buffers);
  return steps.map((step) => {
    const operands = operandsOf(step);
    const barrierBefore = operands.some((operand) => touched.collides(operand));
    if (barrierBefore) touched = new Touched(buffers);
    for (const operand of operands) touched.add(operand);
    return step.kind === "call"
      ? { ...step, barrierBefore }
      : { ...step, body: markBarriers(step.body, buffers), barrierBefore };
  });
}

/** The memory that steps have read and written since a barrier, buffer by buffer. */
class Touched {
  readonly #buffers: readonly PlanBuffer[];
  /** By slot or binding: each of its buffers that was touched, and whether it was written. */
  readonly #by = new Map<string, Map<PlanBuffer, boolean>>();

  constructor(buffers: readonly PlanBuffer[]) {
    this.#buffers = buffers;
  }

  collides({ region, access }: Operand): boolean {
    const buffer = this.#buffers[region.buffer];
    if (buffer === undefined) return false;
    for (const [other, isWritten] of this.#by.get(memoryOf(buffer)) ?? [])
      if ((isWritten || access !== "read") && overlap(buffer, other)) return true;
    return false;
  }

  add({ region, access }: Operand): void {
    const buffer = this.#buffers[region.buffer];
    if (buffer === undefined) return;
    const key = memoryOf(buffer);
    const known = this.#by.get(key) ?? new Map<PlanBuffer, boolean>();
    known.set(buffer, known.get(buffer) === true || access !== "read");
    this.#by.set(key, known);
  }
}

function memoryOf({ kind, place }: PlanBuffer): string {
  return `${kind} ${place}`;
}

function overlap(a: PlanBuffer, b: PlanBuffer): boolean {
  const end = ({ offset, bytes }: PlanBuffer) => offset + bytes / BYTES_PER_ELEMENT;
  return a.offset < end(b) && b.offset < end(a);
}

function roundUp(bytes: number): number {
  return Math.max(ALIGNMENT_BYTES, Math.ceil(bytes / ALIGNMENT_BYTES) * ALIGNMENT_BYTES);
}

function sum(list: readonly number[]): number {
  return list.reduce((total, n) => total + n, 0);
}
