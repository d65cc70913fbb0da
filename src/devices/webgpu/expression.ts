/** Integer expressions of the WGSL preprocessor: + - * / % ( ), comparisons, && || !, names, whole numbers; or "a text". */
export type Scope = ReadonlyMap<string, number | string>;

/** A text alone evaluates to itself, a text constant to its text; everything else to an integer, where / truncates. */
export type Expression = (scope: Scope) => number | string;

type Operator = (a: number, b: number) => number;

/** Lowest precedence first. */
const levels: readonly Readonly<Record<string, Operator>>[] = [
  { "||": (a, b) => Number(a !== 0 || b !== 0) },
  { "&&": (a, b) => Number(a !== 0 && b !== 0) },
  {
    "==": (a, b) => Number(a === b),
    "!=": (a, b) => Number(a !== b),
    "<=": (a, b) => Number(a <= b),
    ">=": (a, b) => Number(a >= b),
    "<": (a, b) => Number(a < b),
    ">": (a, b) => Number(a > b),
  },
  { "+": (a, b) => a + b, "-": (a, b) => a - b },
  { "*": (a, b) => a * b, "/": (a, b) => Math.trunc(a / b), "%": (a, b) => a % b },
];

interface Tokens {
  readonly list: readonly string[];
  next: number;
}

/** @throws Error with what must hold, to be wrapped with the place */
export function parseExpression(text: string): Expression {
  const list = text.match(/"[^"]*"|\d+|[A-Za-z_]\w*|[=!<>]=|&&|\|\||[-+*/%()<>!]|\S/g) ?? [];
  const tokens = { list, next: 0 };
  const expression = parseLevel(tokens, 0);
  if (tokens.next < list.length)
    throw new Error(`"${list[tokens.next]}" is not expected in "${text.trim()}"`);
  return expression;
}

function parseLevel(tokens: Tokens, level: number): Expression {
  const operators = levels[level];
  if (operators === undefined) return parseUnary(tokens);
  let left = parseLevel(tokens, level + 1);
  for (;;) {
    const symbol = tokens.list[tokens.next] ?? "";
    const operator = Object.hasOwn(operators, symbol) ? operators[symbol] : undefined;
    if (operator === undefined) return left;
    tokens.next++;
    const a = left;
    const b = parseLevel(tokens, level + 1);
    left = (scope) => {
      const value = operator(integer(a(scope)), integer(b(scope)));
      if (!Number.isSafeInteger(value)) throw new Error(`"${symbol}" must give a whole number`);
      return value;
    };
  }
}

function parseUnary(tokens: Tokens): Expression {
  const token = tokens.list[tokens.next++];
  if (token === undefined) throw new Error("an expression must not end here");
  if (token === "-" || token === "!") {
    const operand = parseUnary(tokens);
    return token === "-"
      ? (scope) => -integer(operand(scope))
      : (scope) => Number(integer(operand(scope)) === 0);
  }
  if (token === "(") {
    const inner = parseLevel(tokens, 0);
    if (tokens.list[tokens.next++] !== ")") throw new Error("( must be closed by )");
    return inner;
  }
  if (/^\d/.test(token)) return () => Number(token);
  if (/^".*"$/.test(token)) return () => token.slice(1, -1);
  if (!/^[A-Za-z_]/.test(token)) throw new Error(`"${token}" is not expected`);
  return (scope) => {
    const value = scope.get(token);
    if (value === undefined)
      throw new Error(`${token} must be one of the constants or loop variables`);
    if (typeof value === "number" && !Number.isSafeInteger(value)) {
      throw new Error(`${token} must be a whole number, is ${value}`);
    }
    return value;
  };
}

function integer(value: number | string): number {
  if (typeof value === "string") throw new Error("a text constant must stand alone");
  return value;
}
