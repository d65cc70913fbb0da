/**
 * A device made of the reference kernels alone: slow, complete, in f32 on the host. It runs any plan, so that the
 * scheduler can be tested without the kernels of a real device, and every step of it can be read.
 */
import { type DeviceLostError, InternalError } from "../../errors.ts";
import {
  type DeviceTraits,
  type FallbackCall,
  isFallback,
  type KernelCall,
  type Operand,
  type Region,
} from "../../scheduler/lowering.ts";
import type { Plan, Step } from "../../scheduler/plan.ts";
import type { ElementwiseProgram } from "../../scheduler/program.ts";
import { BYTES_PER_ELEMENT, type HostArray, viewAs } from "../../tensor/dtype.ts";
import { sizeOf } from "../../tensor/shape.ts";
import type { Device, Program, ReadRequest, Storage } from "../device.ts";
import { runFallbackCall } from "./call.ts";
import { runElementwise } from "./elementwise.ts";
import { type ReductionPrograms, runReduction } from "./reduction.ts";
import { referenceKernels } from "./table.ts";

const reason = { fallback: "the reference device has no other kernels" };

/** Calls of the reference device carry the elementwise program itself, as text. */
function call(
  kernel: "elementwise" | "reduction" | "copy",
  operands: readonly Operand[],
  rest: Partial<Pick<KernelCall, "constants" | "words" | "perStep">> = {},
): KernelCall {
  return { kernel, constants: {}, operands, words: [], grid: [1, 1, 1], ...rest };
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
  elementwise: ({ program, ins, outs }) => [
    call(
      "elementwise",
      [
        ...ins.map((region): Operand => ({ region, access: "read" })),
        ...outs.map((region): Operand => ({ region, access: "write" })),
      ],
      { constants: { program: JSON.stringify(program) } },
    ),
  ],
  reduction: ({ terms, ins, combines, finish }) => [
    call(
      "reduction",
      [
        ...[...ins, ...finish.numbers].map((region): Operand => ({ region, access: "read" })),
        ...finish.outs.map((region): Operand => ({ region, access: "write" })),
      ],
      {
        constants: {
          inputs: ins.length,
          numbers: finish.numbers.length,
          programs: JSON.stringify({ terms, combines, finish: finish.program }),
        },
      },
    ),
  ],
  copy: (from, to) => [copyCall(from, to)],
  copyStep: (whole, slice, direction) => {
    const length = sizeOf(slice.type.shape);
    return direction === "toSlice"
      ? [copyCall(whole, slice, [length, 0])]
      : [copyCall(slice, whole, [0, length])];
  },
};

/** Words: the first element on both sides, and what it grows by with the step. */
function copyCall(from: Region, to: Region, perStep: readonly number[] = [0, 0]): KernelCall {
  return call(
    "copy",
    [
      { region: from, access: "read" },
      { region: to, access: "write" },
    ],
    { words: [0, 0], perStep },
  );
}

class HostStorage implements Storage {
  readonly bytes: number;
  readonly memory: ArrayBuffer;

  constructor(bytes: number) {
    this.bytes = bytes;
    this.memory = new ArrayBuffer(Math.ceil(bytes / BYTES_PER_ELEMENT) * BYTES_PER_ELEMENT);
  }
}

interface HostProgram extends Program {
  readonly slots: readonly HostStorage[];
}

export class ReferenceDevice implements Device {
  readonly name = "reference";
  readonly description = "reference kernels";
  readonly traits = referenceTraits;
  readonly lost: Promise<DeviceLostError> = new Promise(() => {});
  readonly #held = new Set<Storage>();

  allocate(bytes: number): Storage {
    const storage = new HostStorage(bytes);
    this.#held.add(storage);
    return storage;
  }

  release(storage: Storage): void {
    this.#held.delete(storage);
  }

  write(storage: Storage, byteOffset: number, data: HostArray): void {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    new Uint8Array(memoryOf(storage)).set(bytes, byteOffset);
  }

