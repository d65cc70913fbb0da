/**
 * Reads a cell that is written down as a few lines, as a lecture writes it:
 *
 *   keep = sigmoid(x @ Wk + h @ Rk + bk)
 *   c = keep * c + (1 - keep) * tanh(x @ Wn)
 *
 * A line gives a name a value; * works number by number and @ is a product of matrices, which binds as * does. Nothing
 * else can be said, so that a stranger's cell can do no more than compute. Every part knows its line and its column.
 */

/** Where something stands, counted from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

export type Expression = Place &
  (
    | { readonly kind: "number"; readonly value: number }
    | { readonly kind: "name"; readonly name: string }
    | { readonly kind: "negative"; readonly of: Expression }
    | {
        readonly kind: "operation";
        readonly operator: Operator;
        readonly left: Expression;
        readonly right: Expression;
      }
    | { readonly kind: "call"; readonly name: string; readonly inputs: readonly Expression[] }
  );

export type Operator = "+" | "-" | "*" | "/" | "@";

/** One line: `name = value`. */
export interface Assignment extends Place {
  readonly name: string;
  readonly value: Expression;
}

/** What is wrong with a cell, and where. */
export class CellError extends Error {
  override readonly name = "CellError";
  readonly line: number;
  readonly column: number;
  constructor(message: string, { line, column }: Place) {
    super(message);
    this.line = line;
    this.column = column;
  }
}

/** @throws CellError at the first place that cannot be read */
export function parse(code: string): Assignment[] {
  return code.split("\n").flatMap((text, i) => {
    const line = new LineReader(text, i + 1);
    return line.isEmpty ? [] : [line.assignment()];
  });
}

const TOKEN = /\s*(?:(\d+\.?\d*(?:e[+-]?\d+)?|\.\d+)|([A-Za-z_]\w*)|([-+*/@=(),])|(\S))/gy;
const DEEPEST = 40;

class LineReader {
  readonly #tokens: readonly { readonly text: string; readonly column: number }[];
  readonly #line: number;
  readonly #end: number;
  #at = 0;
  #depth = 0;

  constructor(text: string, line: number) {
    // What stands behind # or // is said to readers.
    const code = text.replace(/(#|\/\/).*/, "").trimEnd();
    this.#line = line;
    this.#end = code.length + 1;
    this.#tokens = [...code.matchAll(TOKEN)].map(([all], i, found) => ({
      text: all.trim(),
      column: (found[i]?.index ?? 0) + all.length - all.trimStart().length + 1,
    }));
  }

  get isEmpty(): boolean {
    return this.#tokens.length === 0;
  }

  assignment(): Assignment {
    const place = this.#place();
    const name = this.#take();
    if (!isName(name)) throw this.#wrong(`A line begins with a name; got ${said(name)}.`, place);
    if (this.#peek() !== "=")
      throw this.#wrong(`An = must come behind ${name}; got ${said(this.#peek())}.`);
    this.#take();
    const value = this.#sum();
    if (this.#peek() !== undefined)
      throw this.#wrong(`The line ends before ${said(this.#peek())}.`);
    return { ...place, name, value };
  }

  #sum(): Expression {
    let left = this.#product();
    for (let next = this.#peek(); next === "+" || next === "-"; next = this.#peek())
      left = this.#operation(next, left, () => this.#product());
    return left;
  }

  #product(): Expression {
    let left = this.#factor();
    for (let next = this.#peek(); next === "*" || next === "/" || next === "@"; next = this.#peek())
      left = this.#operation(next, left, () => this.#factor());
    return left;
  }

  #operation(operator: Operator, left: Expression, right: () => Expression): Expression {
    const place = this.#place();
    this.#take();
    return { ...place, kind: "operation", operator, left, right: right() };
  }

  #factor(): Expression {
    const place = this.#place();
    if (++this.#depth > DEEPEST) throw this.#wrong(`A line may be ${DEEPEST} parts deep.`);
    try {
      const text = this.#take();
      if (text === "-") return { ...place, kind: "negative", of: this.#factor() };
      if (text === "(") {
        const inner = this.#sum();
        this.#close();
        return inner;
      }
      if (isName(text))
        return this.#peek() === "("
          ? this.#call(text, place)
          : { ...place, kind: "name", name: text };
      const value = Number(text);
      if (text !== undefined && Number.isFinite(value)) return { ...place, kind: "number", value };
      throw this.#wrong(`A name, a number or a parenthesis is missing; got ${said(text)}.`, place);
    } finally {
      this.#depth--;
    }
  }

  #call(name: string, place: Place): Expression {
    this.#take();
    const inputs = [this.#sum()];
    while (this.#peek() === ",") {
      this.#take();
      inputs.push(this.#sum());
    }
    this.#close();
    return { ...place, kind: "call", name, inputs };
  }

  #close(): void {
    if (this.#peek() !== ")") throw this.#wrong(`A ) is missing; got ${said(this.#peek())}.`);
    this.#take();
  }

  #peek(): string | undefined {
    return this.#tokens[this.#at]?.text;
  }

  #take(): string | undefined {
    return this.#tokens[this.#at++]?.text;
  }

  #place(): Place {
    return { line: this.#line, column: this.#tokens[this.#at]?.column ?? this.#end };
  }

  #wrong(message: string, place: Place = this.#place()): CellError {
    return new CellError(message, place);
  }
}

function isName(text: string | undefined): text is string {
  return text !== undefined && /^[A-Za-z_]/.test(text);
}

function said(token: string | undefined): string {
  return token === undefined ? "the end of the line" : `"${token}"`;
}
