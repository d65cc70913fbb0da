/**
 * A plan made ready to run on a GPU. Loading turns every step into (pipeline, bind group, parameter offset, grid);
 * running walks that list. Nothing else changes from run to run: parameters lie in one uniform buffer that is written
 * once, and a bind group is made anew only when a storage that it binds was replaced since the last run.
 */
import { InternalError } from "../../errors.ts";
import type { FallbackCall, KernelCall, Operand } from "../../scheduler/lowering.ts";
import type { Plan, PlanBuffer } from "../../scheduler/plan.ts";
import { bytesOf } from "../../tensor/shape.ts";
import type { Program } from "../device.ts";
import type { WebgpuStorage } from "./buffers.ts";
import type { Pipeline, Signature } from "./pipelines.ts";

/** The part of a buffer that an operand is bound to. */
export interface Bound {
  /** The storage: a slot of the program, a binding of the run, or a dummy for a region without elements. */
  readonly source: { readonly kind: "slot" | "binding" | "empty"; readonly place: number };
  readonly byteOffset: number;
  readonly bytes: number;
}

interface Group {
  readonly layout: GPUBindGroupLayout;
  readonly bounds: readonly Bound[];
  readonly parameterBytes: number;
  made: GPUBindGroup | undefined;
}

interface Dispatch {
  readonly pipeline: GPUComputePipeline;
  readonly group: Group;
  /** Index into the dynamic offsets, or -1 for a kernel without parameters. */
  readonly offsetIndex: number;
  readonly grid: readonly [number, number, number];
  /** The step of the plan that it is. */
  readonly step: number;
}

/** What happens between two visits of the host. */
export type Segment =
  | { readonly kind: "dispatches"; readonly from: number; readonly to: number }
  | { readonly kind: "fallback"; readonly call: FallbackCall; readonly step: number };

/** Memory that a program binds beside the storages of a run. */
export interface ProgramMemory {
  readonly slots: readonly WebgpuStorage[];
  readonly parameters: GPUBuffer | undefined;
  /** Zero bytes for regions without elements: one buffer to read, one to write. */
  readonly emptyRead: GPUBuffer;
  readonly emptyWritten: GPUBuffer;
}

export class WebgpuProgram implements Program {
  readonly plan: Plan;
  /** Counted over all runs. */
  readonly counters = { dispatches: 0, submits: 0 };
  readonly segments: readonly Segment[];
  readonly memory: ProgramMemory;
  isUnloaded = false;
  readonly #device: GPUDevice;
  readonly #dispatches: readonly Dispatch[];
  readonly #offsets: Uint32Array;
  /** Groups that have to be made anew when a binding changes. */
  readonly #dependents: readonly (readonly Group[])[];
  #bindings: readonly WebgpuStorage[] = [];

