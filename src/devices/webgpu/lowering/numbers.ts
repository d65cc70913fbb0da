/**
 * Reductions of whole tensors to numbers, with the ops around them, as calls of reduce/numbers: one workgroup where that
 * is enough, else many that leave totals for a second call, which finishes.
 */
import type {
  Combine,
  FinishSite,
  KernelCall,
  Operand,
  ReductionSite,
  Region,
} from "../../../scheduler/lowering.ts";
import type { ElementwiseProgram } from "../../../scheduler/program.ts";
import type { DType } from "../../../tensor/dtype.ts";
import { sameShape, sizeOf, stridesOf } from "../../../tensor/shape.ts";
import type { WebgpuTarget } from "../target.ts";
import { isSameRegion, read, readWrite, write } from "./operand.ts";
import { at, printProgram } from "./print-program.ts";
import { combined, neutralWord } from "./reduce.ts";
import { wgslTypes } from "./scalars.ts";

/** What one workgroup reduces in less time than another dispatch takes to start: 64 elements an invocation. */
const ONE_WORKGROUP = 16384;
/** Elements of a part of more, and the most parts, which one workgroup combines. */
const PART = 4096;
const MAX_PARTS = 1024;
const THREADS = 256;

/** One value that is reduced: how, and what it is. */
interface Total {
  readonly combine: Combine;
  readonly dtype: DType;
}

/** Where the terms of a call come from. */
interface Terms {
  readonly count: number;
  readonly operands: readonly Operand[];
  readonly constants: Readonly<Record<string, number>>;
  /** Sizes and strides of the walk. */
  readonly words: readonly number[];
  readonly text: string;
}

export function lowerNumbers(target: WebgpuTarget, site: ReductionSite): KernelCall[] {
  const { terms, ins, combines, finish, scratch } = site;
  const totals = combines.map((combine, k): Total => {
    const register = at(terms.outputs, k);
    return { combine, dtype: at(terms.instructions, register).dtype };
  });
  const literals: number[] = [];
  const walked = walk(terms, ins, literals);
  const parts =
    walked.count <= ONE_WORKGROUP ? 1 : Math.min(MAX_PARTS, Math.ceil(walked.count / PART));
  if (parts === 1) return [call(target, totals, walked, literals, 1, finish)];
  const partial = scratch({ dtype: "u32", shape: [totals.length, parts] });
  return [
    call(target, totals, walked, literals, parts, partial),
    finishParts(target, totals, partial, parts, finish),
  ];
}

/** The call that combines the totals of `parts` parts, [totals, parts] words, and finishes. */
export function finishParts(
  target: WebgpuTarget,
  totals: readonly Total[],
  partial: Region,
  parts: number,
  finish: FinishSite,
): KernelCall {
  const values = totals.map(({ dtype }, k) => `bitcast<${wgslTypes[dtype]}>(v${k})`);
  const terms: Terms = {
    count: parts,
    operands: [read(partial)],
    constants: { INPUTS: totals.length, FLAT: totals.length, RANK: 0, PARTIAL: 1 },
    words: [],
    text: `return Totals(${values.join(", ")});`,
  };
  return call(target, totals, terms, [], 1, finish);
}

function walk(program: ElementwiseProgram, ins: readonly Region[], literals: number[]): Terms {
  const { shape, inputStrides } = program;
  const strides = (input: number) => inputStrides[input] ?? [];
  const isFlat = (input: number) => sameShape(strides(input), stridesOf(shape));
  const all = ins.map((_, i) => i);
  const strided = all.filter((i) => !isFlat(i));
  const order = [...all.filter(isFlat), ...strided];
  const rank = strided.every((i) => strides(i).every((n) => n === 0)) ? 0 : shape.length;
  const { lines } = printProgram(program, (input) => order.indexOf(input), literals);
  const values = program.outputs.map((register) => `r${register}`).join(", ");
  return {
    count: sizeOf(shape),
    operands: order.map((i) => read(at(ins, i))),
    constants: {
      INPUTS: ins.length,
      FLAT: ins.length - strided.length,
      RANK: rank,
      PARTIAL: 0,
    },
    words: rank === 0 ? [] : [...shape, ...strided.flatMap(strides)],
    text: [...lines, `return Totals(${values});`].join("\n"),
  };
}