  copy(from: Storage, fromOffset: number, to: Storage, toOffset: number, bytes: number): void {
    new Uint8Array(memoryOf(to)).set(new Uint8Array(memoryOf(from), fromOffset, bytes), toOffset);
  }

  async read(storage: Storage, byteOffset: number, bytes: number): Promise<ArrayBuffer> {
    return memoryOf(storage).slice(byteOffset, byteOffset + bytes);
  }

  async load(plan: Plan): Promise<Program> {
    const program: HostProgram = { plan, slots: plan.slots.map((bytes) => new HostStorage(bytes)) };
    for (const slot of program.slots) this.#held.add(slot);
    return program;
  }

  unload(program: Program): void {
    for (const slot of (program as HostProgram).slots) this.#held.delete(slot);
  }

  run(
    program: Program,
    bindings: readonly Storage[],
    reads: readonly ReadRequest[],
  ): Promise<ArrayBuffer>[] {
    const { plan, slots } = program as HostProgram;
    const arrayOf = ({ region }: Operand): HostArray => {
      const buffer = plan.buffers[region.buffer];
      const storage = (buffer?.kind === "binding" ? bindings : slots)[buffer?.place ?? -1];
      if (storage === undefined) throw new InternalError("a step's buffer has no storage.");
      const { dtype, shape } = region.type;
      return viewAs(dtype, memoryOf(storage), region.offset * BYTES_PER_ELEMENT, sizeOf(shape));
    };
    runSteps(plan.steps, 0, arrayOf);
    return reads.map(({ storage, byteOffset, bytes }) => this.read(storage, byteOffset, bytes));
  }

  async synchronise(): Promise<void> {}

  memory(): { readonly bytes: number; readonly buffers: number } {
    const bytes = [...this.#held].reduce((sum, storage) => sum + storage.bytes, 0);
    return { bytes, buffers: this.#held.size };
  }

  async close(): Promise<void> {
    this.#held.clear();
  }
}

function memoryOf(storage: Storage): ArrayBuffer {
  if (storage instanceof HostStorage) return storage.memory;
  throw new InternalError("a storage of another device was handed in.");
}

/** `at`: the step of the loop around. */
function runSteps(
  steps: readonly Step[],
  at: number,
  arrayOf: (operand: Operand) => HostArray,
): void {
  for (const step of steps) {
    if (step.kind === "call") runCall(step.call, at, step.call.operands.map(arrayOf));
    else {
      for (let i = 0; i < step.count; i++)
        runSteps(step.body, step.reverse ? step.count - 1 - i : i, arrayOf);
    }
  }
}

function runCall(
  call: KernelCall | FallbackCall,
  step: number,
  arrays: readonly HostArray[],
): void {
  if (isFallback(call)) {
    const tensors = call.operands.map(({ region }, i) => ({
      type: region.type,
      data: arrays[i] ?? new Float32Array(),
    }));
    runFallbackCall(call, tensors);
  } else if (call.kernel === "copy") {
    const [from, to] = arrays;
    const [source = 0, target = 0] = call.words.map(
      (word, i) => word + step * (call.perStep?.[i] ?? 0),
    );
    if (from === undefined || to === undefined) return;
    const count = Math.min(from.length, to.length);
    to.set(from.subarray(source, source + count), target);
  } else if (call.kernel === "reduction") {
    const programs = JSON.parse(String(call.constants.programs)) as ReductionPrograms;
    const inputs = Number(call.constants.inputs);
    const read = inputs + Number(call.constants.numbers);
    runReduction(programs, arrays.slice(0, inputs), arrays.slice(inputs, read), arrays.slice(read));
  } else {
    const program = JSON.parse(String(call.constants.program)) as ElementwiseProgram;
    const inputs = program.inputStrides.length;
    runElementwise(program, arrays.slice(0, inputs), arrays.slice(inputs));
  }
}
