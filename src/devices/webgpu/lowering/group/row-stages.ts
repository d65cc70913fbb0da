/** What a stage adds to the functions of lib/group_stage: its totals, how two become one, and the terms of an element. */
import type { Combine } from "../../../../scheduler/group-program.ts";
import { floatBits } from "../../../../scheduler/lowering.ts";
import type { DType } from "../../../../tensor/dtype.ts";
import { fromWord } from "./instructions.ts";
import { elementArguments, printElements, registerName } from "./row-elements.ts";
import type { RowKernel } from "./row-kernel.ts";
import type { Reduce, Stage } from "./row-program.ts";

/**
 * The largest or smallest f32 is NaN where one of the terms is, which builtins lose: along with it goes the largest
 * size of a term by its bits, which is that of a NaN if there is one.
 */
function hasSize({ combine, dtype }: Reduce): boolean {
  return combine !== "sum" && dtype === "f32";
}

/** Reduction t of a stage, as its totals give it. */
export function totalOf(reduce: Reduce, totals: string, t: number): string {
  const total = `${totals}.t${t}`;
  const size = `${totals}.size${t}`;
  return hasSize(reduce) ? `select(${total}, bitcast<f32>(${size}), ${size} > 0x7f800000u)` : total;
}

export function declareStage(kernel: RowKernel, stage: Stage, s: number, suffix: string): string[] {
  const { layout, words } = kernel;
  const { parameters, given } = elementArguments(kernel, stage);
  const list = (print: (reduce: Reduce, t: number) => string, size: (t: number) => string) =>
    stage.reduces.flatMap(({ reduce }, t) => [
      print(reduce, t),
      ...(hasSize(reduce) ? [size(t)] : []),
    ]);
  const fields = list(
    ({ dtype }, t) => `t${t}: ${dtype},`,
    (t) => `size${t}: u32,`,
  );
  const neutral = list(
    ({ combine, dtype }) => neutralText(combine, dtype, (word) => words.word(word)),
    () => "0u",
  );
  const both = list(
    ({ combine }, t) => combined(combine, `a.t${t}`, `b.t${t}`),
    (t) => `max(a.size${t}, b.size${t})`,
  );
  const names = stage.reduces.map(({ reduce }) => registerName(kernel, reduce.x));
  const terms = list(
    (_, t) => names[t] ?? "",
    (t) => `bitcast<u32>(${names[t]}) & 0x7fffffffu`,
  );
  const one = (c: number) => `terms_${s}(${given(c)})`;
  const all =
    layout.width === 1
      ? one(0)
      : `combine_${s}(combine_${s}(${one(0)}, ${one(1)}), combine_${s}(${one(2)}, ${one(3)}))`;
  return [
    `struct Totals_${s} {`,
    ...fields,
    "}",
    `fn neutral_${s}() -> Totals_${s} {`,
    `return Totals_${s}(${neutral.join(", ")});`,
    "}",
    `fn combine_${s}(a: Totals_${s}, b: Totals_${s}) -> Totals_${s} {`,
    `return Totals_${s}(${both.join(", ")});`,
    "}",
    `fn terms_${s}(${parameters}) -> Totals_${s} {`,
    ...printElements(kernel, stage),
    `return Totals_${s}(${terms.join(", ")});`,
    "}",
    `fn term_${s}(known: Known, element: Element${suffix}) -> Totals_${s} {`,
    `return ${all};`,
    "}",
  ];
}

function combined(combine: Combine, a: string, b: string): string {
  return combine === "sum" ? `${a} + ${b}` : `${combine}(${a}, ${b})`;
}

/** The total of nothing. Bits, because WGSL cannot write an infinity. */
function neutralText(combine: Combine, dtype: DType, word: (value: number) => string): string {
  if (combine === "sum") return `${dtype}(0)`;
  return fromWord[dtype](word(neutralWord(combine, dtype)));
}

function neutralWord(combine: "max" | "min", dtype: DType): number {
  if (dtype === "f32") return floatBits(combine === "max" ? -Infinity : Infinity);
  if (dtype === "i32") return combine === "max" ? 0x80000000 : 0x7fffffff;
  return combine === "max" ? 0 : 0xffffffff;
}
