/**
 * A plan made ready to run on a GPU. Loading turns every call into (pipeline, bind group, parameter offset, grid);
 * running walks that list, the body of a loop once for each of its steps, with the parameter offset of that step.
 * Nothing else changes from run to run: parameters lie in one uniform buffer that is written once, and a bind group is
 * made anew only when a storage that it binds was replaced since the last run.
 */
import { present } from "../../present.ts";
import type { Plan } from "../../scheduler/plan.ts";
import type { Program } from "../device.ts";
import type { SharedTemporaries, Tenancy } from "../shared/temporaries.ts";
import type { WebgpuStorage } from "./buffers.ts";
import { type Bound, EMPTY_WRITTEN, type Listing, type Segment } from "./listing.ts";
import type { Pipeline } from "./pipelines.ts";

interface Group {
  readonly layout: GPUBindGroupLayout;
  readonly bounds: readonly Bound[];
  readonly parameterBytes: number;
  /** By the step of the loop around, where it binds another part of a sequence at each; else one. */
  made: (GPUBindGroup | undefined)[];
  readonly isStepped: boolean;
}

interface Dispatch {
  readonly pipeline: GPUComputePipeline;
  readonly group: Group;
  /** Index into the dynamic offsets, or -1 for a kernel without parameters. */
  readonly offsetIndex: number;
  /** 1 where each step of the loop around has an offset of its own, one behind the other; else 0. */
  readonly offsetsPerStep: 0 | 1;
  readonly grid: readonly [number, number, number];
  /** Which call of the plan it is, as `callsOf` lists them. */
  readonly place: number;
}

/** A pass that is being encoded, and the pipeline that is set in it. */
interface Pass {
  readonly encoder: GPUComputePassEncoder;
  pipeline: GPUComputePipeline | undefined;
}

/** Memory that a program binds beside the storages of a run. */
export interface ProgramMemory {
  readonly temporaries: Tenancy<WebgpuStorage>;
  readonly parameters: GPUBuffer | undefined;
  /** Zero bytes for regions without elements: one buffer to read, one to write. */
  readonly emptyRead: GPUBuffer;
  readonly emptyWritten: GPUBuffer;
}

/**
 * A binding has room for an element of its array, which is a vec4 at most: WebGPU's rule, and wgpu holds to it. What lies
 * behind a smaller tensor is its own buffer's.
 */
const LEAST_BINDING_BYTES = 16;

/** Bind groups of later steps are made at every run: of a long loop there would be as many objects as it has steps. */
const KEPT_STEPS = 4096;

