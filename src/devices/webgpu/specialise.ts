/**
 * The one mechanism that specialises WGSL: a preprocessor over lines. `override` constants cannot do it, because
 * register tiles need unrolled code in which every index is a literal. Documented in shaders/README.md.
 *
 *     $(expr)              the value of an integer expression, or the text of a text constant
 *     #for i in A..B       the lines up to #end once for every i = A … B-1
 *     #if expr, #else      the lines up to #else or #end where expr is not 0 (a text: where it is not empty)
 *     #end
 *     #include path        the lines of another file, in the place and with the names of this line, and with those that are
 *                          given: #include path with name = expr, name = "text"
 */
import { KernelError } from "../../errors.ts";
import { type Expression, parseExpression, type Scope } from "./expression.ts";

export type Constants = Readonly<Record<string, number | string>>;

/** A line is text and expressions in turn. */
interface Line {
  readonly number: number;
  readonly parts: readonly (string | Expression)[];
}
interface Loop {
  readonly number: number;
  readonly variable: string;
  readonly from: Expression;
  readonly to: Expression;
  readonly body: Block;
}
interface Condition {
  readonly number: number;
  readonly test: Expression;
  readonly then: Block;
  readonly otherwise: Block;
}
/** Another file, whose faults name that file and its lines, and the names that it is given. */
interface Inclusion {
  readonly number: number;
  readonly file: Block;
  readonly given: readonly (readonly [name: string, value: Expression])[];
  readonly fail: Fail;
}
type Block = (Line | Loop | Condition | Inclusion)[];

/** Where the files that are included come from: paths without ending, as `shaders` has them. */
export type Sources = Readonly<Record<string, string>>;

/**
 * The WGSL of `source` with `constants` put in and files of `sources` included.
 * @throws KernelError that names `shader`, or the file included by it, and the line
 */
export function specialise(
  source: string,
  constants: Constants,
  shader = "shader",
  sources: Sources = {},
): string {
  const reader = readerOf(source, shader, [shader], sources);
  const block = readBlock(reader, undefined);
  const out: string[] = [];
  render(block, new Map(Object.entries(constants)), out, reader.fail);
  return out.join("\n");
}

type Fail = (line: number, problem: string) => KernelError;

interface Reader {
  readonly lines: readonly string[];
  readonly sources: Sources;
  /** From the shader to this file: a file of them cannot be included once more. */
  readonly files: readonly string[];
  readonly fail: Fail;
  next: number;
}

function readerOf(
  source: string,
  name: string,
  files: readonly string[],
  sources: Sources,
): Reader {
  const lines = source.split("\n");
  const fail: Fail = (line, problem) =>
    new KernelError(`${name}, line ${line}: ${problem}; got "${(lines[line - 1] ?? "").trim()}".`);
  return { lines, sources, files, fail, next: 0 };
}

/** Reads up to the `#end` or `#else` of the block that was opened at line `opened`, or to the end of the file. */
function readBlock(reader: Reader, opened: number | undefined): Block {
  const block: Block = [];
  while (reader.next < reader.lines.length) {
    const text = reader.lines[reader.next] ?? "";
    const number = reader.next + 1;
    const directive = /^\s*#(\w*)\s*(.*?)\s*$/.exec(text);
    if (directive === null) {
      block.push({ number, parts: splitLine(text, number, reader.fail) });
      reader.next++;
      continue;
    }
    const [, word = "", rest = ""] = directive;
    if ((word === "end" || word === "else") && opened !== undefined) return block;
    reader.next++;
    if (word === "for") block.push(readLoop(reader, number, rest));
    else if (word === "if") block.push(readCondition(reader, number, rest));
    else if (word === "include") block.push(readInclusion(reader, number, rest));
    else
      throw reader.fail(
        number,
        "a directive must be #include, #for, #if, or the #else or #end of one",
      );
  }
  if (opened !== undefined) throw reader.fail(opened, "the block must be closed by #end");
  return block;
}

