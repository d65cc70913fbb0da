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
import {
  type FallbackGroup,
  type FallbackOperand,
  LOOP,
  type ProgramImage,
  type Segment,
} from "./messages.ts";

/** In a command's opcode: wait for all threads first. As in wasm/index.ts. */
const BARRIER = 0x80000000;
const OPERANDS_SHIFT = 16;
/**
 * In place of an opcode: [operands that lie elsewhere at each step of the loop around, bytes of room, (operand, bytes a
 * step) for each, a command, room for every thread's own copy of it].
 */
const STEPPED = 0xfffe;
/** Rooms of two threads share no cache line. */
const ROOM_ALIGNMENT = 64;

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
  const encoder = new Encoder(plan, declarations, threads, slotOf);
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
  private readonly threads: number;
  private segments: Segment[] = [];
  /** Where the segment that is being written begins. */
  private start = 0;

  private readonly slotOf: (structure: string) => number;

  constructor(
    plan: Plan,
    declarations: Declarations,
    threads: number,
    slotOf: (structure: string) => number,
  ) {
    this.slotOf = slotOf;
    this.threads = threads;
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
    const barrier = this.barrier(barrierBefore);
    const stepped = steppedOf(call);
    if (stepped.length > 0) {
      const bytes = steppedBytes(call, this.threads);
      words.push(STEPPED + barrier, bytes.all - 8, stepped.length, bytes.room);
      for (const [operand, perStep] of stepped) words.push(operand, perStep * BYTES_PER_ELEMENT);
    }
    const start = words.length;
    words.push(head + (stepped.length > 0 ? 0 : barrier), (call.operands.length + own.length) * 4);
    for (const { region } of call.operands) {
      const { place, offset } = this.place(region);
      patches.push(words.length, place, offset);
      words.push(0);
    }
    for (const word of own) words.push(word);
    if (stepped.length === 0) return;
    const { room } = steppedBytes(call, this.threads);
    while (words.length < start + (wordsOf(call) * 4 + this.threads * room) / 4) words.push(0);
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

function callBytes({ operands }: KernelCall | FallbackCall): number {
  return operands.reduce((sum, { region }) => sum + bytesOf(region.type), 0);
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

/** Operands that lie elsewhere at each step of the loop around, with the elements that are between. */
function steppedOf({ operands }: KernelCall): (readonly [operand: number, perStep: number])[] {
  return operands.flatMap(({ region: { perStep = 0 } }, i) =>
    perStep === 0 ? [] : [[i, perStep] as const],
  );
}

/** Words of a call's command. */
function wordsOf({ operands, words, constants }: KernelCall): number {
  return 2 + operands.length + (constants.structure === undefined ? 0 : 1) + words.length;
}

/** Bytes of a command with stepped operands, and of each thread's room in it. */
function steppedBytes(call: KernelCall, threads: number): { all: number; room: number } {
  const bytes = 4 * wordsOf(call);
  const room = Math.ceil(bytes / ROOM_ALIGNMENT) * ROOM_ALIGNMENT;
  return { all: 16 + 8 * steppedOf(call).length + bytes + threads * room, room };
}

/** Bytes of the words of a plan, without encoding it. */
export function commandBytes(steps: readonly Step[], threads: number): number {
  return steps.reduce((sum, step) => {
    if (step.kind === "loop") {
      if (callsOf(step.body).some(({ call }) => isFallback(call)))
        return sum + commandBytes(step.body, threads);
      return sum + 16 + commandBytes(step.body, threads);
    }
    const { call } = step;
    if (isFallback(call)) return sum;
    const isStepped = steppedOf(call).length > 0;
    return sum + (isStepped ? steppedBytes(call, threads).all : 4 * wordsOf(call));
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
    if (operand === undefined) return [];
    const { type, perStep = 0 } = operand.region;
    return [{ ...place(operand.region), type, bytesPerStep: perStep * BYTES_PER_ELEMENT }];
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
