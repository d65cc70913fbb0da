/**
 * A device made of the reference kernels alone: slow, complete, in f32 on the host. It runs any plan, so that the
 * scheduler can be tested without the kernels of a real device, and every step of it can be read.
 */
import { isDebugBuild } from "../../debug.ts";
import { DeviceLostError, DisposedError, InternalError, OutOfMemoryError } from "../../errors.ts";
import type { GroupProgram } from "../../scheduler/group-program.ts";
import {
  type DeviceTraits,
  type FallbackCall,
  isFallback,
  type KernelCall,
  type Operand,
} from "../../scheduler/lowering.ts";
import { callsOf, type Plan, type Step } from "../../scheduler/plan.ts";
import { BYTES_PER_ELEMENT, type HostArray, viewAs } from "../../tensor/dtype.ts";
import { sizeOf } from "../../tensor/shape.ts";
import type { Device, DeviceMemory, Program, ReadRequest, Storage } from "../device.ts";
import { hostBuffer } from "../shared/host-buffer.ts";
import { OwnedResources } from "../shared/owned.ts";
import { checkBindings, checkRange } from "../shared/ranges.ts";
import { SharedTemporaries, type Tenancy } from "../shared/temporaries.ts";
import { runFallbackCall } from "./call.ts";
import { runGroup } from "./group.ts";
import { parseText, textOf } from "./program-text.ts";
import { referenceKernels } from "./table.ts";

const reason = { fallback: "the reference device has no other kernels" };

/** Calls of the reference device carry a group's program itself, as text. */
function call(
  kernel: "group" | "copy",
  operands: readonly Operand[],
  constants: KernelCall["constants"] = {},
): KernelCall {
  return { kernel, constants, operands, words: [], grid: [1, 1, 1] };
}

export const referenceTraits: DeviceTraits = {
  name: "reference",
  viewAlignment: 1,
  maxElementwiseOperands: 16,
  maxRegionBytes: Number.POSITIVE_INFINITY,
  // Every op of the vocabulary has a reference kernel: the table is total.
  lower: Object.fromEntries(
    Object.keys(referenceKernels).map((op) => [op, reason]),
  ) as DeviceTraits["lower"],
  groups: {
    takes: () => true,
    lower: ({ program, ins, outs }) => [
      call(
        "group",
        [
          ...ins.map((region): Operand => ({ region, access: "read" })),
          ...outs.map((region): Operand => ({ region, access: "write" })),
        ],
        { program: textOf(program) },
      ),
    ],
  },
  copy: (from, to) => [
    call("copy", [
      { region: from, access: "read" },
      { region: to, access: "write" },
    ]),
  ],
};

function noRoom(call: string, bytes: number): OutOfMemoryError {
  return new OutOfMemoryError(
    `${call}: the host's memory must hold all tensors; got no room for ${bytes} bytes. Use smaller batches, or dispose of tensors that are no longer needed.`,
  );
}

class HostStorage implements Storage {
  readonly bytes: number;
  memory: ArrayBuffer;

  constructor(bytes: number, isZeroed: boolean) {
    this.bytes = bytes;
    const size = Math.ceil(bytes / BYTES_PER_ELEMENT) * BYTES_PER_ELEMENT;
    this.memory = hostBuffer("allocate", size, noRoom);
    // NaN, so that whoever counts on zeros is found out.
    if (!isZeroed && isDebugBuild) new Uint8Array(this.memory).fill(255);
  }

  /** Whoever keeps the handle keeps no memory with it. */
  free(): void {
    this.memory = new ArrayBuffer(0);
  }
}

class HostProgram implements Program {
  readonly plan: Plan;
  readonly temporaries: Tenancy<HostStorage>;
  constructor(plan: Plan, temporaries: Tenancy<HostStorage>) {
    this.plan = plan;
    this.temporaries = temporaries;
  }
}