function readLoop(reader: Reader, number: number, rest: string): Loop {
  const head = /^(\w+)\s+in\s+(.+?)\.\.(.+)$/.exec(rest);
  if (head === null) throw reader.fail(number, "a loop must read #for name in from..to");
  const [, variable = "", from = "", to = ""] = head;
  const body = readBlock(reader, number);
  if (!closes(reader, "end")) throw reader.fail(number, "a loop has no #else");
  return {
    number,
    variable,
    from: parse(from, number, reader.fail),
    to: parse(to, number, reader.fail),
    body,
  };
}

function readCondition(reader: Reader, number: number, rest: string): Condition {
  const test = parse(rest, number, reader.fail);
  const then = readBlock(reader, number);
  if (closes(reader, "end")) return { number, test, then, otherwise: [] };
  const otherwise = readBlock(reader, number);
  if (!closes(reader, "end")) throw reader.fail(number, "a condition has one #else at most");
  return { number, test, then, otherwise };
}

function readInclusion({ sources, files, fail }: Reader, number: number, rest: string): Inclusion {
  const [path = "", names] = rest.split(/\s+with\s+/);
  const given = (names?.split(",") ?? []).map((one) => {
    const [, name, value] = /^\s*(\w+)\s*=(.+)$/.exec(one) ?? [];
    if (name === undefined || value === undefined)
      throw fail(number, "what a file is given must read #include path with name = value, …");
    return [name, parse(value, number, fail)] as const;
  });
  const source = Object.hasOwn(sources, path) ? sources[path] : undefined;
  if (source === undefined) throw fail(number, "#include must name a file in shaders/");
  if (files.includes(path)) throw fail(number, `${path} must not include itself`);
  const name = `${path} (included by ${files.at(-1)}, line ${number})`;
  const reader = readerOf(source, name, [...files, path], sources);
  return { number, file: readBlock(reader, undefined), given, fail: reader.fail };
}

/** Steps over the directive that ended a block; says whether it was `word`. */
function closes(reader: Reader, word: string): boolean {
  const text = reader.lines[reader.next++] ?? "";
  return text.trim() === `#${word}`;
}

function splitLine(text: string, number: number, fail: Fail): (string | Expression)[] {
  const parts: (string | Expression)[] = [];
  let from = 0;
  for (let at = text.indexOf("$("); at >= 0; at = text.indexOf("$(", from)) {
    let depth = 1;
    let end = at + 2;
    while (depth > 0 && end < text.length) {
      const character = text[end++];
      if (character === "(") depth++;
      else if (character === ")") depth--;
    }
    if (depth > 0) throw fail(number, "$( must be closed by ) on the same line");
    parts.push(text.slice(from, at), parse(text.slice(at + 2, end - 1), number, fail));
    from = end;
  }
  parts.push(text.slice(from));
  return parts;
}

function parse(text: string, number: number, fail: Fail): Expression {
  try {
    return parseExpression(text);
  } catch (error) {
    throw fail(number, messageOf(error));
  }
}

function render(
  block: Block,
  scope: Map<string, number | string>,
  out: string[],
  fail: Fail,
): void {
  for (const item of block) {
    const value = (expression: Expression) => evaluate(expression, scope, item.number, fail);
    if ("parts" in item) {
      out.push(item.parts.map((part) => (typeof part === "string" ? part : value(part))).join(""));
    } else if ("file" in item) {
      const given = item.given.map(([name, expression]) => [name, value(expression)] as const);
      render(item.file, new Map([...scope, ...given]), out, item.fail);
    } else if ("test" in item) {
      const test = value(item.test);
      render(test !== 0 && test !== "" ? item.then : item.otherwise, scope, out, fail);
    } else {
      const to = Number(value(item.to));
      if (scope.has(item.variable))
        throw fail(item.number, `${item.variable} must not be a name already`);
      for (let i = Number(value(item.from)); i < to; i++) {
        scope.set(item.variable, i);
        render(item.body, scope, out, fail);
      }
      scope.delete(item.variable);
    }
  }
}

function evaluate(
  expression: Expression,
  scope: Scope,
  number: number,
  fail: Fail,
): number | string {
  try {
    return expression(scope);
  } catch (error) {
    throw fail(number, messageOf(error));
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
