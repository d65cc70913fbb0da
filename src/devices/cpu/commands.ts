import { KernelError } from "../../errors.ts";
import {
  type FallbackCall,
  isFallback,
  type KernelCall,
  type Region,
} from "../../scheduler/lowering.ts";
import type { LoopStep, Plan, Step } from "../../scheduler/plan.ts";
import { BYTES_PER_ELEMENT } from "../../tensor/dtype.ts";
import { bytesOf } from "../../tensor/shape.ts";
import { opcodes } from "./kernel-names.ts";
import { LOOP, type ProgramImage } from "./messages.ts";

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

/**
 * A plan as command words: per kernel call [head, bytes of words, operand addresses…, words…]. Addresses are patched in
 * when a run brings other bindings than the run before, or when temporaries have moved.
 * `slotOf` gives the emitted function of a structure, by its text.
 * @throws KernelError where the plan names a kernel that is not there.
 */
export function encodePlan(
  plan: Plan,
  { threads, parallelBytes }: Division,
  slotOf: (structure: string) => number,
): ProgramImage {
  const encoder = new Encoder(plan, threads, slotOf);
  encoder.encode(plan.steps);
  return {
    words: Uint32Array.from(encoder.words),
    patches: Int32Array.from(encoder.patches),
    bindings: plan.bindings.length,
    threads: workBytes(plan.steps) < parallelBytes * (1 + barriersIn(plan.steps)) ? 1 : threads,
  };
}

class Encoder {
  readonly words: number[] = [];
  readonly patches: number[] = [];
  private readonly plan: Plan;
  private readonly threads: number;
  private readonly slotOf: (structure: string) => number;

  constructor(plan: Plan, threads: number, slotOf: (structure: string) => number) {
    this.slotOf = slotOf;
    this.threads = threads;
    this.plan = plan;
  }

  encode(steps: readonly Step[]): void {
    for (const step of steps) {
      if (step.kind === "loop") this.loop(step);
      else this.command(step.call, step.barrierBefore);
    }
  }

  private command(call: KernelCall | FallbackCall, barrierBefore: boolean): void {
    const opcode = opcodes.get(call.kernel);
    if (opcode === undefined || isFallback(call)) {
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
      const { place, offset } = placeOf(this.plan, region);
      patches.push(words.length, place, offset);
      words.push(0);
    }
    for (const word of own) words.push(word);
    if (stepped.length === 0) return;
    const { room } = steppedBytes(call, this.threads);
    while (words.length < start + (wordsOf(call) * 4 + this.threads * room) / 4) words.push(0);
  }

  /** A command that holds those of its body. */
  private loop({ count, reverse, body, barrierBefore }: LoopStep): void {
    const { words } = this;
    const head = words.push(LOOP + this.barrier(barrierBefore), 0, count, reverse ? 1 : 0) - 4;
    this.encode(body);
    words[head + 1] = (words.length - head - 2) * 4;
  }

  /** All threads have left the program before when the next one starts. */
  private barrier(isNeeded: boolean): number {
    return isNeeded && this.words.length > 0 ? BARRIER : 0;
  }
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
    if (step.kind === "loop") return sum + 16 + commandBytes(step.body, threads);
    const { call } = step;
    if (isFallback(call)) return sum;
    const isStepped = steppedOf(call).length > 0;
    return sum + (isStepped ? steppedBytes(call, threads).all : 4 * wordsOf(call));
  }, 0);
}
