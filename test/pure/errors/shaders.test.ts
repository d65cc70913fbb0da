/** What the preprocessor of shaders says: file, line, what must hold, what stands there. */
import { specialise } from "../../../src/devices/webgpu/specialise.ts";
import { type ErrorRow, holdTexts } from "../../support/error-rows.ts";

const constants = { HALF: 0.5, TEXT: "text", N: 1 };

/** A fault of the line `$(expression)`. */
const expression = (text: string, fault: string): ErrorRow => [
  `relu, line 1: ${fault}; got "$(${text})".`,
  () => specialise(`  $(${text})`, constants, "relu"),
];
const expressions: readonly ErrorRow[] = [
  expression("1 2", '"2" is not expected in "1 2"'),
  expression("*", '"*" is not expected'),
  expression("1 / 0", '"/" must give a whole number'),
  expression("1 + (2 3)", "( must be closed by )"),
  expression("1 +", "an expression must not end here"),
  expression("NONE", "NONE must be one of the constants or loop variables"),
  expression("HALF", "HALF must be a whole number, is 0.5"),
  expression("TEXT + 1", "a text constant must stand alone"),
];

const file = (fault: string, ...lines: readonly string[]): ErrorRow => [
  `relu, line ${fault}.`,
  () => specialise(lines.join("\n"), constants, "relu", { relu: "" }),
];
const directives: readonly ErrorRow[] = [
  file(
    '2: a directive must be #include, #for, #if, or the #else or #end of one; got "#end"',
    "a",
    "#end",
  ),
  file('1: the block must be closed by #end; got "#for i in 0..2"', "#for i in 0..2", "a"),
  file('1: a loop must read #for name in from..to; got "#for i of 0..2"', "#for i of 0..2", "#end"),
  file('1: a loop has no #else; got "#for i in 0..2"', "#for i in 0..2", "#else", "#end"),
  file('1: a condition has one #else at most; got "#if 1"', "#if 1", "#else", "#else", "#end"),
  file('1: N must not be a name already; got "#for N in 0..2"', "#for N in 0..2", "#end"),
  file('1: $( must be closed by ) on the same line; got "$((1)"', "$((1)"),
  file('1: #include must name a file in shaders/; got "#include none"', "#include none"),
  file(
    '1: what a file is given must read #include path with name = value, …; got "#include relu with N"',
    "#include relu with N",
  ),
  file('1: relu must not include itself; got "#include relu"', "#include relu"),
];

holdTexts([...expressions, ...directives]);
