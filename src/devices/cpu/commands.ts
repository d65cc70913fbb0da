import { KernelError } from "../../errors.ts";
import type { Arity, OpName } from "../../ops/vocabulary.ts";
import {
  type FallbackCall,
  isFallback,
  type KernelCall,
  type Region,
} from "../../scheduler/lowering.ts";
import { callsOf, type LoopStep, type Plan, type Step } from "../../scheduler/plan.ts";
import { BYTES_PER_ELEMENT } from "../../tensor/dtype.ts";
import { bytesOf } from "../../tensor/shape.ts";
import { opcodes } from "./kernel-names.ts";
import type { FallbackGroup, FallbackOperand, ProgramImage, Segment } from "./messages.ts";

/** In a command's opcode: wait for all threads first. As in wasm/index.ts. */
const BARRIER = 0x80000000;
const OPERANDS_SHIFT = 16;
/** In place of an opcode: the commands that follow, [count, is reverse, commands…], are a loop's body. */
const LOOP = 0xffff;

/** How a plan's work is divided. */
export interface Division {
  readonly threads: number;
  /**
   * A program is divided where its steps have so many bytes of operands for waking the threads, and as many more for
   * each time that they wait for each other. A smaller one runs on one thread.
   */
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
 * A plan as command words: per kernel call [head, bytes of words, operand addresses…, words…]. Addresses are patched in
 * when a run brings other bindings than the run before, or when temporaries have moved.
 * `slotOf` gives the emitted function of a structure, by its text.
 * @throws KernelError where the plan names a kernel that is not there.
 */
export function encodePlan(
  plan: Plan,
  declarations: Declarations,
  { threads, parallelBytes }: Division,
  slotOf: (structure: string) => number,
): ProgramImage {
  const encoder = new Encoder(plan, declarations, slotOf);
  const segments = encoder.segmentsOf(plan.steps);
  return {
    words: Uint32Array.from(encoder.words),
    patches: Int32Array.from(encoder.patches),
    segments,
    bindings: plan.bindings.length,
    threads: workBytes(plan.steps) < parallelBytes * (1 + barriersIn(plan.steps)) ? 1 : threads,
  };
}

class Encoder {
  readonly words: number[] = [];
  readonly patches: number[] = [];
  private readonly plan: Plan;
  private readonly declarations: Declarations;
  private segments: Segment[] = [];
  /** Where the segment that is being written begins. */
  private start = 0;

  private readonly slotOf: (structure: string) => number;

  constructor(plan: Plan, declarations: Declarations, slotOf: (structure: string) => number) {
    this.slotOf = slotOf;
    this.plan = plan;
    this.declarations = declarations;
  }

  segmentsOf(steps: readonly Step[]): Segment[] {
    const outer = this.segments;
    this.segments = [];
    this.encode(steps);
    this.endSegment();
    const own = this.segments;
    this.segments = outer;
    return own;
  }

  private encode(steps: readonly Step[]): void {
    for (const step of steps) {
      if (step.kind === "loop") this.loop(step);
      else if (isFallback(step.call)) {
        this.endSegment();
        this.segments.push(encodeFallback(step.call, this.declarations, this.place));
      } else this.command(step.call, step.barrierBefore);
    }
  }

  private command(call: KernelCall, barrierBefore: boolean): void {
    const opcode = opcodes.get(call.kernel);
    if (opcode === undefined) {
      throw new KernelError(
        `load: every kernel of a plan must be in the cpu device's table; got "${call.kernel}". ` +
          "Plan with the traits of the device that runs the plan.",
      );
    }
    const { words, patches } = this;
    const { structure } = call.constants;
    const own =
      typeof structure === "string" ? [this.slotOf(structure), ...call.words] : call.words;
    const head = opcode + call.operands.length * 2 ** OPERANDS_SHIFT;
    words.push(head + this.barrier(barrierBefore), (call.operands.length + own.length) * 4);
    for (const { region } of call.operands) {
      const { place, offset } = this.place(region);
      patches.push(words.length, place, offset);
      words.push(0);
    }
    for (const word of own) words.push(word);
  }

  /** A command that holds those of its body; where one of them is on the fallback, a segment of segments. */
  private loop({ count, reverse, body, barrierBefore }: LoopStep): void {
    if (callsOf(body).some(({ call }) => isFallback(call))) {
      this.endSegment();
      this.segments.push({ kind: "loop", count, reverse, segments: this.segmentsOf(body) });
      return;
    }
    const { words } = this;
    const head = words.push(LOOP + this.barrier(barrierBefore), 0, count, reverse ? 1 : 0) - 4;
    this.encode(body);
    words[head + 1] = (words.length - head - 2) * 4;
  }

  /** All threads have left the segment before when the next one starts. */
  private barrier(isNeeded: boolean): number {
    return isNeeded && this.words.length * 4 > this.start ? BARRIER : 0;
  }

  private endSegment(): void {
    const { start } = this;
    const end = this.words.length * 4;
    if (end > start) this.segments.push({ kind: "commands", start, end });
    this.start = end;
  }

  private readonly place = (region: Region) => placeOf(this.plan, region);
}

function workBytes(steps: readonly Step[]): number {
  return steps.reduce(
    (sum, step) =>
      sum + (step.kind === "loop" ? step.count * workBytes(step.body) : callBytes(step.call)),
    0,
  );
}

function callBytes({ kernel, operands }: KernelCall | FallbackCall): number {
  const bytes = operands.map(({ region }) => bytesOf(region.type));
  // Of the whole sequence a step's slice is copied.
  if (kernel === "copyStep") return 2 * Math.min(...bytes);
  return bytes.reduce((sum, own) => sum + own, 0);
}

function barriersIn(steps: readonly Step[]): number {
  return steps.reduce((sum, step) => {
    // The steps of a loop wait for each other.
    const inside = step.kind === "loop" ? step.count * (1 + barriersIn(step.body)) : 0;
    return sum + (step.barrierBefore ? 1 : 0) + inside;
  }, 0);
}

/** Places of a program: its bindings, then its slots. */
function placeOf(plan: Plan, region: Region): { place: number; offset: number } {
  const buffer = plan.buffers[region.buffer];
  const first = buffer?.kind === "binding" ? 0 : plan.bindings.length;
  return {
    place: first + (buffer?.place ?? -1),
    offset: ((buffer?.offset ?? 0) + region.offset) * BYTES_PER_ELEMENT,
  };
}

/** Bytes of the words of a plan, without encoding it. */
export function commandBytes(steps: readonly Step[]): number {
  return steps.reduce((sum, step) => {
    if (step.kind === "loop") {
      if (callsOf(step.body).some(({ call }) => isFallback(call)))
        return sum + commandBytes(step.body);
      return sum + 16 + commandBytes(step.body);
    }
    if (isFallback(step.call)) return sum;
    const { operands, words, constants } = step.call;
    const slot = constants.structure === undefined ? 0 : 1;
    return sum + 4 * (2 + operands.length + slot + words.length);
  }, 0);
}

function encodeFallback(
  call: FallbackCall,
  declarations: Declarations,
  place: (region: Region) => { place: number; offset: number },
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
