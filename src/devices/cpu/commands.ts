import { KernelError } from "../../errors.ts";
import type { Arity, OpName } from "../../ops/vocabulary.ts";
import type { FallbackCall, KernelCall, Operand, Region } from "../../scheduler/lowering.ts";
import type { Plan } from "../../scheduler/plan.ts";
import { BYTES_PER_ELEMENT } from "../../tensor/dtype.ts";
import { bytesOf } from "../../tensor/shape.ts";
import { opcodes } from "./kernel-names.ts";
import type { FallbackGroup, FallbackOperand, ProgramImage, Segment } from "./messages.ts";

/** In a command's opcode: wait for all threads first. As in wasm/index.ts. */
const BARRIER = 0x80000000;
const OPERANDS_SHIFT = 16;

/** How a plan's work is divided. */
export interface Division {
  readonly threads: number;
  /** With fewer bytes of operands in all of its steps a program runs on one thread. */
  readonly parallelBytes: number;
}

/** Which inputs and outputs an op declares, in order. */
export type Declarations = {
  readonly [K in OpName]: {
    readonly inputs: Readonly<Record<string, Arity>>;
    readonly outputs: Readonly<Record<string, Arity>>;
  };
};

/**
 * A plan as command words: per kernel call [head, bytes of words, operand addresses…, words…]. Temporaries have
 * their address from the start; bindings are patched in when a run brings others than the run before.
 * @throws KernelError where the plan names a kernel that is not there.
 */
export function encodePlan(
  plan: Plan,
  slotAddresses: readonly number[],
  declarations: Declarations,
  { threads, parallelBytes }: Division,
): ProgramImage {
  const words: number[] = [];
  const patches: number[] = [];
  const segments: Segment[] = [];
  const place = (region: Region) => placeOf(plan, slotAddresses, region);
  let start = 0;
  const endSegment = () => {
    const end = words.length * 4;
    if (end > start) segments.push({ kind: "commands", start, end });
    start = end;
  };

  for (const { call, barrierBefore } of plan.steps) {
    if (isFallback(call)) {
      endSegment();
      segments.push(encodeFallback(call, declarations, place));
      continue;
    }
    const opcode = opcodes.get(call.kernel);
    if (opcode === undefined) {
      throw new KernelError(
        `load: every kernel of a plan must be in the cpu device's table; got "${call.kernel}". ` +
          "Plan with the traits of the device that runs the plan.",
      );
    }
    // All threads have left the segment before when the next one starts.
    const barrier = barrierBefore && words.length * 4 > start ? BARRIER : 0;
    const head = opcode + call.operands.length * 2 ** OPERANDS_SHIFT + barrier;
    words.push(head, (call.operands.length + call.words.length) * 4);
    for (const { region } of call.operands) {
      const { binding, offset } = place(region);
      if (binding >= 0) patches.push(words.length, binding, offset);
      words.push(binding >= 0 ? 0 : offset);
    }
    for (const word of call.words) words.push(word);
  }
  endSegment();
  return {
    words: Uint32Array.from(words),
    patches: Int32Array.from(patches),
    segments,
    threads: workBytes(plan) < parallelBytes ? 1 : threads,
  };
}

export function isFallback(call: KernelCall | FallbackCall): call is FallbackCall {
  return call.kernel === "fallback" && "op" in call;
}

function workBytes(plan: Plan): number {
  const operandBytes = ({ region }: Operand) => bytesOf(region.type);
  return plan.steps
    .flatMap(({ call }) => call.operands.map(operandBytes))
    .reduce((sum, bytes) => sum + bytes, 0);
}

function placeOf(
  plan: Plan,
  slotAddresses: readonly number[],
  region: Region,
): { binding: number; offset: number } {
  const buffer = plan.buffers[region.buffer];
  const offset = region.offset * BYTES_PER_ELEMENT;
  if (buffer?.kind === "binding") return { binding: buffer.place, offset };
  return { binding: -1, offset: (slotAddresses[buffer?.place ?? -1] ?? 0) + offset };
}

function encodeFallback(
  call: FallbackCall,
  declarations: Declarations,
  place: (region: Region) => { binding: number; offset: number },
): Segment {
  let next = 0;
  const take = (): FallbackOperand[] => {
    const operand = call.operands[next++];
    return operand === undefined ? [] : [{ ...place(operand.region), type: operand.region.type }];
  };
  const groups = (
    declared: Readonly<Record<string, Arity>>,
    present: Readonly<Record<string, number>>,
  ): FallbackGroup[] =>
    Object.entries(declared).map(([name, arity]) => ({
      name,
      arity,
      operands: Array.from({ length: present[name] ?? 0 }, take).flat(),
    }));
  const { inputs, outputs } = declarations[call.op];
  return {
    kind: "fallback",
    op: call.op,
    attrs: call.attrs,
    ins: groups(inputs, call.presentInputs),
    outs: groups(outputs, call.presentOutputs),
  };
}
