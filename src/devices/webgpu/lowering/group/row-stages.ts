/** What a stage adds to the functions of lib/group_stage: its totals, how two become one, and the terms of an element. */
import type { Combine } from "../../../../scheduler/group-program.ts";
import { floatBits } from "../../../../scheduler/lowering.ts";
import type { DType } from "../../../../tensor/dtype.ts";
import { wgslBinary } from "../scalars.ts";
import { fromWord } from "./instructions.ts";
import { elementArguments, printElements, registerName } from "./row-elements.ts";
import type { RowKernel } from "./row-kernel.ts";
import type { Stage } from "./row-program.ts";

export function declareStage(kernel: RowKernel, stage: Stage, s: number, suffix: string): string[] {
  const { layout, words } = kernel;
  const { parameters, given } = elementArguments(kernel, stage);
  const list = (print: (combine: Combine, dtype: DType, t: number) => string) =>
    stage.reduces.map(({ reduce }, t) => print(reduce.combine, reduce.dtype, t));
  const neutral = list((combine, dtype) => neutralText(combine, dtype, (word) => words.word(word)));
  const both = list((combine, dtype, t) => combined(combine, `a.t${t}`, `b.t${t}`, dtype));
  const terms = stage.reduces.map(({ reduce }) => registerName(kernel, reduce.x));
  const one = (c: number) => `terms_${s}(${given(c)})`;
  const all =
    layout.width === 1
      ? one(0)
      : `combine_${s}(combine_${s}(${one(0)}, ${one(1)}), combine_${s}(${one(2)}, ${one(3)}))`;
  return [
    `struct Totals_${s} {`,
    ...list((_, dtype, t) => `t${t}: ${dtype},`),
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

/** Two totals combined, as a WGSL expression. */
function combined(combine: Combine, a: string, b: string, dtype: DType): string {
  return wgslBinary[combine === "sum" ? "add" : combine](a, b, dtype);
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