function call(
  target: WebgpuTarget,
  totals: readonly Total[],
  terms: Terms,
  termLiterals: readonly number[],
  parts: number,
  to: FinishSite | Region,
): KernelCall {
  const literals = [...termLiterals];
  const last = "program" in to ? finishing(to, totals.length, literals) : storing(to);
  const fields = totals.map(({ dtype }, k) => `t${k}: ${wgslTypes[dtype]},`);
  const neutral = totals.map(({ dtype }, k) => `bitcast<${wgslTypes[dtype]}>(params.neutral_${k})`);
  const both = totals.map(({ combine, dtype }, k) =>
    combined(combine, `a.t${k}`, `b.t${k}`, dtype),
  );
  return {
    kernel: "reduce/numbers",
    constants: {
      REDUCTIONS: totals.length,
      ...terms.constants,
      ...last.constants,
      LITERALS: literals.length,
      THREADS: threadsFor(target, terms.count, totals.length),
      TOTALS: fields.join("\n"),
      NEUTRAL: neutral.join(", "),
      COMBINE: `return Totals(${both.join(", ")});`,
      TERMS: terms.text,
    },
    operands: [...last.operands, ...terms.operands],
    words: [
      ...[terms.count, Math.ceil(terms.count / parts), parts],
      ...terms.words,
      ...totals.map(({ combine, dtype }) => neutralWord(combine, dtype)),
      ...literals,
    ],
    grid: [parts, 1, 1],
  };
}

/** Fewer invocations for few elements, and where many totals would not fit into workgroup memory. */
function threadsFor({ limits }: WebgpuTarget, count: number, totals: number): number {
  const room = Math.floor(limits.maxComputeWorkgroupStorageSize / (4 * totals));
  const most = Math.min(THREADS, limits.maxComputeInvocationsPerWorkgroup, room);
  const wanted = count <= 64 ? 64 : THREADS;
  return 2 ** Math.floor(Math.log2(Math.max(1, Math.min(most, wanted))));
}

interface Ending {
  readonly operands: readonly Operand[];
  readonly constants: Readonly<Record<string, number | string>>;
}

function storing(partial: Region): Ending {
  return {
    operands: [write(partial)],
    constants: { OUTPUTS: 1, NUMBERS: 0, INPLACE: 0, FINISH: 0 },
  };
}

/** Numbers that are updated in place come first, and so do their results. */
function finishing(
  { program, numbers, outs }: FinishSite,
  totals: number,
  literals: number[],
): Ending {
  const updates = outs.flatMap((out, o) => {
    const n = numbers.findIndex((number) => isSameRegion(number, out));
    return n === -1 ? [] : [{ o, n }];
  });
  const updated = updates.map(({ n }) => n);
  const order = [...updated, ...numbers.map((_, n) => n).filter((n) => !updated.includes(n))];
  const written = updates.map(({ o }) => o);
  const outOrder = [...written, ...outs.map((_, o) => o).filter((o) => !written.includes(o))];
  const place = (input: number) =>
    input < totals ? input : totals + order.indexOf(input - totals);
  const { lines, words } = printProgram(program, place, literals);
  const results = outOrder.map((o) => at(words, o)).join(", ");
  return {
    operands: [
      ...outOrder.map((o, i) => (i < updates.length ? readWrite(at(outs, o)) : write(at(outs, o)))),
      ...order.slice(updates.length).map((n) => read(at(numbers, n))),
    ],
    constants: {
      OUTPUTS: outs.length,
      NUMBERS: numbers.length,
      INPLACE: updates.length,
      FINISH: 1,
      FINISHED: [...lines, `return Results(${results});`].join("\n"),
    },
  };
}