export class WebgpuProgram implements Program {
  readonly plan: Plan;
  /** Counted over all runs. */
  readonly counters = { dispatches: 0, submits: 0 };
  readonly segments: readonly Segment[];
  readonly memory: ProgramMemory;
  readonly #device: GPUDevice;
  readonly #dispatches: readonly Dispatch[];
  readonly #offsets: Uint32Array;
  /** Groups that have to be made anew when a storage is replaced by another. */
  readonly #dependents: Readonly<Record<"binding" | "slot", readonly (readonly Group[])[]>>;
  #bindings: readonly WebgpuStorage[] = [];
  #slots: readonly WebgpuStorage[] = [];
  /** Of the temporaries, when the slots were bound. */
  #version = -1;

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
    this.#dispatches = listing.calls.map(({ call, bounds, signature, ...listed }, i) => {
      const { pipeline, layout } = present(pipelines[i]);
      const key = JSON.stringify([signature, bounds]);
      const group = groups.get(key) ?? {
        layout,
        bounds,
        parameterBytes: signature.parameterBytes,
        made: [],
        isStepped: bounds.some(({ bytesPerStep }) => bytesPerStep > 0),
      };
      groups.set(key, group);
      const { offsetIndex, offsetsPerStep, place } = listed;
      return { pipeline, group, offsetIndex, offsetsPerStep, grid: call.grid, place };
    });
    const all = [...groups.values()];
    const dependents = (kind: "binding" | "slot", count: number): Group[][] => {
      const lists: Group[][] = Array.from({ length: count }, () => []);
      for (const group of all)
        for (const { source } of group.bounds)
          if (source.kind === kind) lists[source.place]?.push(group);
      return lists;
    };
    this.#dependents = {
      binding: dependents("binding", plan.bindings.length),
      slot: dependents("slot", plan.slots.length),
    };
  }

  /** Takes the storages of a run, and its temporaries as they lie now. */
  bind(bindings: readonly WebgpuStorage[], temporaries: SharedTemporaries<WebgpuStorage>): void {
    this.#forget("binding", this.#bindings, bindings);
    this.#bindings = bindings;
    if (this.#version === temporaries.version) return;
    this.#version = temporaries.version;
    const slots = temporaries.storagesOf(this.memory.temporaries);
    this.#forget("slot", this.#slots, slots);
    this.#slots = slots;
  }

  /** Groups that bind something else than before are made when they are next needed. */
  #forget(
    kind: "binding" | "slot",
    before: readonly WebgpuStorage[],
    now: readonly WebgpuStorage[],
  ): void {
    for (let i = 0; i < now.length; i++) {
      if (now[i] === before[i]) continue;
      for (const group of present(this.#dependents[kind][i])) group.made = [];
    }
  }

  /** The buffer behind a place of the plan, in the run that was bound last. */
  bufferOf({ source }: Bound): GPUBuffer {
    if (source.kind === "empty") {
      return source.place === EMPTY_WRITTEN ? this.memory.emptyWritten : this.memory.emptyRead;
    }
    const storages = source.kind === "slot" ? this.#slots : this.#bindings;
    return present(storages[source.place]).buffer;
  }

  /** Which call of the plan a dispatch is, as `callsOf` lists them. */
  placeOf(dispatch: number): number {
    return present(this.#dispatches[dispatch]).place;
  }

  /** One compute pass over segments without a visit of the host; `step` is that of a loop around them. */
  encode(
    encoder: GPUCommandEncoder,
    segments: readonly Segment[],
    step: number,
    descriptor?: GPUComputePassDescriptor,
  ): void {
    if (segments.length === 0) return;
    const pass: Pass = { encoder: encoder.beginComputePass(descriptor), pipeline: undefined };
    this.#encodeSegments(pass, segments, step);
    pass.encoder.end();
  }

  #encodeSegments(pass: Pass, segments: readonly Segment[], step: number): void {
    for (const segment of segments) {
      if (segment.kind === "dispatches") {
        for (let i = segment.from; i < segment.to; i++) {
          const dispatch = this.#dispatches[i];
          if (dispatch !== undefined) this.#encodeDispatch(pass, dispatch, step);
        }
      } else if (segment.kind === "loop") {
        const { count, reverse, body } = segment;
        for (let i = 0; i < count; i++)
          this.#encodeSegments(pass, body, reverse ? count - 1 - i : i);
      }
    }
  }

  #encodeDispatch(pass: Pass, dispatch: Dispatch, step: number): void {
    const { pipeline, group: ofDispatch, offsetIndex, offsetsPerStep, grid } = dispatch;
    const { encoder } = pass;
    if (pipeline !== pass.pipeline) {
      pass.pipeline = pipeline;
      encoder.setPipeline(pipeline);
    }
    const index = ofDispatch.isStepped ? step : 0;
    const group = ofDispatch.made[index] ?? this.#make(ofDispatch, index);
    if (offsetIndex < 0) encoder.setBindGroup(0, group);
    else encoder.setBindGroup(0, group, this.#offsets, offsetIndex + step * offsetsPerStep, 1);
    encoder.dispatchWorkgroups(grid[0], grid[1], grid[2]);
    this.counters.dispatches++;
  }

  #make(group: Group, step: number): GPUBindGroup {
    const entries: GPUBindGroupEntry[] = group.bounds.map((bound, binding) => {
      const buffer = this.bufferOf(bound);
      const offset = bound.byteOffset + step * bound.bytesPerStep;
      const size = Math.min(Math.max(bound.bytes, LEAST_BINDING_BYTES), buffer.size - offset);
      return { binding, resource: { buffer, offset, size } };
    });
    if (group.parameterBytes > 0) {
      const buffer = present(this.memory.parameters);
      entries.push({
        binding: entries.length,
        resource: { buffer, offset: 0, size: group.parameterBytes },
      });
    }
    const { layout } = group;
    const made = this.#device.createBindGroup({ label: "gradgpu", layout, entries });
    if (step < KEPT_STEPS) group.made[step] = made;
    return made;
  }
}
