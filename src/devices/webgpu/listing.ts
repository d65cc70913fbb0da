/** A plan as a flat list of dispatches, and the order in which they are walked. Nothing is compiled or allocated yet. */
import { present } from "../../present.ts";
import {
  type FallbackCall,
  isFallback,
  type KernelCall,
  type Operand,
} from "../../scheduler/lowering.ts";
import type { Plan, PlanBuffer, Step } from "../../scheduler/plan.ts";
import { BYTES_PER_ELEMENT } from "../../tensor/dtype.ts";
import { bytesOf } from "../../tensor/shape.ts";
import type { Signature } from "./pipelines.ts";

/** The part of a buffer that an operand is bound to. */
export interface Bound {
  /** The storage: a slot of the program, a binding of the run, or a dummy for a region without elements. */
  readonly source: { readonly kind: "slot" | "binding" | "empty"; readonly place: number };
  readonly byteOffset: number;
  /** What the offset grows by with each step of the loop around. */
  readonly bytesPerStep: number;
  readonly bytes: number;
}

/** What is walked: dispatches of the list, a step on the host, a loop over segments. */
export type Segment =
  | { readonly kind: "dispatches"; readonly from: number; readonly to: number }
  /** `place`: which call of the plan it is, as `callsOf` lists them. */
  | { readonly kind: "fallback"; readonly call: FallbackCall; readonly place: number }
  | {
      readonly kind: "loop";
      readonly count: number;
      readonly reverse: boolean;
      readonly body: readonly Segment[];
      readonly needsHost: boolean;
    };

interface ListedCall {
  readonly call: KernelCall;
  readonly bounds: readonly Bound[];
  readonly signature: Signature;
  /** See `Dispatch` in program.ts. */
  readonly offsetIndex: number;
  readonly offsetsPerStep: 0 | 1;
  readonly place: number;
}

/** A plan as a flat list, before anything is compiled. */
export interface Listing {
  readonly calls: readonly ListedCall[];
  readonly segments: readonly Segment[];
  readonly offsets: readonly number[];
  /** Every call's words, each at its offset. */
  readonly parameters: Uint32Array<ArrayBuffer>;
}

/** WebGPU's alignment of dynamic offsets (minUniformBufferOffsetAlignment, at its default). */
const PARAMETER_ALIGNMENT_WORDS = 64;

export function listPlan(plan: Plan): Listing {
  const lister = new Lister(plan);
  const segments = lister.list(plan.steps, 1);
  const { calls, parameters } = lister;
  return { calls, segments, offsets: parameters.offsets, parameters: parameters.words() };
}

class Lister {
  readonly calls: ListedCall[] = [];
  readonly parameters = new ParameterList();
  readonly #plan: Plan;
  #place = 0;

  constructor(plan: Plan) {
    this.#plan = plan;
  }

