/**
 * Which typed errors a call can end in: those that are made anywhere in what it calls by name, followed through functions,
 * methods, getters and constructors, and through the shape rules of the ops that it applies. What goes through a table or
 * an interface is not seen, and conditions are not looked at: an error that is found may be one that cannot happen.
 */
import ts from "typescript";
import { bodiesOf, original, type PublicApi } from "./read.ts";

/** Of any call, and so told in one place (docs/errors.md): of tensors that are gone, of a device that is full or lost, of bugs. */
export const ANYWHERE = [
  "DeviceLostError",
  "DisposedError",
  "GradgpuError",
  "InternalError",
  "KernelError",
  "OutOfMemoryError",
  "TraceError",
];

export class ErrorReach {
  readonly #checker: ts.TypeChecker;
  readonly #rules: ReadonlyMap<string, ts.Node>;
  readonly #known = new Map<ts.Node, { errors: Set<string>; calls: Set<ts.Node> }>();

  constructor({ program, checker }: PublicApi) {
    this.#checker = checker;
    this.#rules = shapeRules(program);
  }

  /** Names of classes, in order. */
  of(bodies: readonly ts.Node[]): string[] {
    const found = new Set<string>();
    const all = new Set(bodies);
    // A set that grows is walked to its end.
    for (const body of all) {
      const { errors, calls } = this.#read(body);
      for (const error of errors) found.add(error);
      for (const call of calls) all.add(call);
    }
    return [...found].sort();
  }

  #read(body: ts.Node) {
    const known = this.#known.get(body);
    if (known !== undefined) return known;
    const own = { errors: new Set<string>(), calls: new Set<ts.Node>() };
    this.#known.set(body, own);
    const visit = (node: ts.Node): void => {
      if (ts.isTypeNode(node)) return;
      if (ts.isNewExpression(node) && /^[A-Z]\w+Error$/.test(node.expression.getText()))
        own.errors.add(node.expression.getText());
      for (const call of this.#callsOf(node)) own.calls.add(call);
      ts.forEachChild(node, visit);
    };
    ts.forEachChild(body, visit);
    return own;
  }

  #callsOf(node: ts.Node): readonly ts.Node[] {
    const op = appliedBy(node);
    const rule = op === undefined ? undefined : this.#rules.get(op);
    if (rule !== undefined) return [rule];
    if (!ts.isIdentifier(node) && !ts.isPrivateIdentifier(node)) return [];
    if (ts.isPropertyAssignment(node.parent) && node.parent.name === node) return [];
    const symbol = ts.isShorthandPropertyAssignment(node.parent)
      ? this.#checker.getShorthandAssignmentValueSymbol(node.parent)
      : this.#checker.getSymbolAtLocation(node);
    if (symbol === undefined) return [];
    const own = original(this.#checker, symbol);
    // The table of all ops: which of them is applied is known better.
    const isTable = own.declarations?.some((one) =>
      one.getSourceFile().fileName.endsWith("/ops/table.ts"),
    );
    return isTable ? [] : bodiesOf(this.#checker, own);
  }
}

function appliedBy(node: ts.Node): string | undefined {
  if (!ts.isCallExpression(node) || !/^(apply|emit)$/.test(node.expression.getText()))
    return undefined;
  const [op] = node.arguments;
  return op !== undefined && ts.isStringLiteral(op) ? op.text : undefined;
}

/** `infer` of every op, by its name: where a call's shapes and dtypes are checked. */
function shapeRules(program: ts.Program): Map<string, ts.Node> {
  const rules = new Map<string, ts.Node>();
  const visit = (node: ts.Node): void => {
    const isRow = ts.isPropertyAssignment(node) || ts.isVariableDeclaration(node);
    if (isRow && node.initializer !== undefined && ts.isObjectLiteralExpression(node.initializer)) {
      const rule = node.initializer.properties.find(({ name }) => name?.getText() === "infer");
      if (rule !== undefined) rules.set(node.name.getText(), rule);
    }
    ts.forEachChild(node, visit);
  };
  for (const file of program.getSourceFiles()) {
    if (/src\/ops\/[a-z-]+\.ts$/.test(file.fileName)) visit(file);
  }
  return rules;
}