export class ReferenceDevice implements Device {
  readonly name = "reference";
  readonly description = "reference kernels";
  readonly clock = "host";
  readonly traits = referenceTraits;
  readonly lost: Promise<DeviceLostError>;
  readonly #storages = new OwnedResources(HostStorage, "a storage");
  readonly #programs = new OwnedResources(HostProgram, "a program");
  readonly #levels = new Set<HostStorage>();
  readonly #temporaries = new SharedTemporaries<HostStorage>({
    granularity: BYTES_PER_ELEMENT,
    allocate: (bytes) => {
      const level = new HostStorage(bytes, false);
      this.#levels.add(level);
      return level;
    },
    release: (level) => this.#levels.delete(level),
    resize: () => false,
  });
  #ended: DisposedError | undefined;
  #settleLost: (error: DeviceLostError) => void = () => {};

  constructor() {
    this.lost = new Promise((resolve) => {
      this.#settleLost = resolve;
    });
  }

  allocate(bytes: number, isZeroed = true): Storage {
    this.#check();
    return this.#storages.add(new HostStorage(bytes, isZeroed));
  }

  release(storage: Storage): void {
    if (this.#ended === undefined) this.#storages.remove("release", storage)?.free();
  }

  write(storage: Storage, byteOffset: number, data: HostArray): void {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    this.#bytesOf("write", storage, byteOffset, data.byteLength).set(bytes);
  }

  copy(from: Storage, fromOffset: number, to: Storage, toOffset: number, bytes: number): void {
    const source = this.#bytesOf("copy", from, fromOffset, bytes);
    this.#bytesOf("copy", to, toOffset, bytes).set(source);
  }

  async read(storage: Storage, byteOffset: number, bytes: number): Promise<ArrayBuffer> {
    const copy = hostBuffer("read", bytes);
    new Uint8Array(copy).set(this.#bytesOf("read", storage, byteOffset, bytes));
    return copy;
  }

  async load(plan: Plan): Promise<Program> {
    this.#check();
    const tenancy = this.#temporaries.claim(plan.slots);
    this.#temporaries.enter(tenancy);
    return this.#programs.add(new HostProgram(plan, tenancy));
  }

  growth(plan: Plan): number {
    return this.#temporaries.growth(plan.slots);
  }

  unload(program: Program): void {
    if (this.#ended !== undefined) return;
    const own = this.#programs.remove("unload", program);
    if (own !== undefined) this.#temporaries.leave(own.temporaries);
  }

  run(
    program: Program,
    bindings: readonly Storage[],
    reads: readonly ReadRequest[],
  ): Promise<ArrayBuffer>[] {
    this.#check();
    for (const { storage, byteOffset, bytes } of reads)
      this.#bytesOf("run", storage, byteOffset, bytes);
    this.#walk("run", program, bindings, runCall);
    return reads.map(({ storage, byteOffset, bytes }) => this.read(storage, byteOffset, bytes));
  }

  async profile(program: Program, bindings: readonly Storage[]): Promise<Float64Array> {
    this.#check();
    const times = new Float64Array(callsOf(program.plan.steps).length);
    this.#walk("profile", program, bindings, (call, arrays, place) => {
      const start = performance.now();
      runCall(call, arrays);
      times[place] = (times[place] ?? 0) + performance.now() - start;
    });
    return times;
  }

  #walk(name: string, program: Program, bindings: readonly Storage[], visit: Visit): void {
    const { plan, temporaries } = this.#programs.get(name, program);
    const storages = bindings.map((storage) => this.#storages.get(name, storage));
    checkBindings(plan, bindings);
    const slots = this.#temporaries.storagesOf(temporaries);
    const arrayOf: ArrayAt = ({ region }, step) => {
      const buffer = plan.buffers[region.buffer];
      const storage = (buffer?.kind === "binding" ? storages : slots)[buffer?.place ?? -1];
      if (storage === undefined) throw new InternalError("a step's buffer has no storage.");
      const { dtype, shape } = region.type;
      const offset = (buffer?.offset ?? 0) + region.offset + step * (region.perStep ?? 0);
      return viewAs(dtype, storage.memory, offset * BYTES_PER_ELEMENT, sizeOf(shape));
    };
    runSteps(plan.steps, { at: 0, place: 0 }, arrayOf, visit);
  }

  async synchronise(): Promise<void> {
    this.#check();
  }

  memory(): DeviceMemory {
    const held = [...this.#storages.values(), ...this.#levels];
    return {
      bytes: held.reduce((sum, { bytes }) => sum + bytes, 0),
      buffers: held.length,
      temporaryBytes: this.#temporaries.bytes,
      programBytes: 0,
      freeBytes: 0,
    };
  }

  async close(): Promise<void> {
    if (this.#ended !== undefined) return;
    this.#ended = new DisposedError(
      "reference: the device must be open; got a call after close(). Open a device again.",
    );
    this.#programs.clear();
    for (const storage of this.#storages.clear()) storage.free();
    this.#temporaries.clear();
    this.#levels.clear();
    this.#settleLost(
      new DeviceLostError("reference: the device must be open; got closed. Open a device again."),
    );
  }

  #check(): void {
    if (this.#ended !== undefined) throw this.#ended;
  }

  #bytesOf(call: string, storage: Storage, byteOffset: number, bytes: number): Uint8Array {
    this.#check();
    const { memory } = this.#storages.get(call, storage);
    checkRange(call, storage, byteOffset, bytes);
    return new Uint8Array(memory, byteOffset, bytes);
  }
}

/** The elements of an operand at a step of the loop around. */
type ArrayAt = (operand: Operand, step: number) => HostArray;

/** `place`: which call of the plan it is, as `callsOf` lists them. */
type Visit = (call: KernelCall | FallbackCall, arrays: readonly HostArray[], place: number) => void;

/** `at`: the step of the loop around. `place`: of the first call. */
function runSteps(
  steps: readonly Step[],
  { at, place }: { readonly at: number; readonly place: number },
  arrayAt: ArrayAt,
  visit: Visit,
): void {
  let next = place;
  for (const step of steps) {
    if (step.kind === "call") {
      const arrays = step.call.operands.map((operand) => arrayAt(operand, at));
      visit(step.call, arrays, next++);
    } else {
      const { count, reverse, body } = step;
      for (let i = 0; i < count; i++)
        runSteps(body, { at: reverse ? count - 1 - i : i, place: next }, arrayAt, visit);
      next += callsOf(body).length;
    }
  }
}

function runCall(call: KernelCall | FallbackCall, arrays: readonly HostArray[]): void {
  if (isFallback(call)) {
    const tensors = call.operands.map(({ region }, i) => ({
      type: region.type,
      data: arrays[i] ?? new Float32Array(),
    }));
    runFallbackCall(call, tensors);
  } else if (call.kernel === "copy") {
    const [from, to] = arrays;
    if (from !== undefined) to?.set(from);
  } else {
    const program = programOf(call);
    const inputs = program.inputs.length;
    runGroup(program, arrays.slice(0, inputs), arrays.slice(inputs));
  }
}

/** A call is run once for every step of training: its program is read once. */
const programs = new WeakMap<KernelCall, GroupProgram>();

function programOf(call: KernelCall): GroupProgram {
  const known = programs.get(call);
  if (known !== undefined) return known;
  const program = parseText(String(call.constants.program)) as GroupProgram;
  programs.set(call, program);
  return program;
}