  /** `count`: how often the loop around the steps runs. */
  list(steps: readonly Step[], count: number): Segment[] {
    const segments: Segment[] = [];
    let from = this.calls.length;
    const endDispatches = () => {
      const to = this.calls.length;
      if (to > from) segments.push({ kind: "dispatches", from, to });
      from = to;
    };
    for (const step of steps) {
      if (step.kind === "loop") {
        endDispatches();
        const body = this.list(step.body, step.count);
        const { count: own, reverse } = step;
        segments.push({ kind: "loop", count: own, reverse, body, needsHost: body.some(needsHost) });
        from = this.calls.length;
      } else if (isFallback(step.call)) {
        endDispatches();
        segments.push({ kind: "fallback", call: step.call, place: this.#place++ });
      } else this.#add(step.call, count);
    }
    endDispatches();
    return segments;
  }

  #add(call: KernelCall, count: number): void {
    const place = this.#place++;
    if (call.grid.includes(0)) return;
    const isStepped = call.perStep?.some((growth) => growth !== 0) ?? false;
    const offsetIndex = isStepped
      ? this.parameters.addSteps(call.words, call.perStep ?? [], count)
      : this.parameters.add(call.words);
    const parameterBytes = Math.ceil(call.words.length / 4) * 16;
    const signature = { isWritten: writtenBindings(this.#plan, call.operands), parameterBytes };
    const bounds = call.operands.map((operand, i) => boundOf(this.#plan, operand, i));
    const offsetsPerStep = isStepped ? 1 : 0;
    this.calls.push({ call, bounds, signature, offsetIndex, offsetsPerStep, place });
  }
}

/** Whether the host has something to do in the middle. */
export function needsHost(segment: Segment): boolean {
  return segment.kind === "fallback" || (segment.kind === "loop" && segment.needsHost);
}

/** Calls with the same words share them. */
class ParameterList {
  readonly offsets: number[] = [];
  readonly #blocks: { readonly at: number; readonly words: readonly number[] }[] = [];
  readonly #indices = new Map<string, number>();
  #words = 0;

  /** The index of the offset of `words`. */
  add(words: readonly number[]): number {
    if (words.length === 0) return -1;
    return this.#known(words.join(), () => this.#push(words));
  }

  /** The index of the first of `count` offsets, those of words that grow with each step. */
  addSteps(words: readonly number[], perStep: readonly number[], count: number): number {
    return this.#known(`${words} + ${perStep} × ${count}`, () => {
      const first = this.offsets.length;
      for (let step = 0; step < count; step++)
        this.#push(words.map((word, i) => word + step * (perStep[i] ?? 0)));
      return first;
    });
  }

  #known(key: string, make: () => number): number {
    const index = this.#indices.get(key) ?? make();
    this.#indices.set(key, index);
    return index;
  }

  #push(words: readonly number[]): number {
    this.#blocks.push({ at: this.#words, words });
    const index = this.offsets.push(this.#words * 4) - 1;
    this.#words += Math.ceil(words.length / PARAMETER_ALIGNMENT_WORDS) * PARAMETER_ALIGNMENT_WORDS;
    return index;
  }

  words(): Uint32Array<ArrayBuffer> {
    const all = new Uint32Array(this.#words);
    // i32 words come as negative numbers: storing them as u32 keeps their bits.
    for (const { at, words } of this.#blocks) all.set(words, at);
    return all;
  }
}

const EMPTY_BINDING_BYTES = 256;
const EMPTY_READ = 0;
export const EMPTY_WRITTEN = 1;

/** Dummies a call can need; each has a place of its own, because written bindings must not overlap. */
export const EMPTY_BUFFER_BYTES = EMPTY_BINDING_BYTES * 32;

export function boundOf(plan: Plan, { region, access }: Operand, index = 0): Bound {
  const bytes = bytesOf(region.type);
  if (bytes === 0) {
    const source = {
      kind: "empty",
      place: access === "read" ? EMPTY_READ : EMPTY_WRITTEN,
    } as const;
    const byteOffset = index * EMPTY_BINDING_BYTES;
    return { source, byteOffset, bytesPerStep: 0, bytes: EMPTY_BINDING_BYTES };
  }
  const buffer = bufferAt(plan, region.buffer);
  const kind = buffer.kind === "temporary" ? "slot" : "binding";
  const byteOffset = (buffer.offset + region.offset) * BYTES_PER_ELEMENT;
  const bytesPerStep = (region.perStep ?? 0) * BYTES_PER_ELEMENT;
  return { source: { kind, place: buffer.place }, byteOffset, bytesPerStep, bytes };
}

/** A binding is declared as written where any operand of the call writes the same memory. */
function writtenBindings(plan: Plan, operands: readonly Operand[]): boolean[] {
  const sourceOf = ({ region, access }: Operand) => {
    if (bytesOf(region.type) === 0) return `empty ${access === "read"}`;
    const { kind, place } = bufferAt(plan, region.buffer);
    return `${kind} ${place}`;
  };
  const written = new Set(operands.filter(({ access }) => access !== "read").map(sourceOf));
  return operands.map((operand) => written.has(sourceOf(operand)));
}

function bufferAt(plan: Plan, index: number): PlanBuffer {
  return present(plan.buffers[index]);
}