  constructor(
    device: GPUDevice,
    plan: Plan,
    listing: Listing,
    pipelines: readonly Pipeline[],
    memory: ProgramMemory,
  ) {
    this.#device = device;
    this.plan = plan;
    this.memory = memory;
    this.segments = listing.segments;
    this.#offsets = Uint32Array.from(listing.offsets);
    const groups = new Map<string, Group>();
    this.#dispatches = listing.calls.map(({ call, bounds, signature, offsetIndex, step }, i) => {
      const { pipeline, layout } = required(pipelines[i]);
      const key = JSON.stringify([signature, bounds]);
      const group = groups.get(key) ?? {
        layout,
        bounds,
        parameterBytes: signature.parameterBytes,
        made: undefined,
      };
      groups.set(key, group);
      return { pipeline, group, offsetIndex, grid: call.grid, step };
    });
    const all = [...groups.values()];
    // Here, where loading watches for errors; those that bind storages of a run are made with the first run.
    for (const group of all) {
      if (group.bounds.every(({ source }) => source.kind !== "binding")) this.#make(group);
    }
    this.#dependents = plan.bindings.map((_, place) =>
      all.filter(({ bounds }) =>
        bounds.some(({ source }) => source.kind === "binding" && source.place === place),
      ),
    );
  }

  /** Takes the storages of a run. */
  bind(bindings: readonly WebgpuStorage[]): void {
    const { plan } = this;
    if (bindings.length !== plan.bindings.length) {
      throw new InternalError(
        `webgpu: a run takes ${plan.bindings.length} bindings; got ${bindings.length}.`,
      );
    }
    for (let i = 0; i < bindings.length; i++) {
      const storage = bindings[i];
      if (storage === undefined || storage === this.#bindings[i]) continue;
      const { bytes, name } = required(plan.bindings[i]);
      if (storage.bytes < bytes || storage.isReleased) {
        throw new InternalError(
          `webgpu: binding ${i} (${name}) must have ${bytes} bytes; got ${storage.isReleased ? "a released storage" : storage.bytes}.`,
        );
      }
      for (const group of required(this.#dependents[i])) group.made = undefined;
    }
    this.#bindings = bindings.slice();
  }

  /** The buffer behind a place of the plan, in the run that was bound last. */
  bufferOf({ source }: Bound): GPUBuffer {
    if (source.kind === "empty") {
      return source.place === EMPTY_WRITTEN ? this.memory.emptyWritten : this.memory.emptyRead;
    }
    const storages = source.kind === "slot" ? this.memory.slots : this.#bindings;
    return required(storages[source.place]).buffer;
  }

  /** The step of the plan that a dispatch is. */
  stepOf(dispatch: number): number {
    return required(this.#dispatches[dispatch]).step;
  }

  /** One compute pass over a segment of the plan. */
  encode(
    encoder: GPUCommandEncoder,
    from: number,
    to: number,
    descriptor?: GPUComputePassDescriptor,
  ): void {
    if (from === to) return;
    const pass = encoder.beginComputePass(descriptor);
    let pipeline: GPUComputePipeline | undefined;
    for (let i = from; i < to; i++) {
      const dispatch = this.#dispatches[i];
      if (dispatch === undefined) continue;
      if (dispatch.pipeline !== pipeline) {
        pipeline = dispatch.pipeline;
        pass.setPipeline(pipeline);
      }
      const group = dispatch.group.made ?? this.#make(dispatch.group);
      if (dispatch.offsetIndex < 0) pass.setBindGroup(0, group);
      else pass.setBindGroup(0, group, this.#offsets, dispatch.offsetIndex, 1);
      pass.dispatchWorkgroups(dispatch.grid[0], dispatch.grid[1], dispatch.grid[2]);
    }
    pass.end();
    this.counters.dispatches += to - from;
  }

  #make(group: Group): GPUBindGroup {
    const entries: GPUBindGroupEntry[] = group.bounds.map((bound, binding) => ({
      binding,
      resource: {
        buffer: this.bufferOf(bound),
        offset: bound.byteOffset,
        size: bound.bytes,
      },
    }));
    if (group.parameterBytes > 0) {
      const buffer = required(this.memory.parameters);
      entries.push({
        binding: entries.length,
        resource: { buffer, offset: 0, size: group.parameterBytes },
      });
    }
    group.made = this.#device.createBindGroup({ label: "gradgpu", layout: group.layout, entries });
    return group.made;
  }
}

interface ListedCall {
  readonly call: KernelCall;
  readonly bounds: readonly Bound[];
  readonly signature: Signature;
  readonly offsetIndex: number;
  readonly step: number;
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
  const calls: ListedCall[] = [];
  const segments: Segment[] = [];
  const parameters = new ParameterList();
  let from = 0;
  const endSegment = () => {
    if (calls.length > from) segments.push({ kind: "dispatches", from, to: calls.length });
    from = calls.length;
  };
  for (const [step, { call }] of plan.steps.entries()) {
    if (isFallback(call)) {
      endSegment();
      segments.push({ kind: "fallback", call, step });
    } else if (!call.grid.includes(0)) {
      const offsetIndex = parameters.add(call.words);
      const parameterBytes = Math.ceil(call.words.length / 4) * 16;
      const signature = { isWritten: writtenBindings(plan, call.operands), parameterBytes };
      const bounds = call.operands.map((operand, i) => boundOf(plan, operand, i));
      calls.push({ call, bounds, signature, offsetIndex, step });
    }
  }
  endSegment();
  return { calls, segments, offsets: parameters.offsets, parameters: parameters.words() };
}

export function isFallback(call: KernelCall | FallbackCall): call is FallbackCall {
  return call.kernel === "fallback";
}

/** Calls with the same words share them. */
class ParameterList {
  readonly offsets: number[] = [];
  readonly #blocks: (readonly number[])[] = [];
  readonly #indices = new Map<string, number>();
  #words = 0;

  add(words: readonly number[]): number {
    if (words.length === 0) return -1;
    const key = words.join();
    const known = this.#indices.get(key);
    if (known !== undefined) return known;
    const index = this.offsets.push(this.#words * 4) - 1;
    this.#words += Math.ceil(words.length / PARAMETER_ALIGNMENT_WORDS) * PARAMETER_ALIGNMENT_WORDS;
    this.#blocks.push(words);
    this.#indices.set(key, index);
    return index;
  }

  words(): Uint32Array<ArrayBuffer> {
    const all = new Uint32Array(this.#words);
    // i32 words come as negative numbers: storing them as u32 keeps their bits.
    this.#blocks.forEach((words, i) => {
      all.set(words, (this.offsets[i] ?? 0) / 4);
    });
    return all;
  }
}

const EMPTY_BINDING_BYTES = 256;
const EMPTY_READ = 0;
const EMPTY_WRITTEN = 1;

/** Dummies a call can need; each has a place of its own, because written bindings must not overlap. */
export const EMPTY_BUFFER_BYTES = EMPTY_BINDING_BYTES * 32;

export function boundOf(plan: Plan, { region, access }: Operand, index = 0): Bound {
  const bytes = bytesOf(region.type);
  if (bytes === 0) {
    const source = {
      kind: "empty",
      place: access === "read" ? EMPTY_READ : EMPTY_WRITTEN,
    } as const;
    return { source, byteOffset: index * EMPTY_BINDING_BYTES, bytes: EMPTY_BINDING_BYTES };
  }
  const buffer = bufferAt(plan, region.buffer);
  const kind = buffer.kind === "temporary" ? "slot" : "binding";
  return { source: { kind, place: buffer.place }, byteOffset: region.offset * 4, bytes };
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
  return required(plan.buffers[index]);
}

function required<T>(value: T | undefined): T {
  if (value === undefined)
    throw new InternalError("webgpu: the plan refers to something that it lacks.");
  return value;
}
