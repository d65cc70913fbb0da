/**
 * What the sources say of verbs and ops: the verbs that `src/functions.ts` exports, with docstring, signature and the ops
 * that their bodies reach, read by the TypeScript compiler. A new verb is found without being listed anywhere.
 */
import { fileURLToPath } from "node:url";
import ts from "typescript";
import type { OpName } from "../../../src/ops/vocabulary.ts";

/** An op that a verb applies, and which scalar function or reduction of it. */
export interface Applied {
  readonly op: OpName;
  readonly fn?: string;
}

export interface VerbSource {
  readonly name: string;
  /** The first sentence of its docstring; empty where there is none. */
  readonly says: string;
  /** As a call: `clip(x, low, high)`. */
  readonly call: string;
  /** Whatever any of its options applies, without repeats; not what it differentiates. */
  readonly ops: readonly Applied[];
  readonly differentiates: boolean;
  /** Made of one op by its name, as `exp = unary("exp")`. */
  readonly isMade: boolean;
}

export interface Sources {
  readonly verbs: readonly VerbSource[];
  /** The first sentence that stands at the op in its family's file, or else at its line of the vocabulary. */
  readonly says: ReadonlyMap<string, string>;
  /**
   * Whatever `src/index.ts` exports without a docstring, by path from the index: `nn.tanh`. Options are not among them: each
   * of theirs has its own.
   */
  readonly silent: readonly string[];
}

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const VERBS = `${ROOT}src/functions.ts`;
const INDEX = `${ROOT}src/index.ts`;
const OPS = `${ROOT}src/ops/table.ts`;

export function readSources(): Sources {
  const { config } = ts.readConfigFile(`${ROOT}tsconfig.json`, ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [] }, ts.sys, ROOT);
  // What the platform declares is not asked for, and is most of what there would be to read.
  const program = ts.createProgram([INDEX, OPS], { ...options, noLib: true, types: [] });
  const checker = program.getTypeChecker();
  return {
    verbs: readVerbs(program, checker),
    says: readOps(program, checker),
    silent: silentIn(checker, exportsOf(program, checker, INDEX), ""),
  };
}

function readVerbs(program: ts.Program, checker: ts.TypeChecker): VerbSource[] {
  const reach = new Reach(checker);
  return exportsOf(program, checker, VERBS).flatMap(({ name, symbol }) => {
    const isFunction = (symbol.flags & (ts.SymbolFlags.Function | ts.SymbolFlags.Variable)) !== 0;
    const signature = checker.getTypeOfSymbol(symbol).getCallSignatures().at(-1);
    if (!isFunction || signature === undefined) return [];
    return [
      {
        name,
        says: firstSentence(ts.displayPartsToString(symbol.getDocumentationComment(checker))),
        call: `${name}(${signature.parameters.map(parameterText).join(", ")})`,
        ...reach.of(symbol),
        isMade: isMade(symbol.valueDeclaration),
      },
    ];
  });
}

function silentIn(checker: ts.TypeChecker, exports: readonly Exported[], prefix: string): string[] {
  return exports.flatMap(({ name, symbol }) => {
    const path = `${prefix}${name}`;
    if (symbol.flags & ts.SymbolFlags.Module) {
      return silentIn(checker, exportsOfModule(checker, symbol), `${path}.`);
    }
    const isSaid = symbol.getDocumentationComment(checker).length > 0 || name.endsWith("Options");
    return isSaid ? [] : [path];
  });
}

function isMade(declaration: ts.Declaration | undefined): boolean {
  if (declaration === undefined || !ts.isVariableDeclaration(declaration)) return false;
  const maker = declaration.initializer;
  const [first] = maker !== undefined && ts.isCallExpression(maker) ? maker.arguments : [];
  return first !== undefined && ts.isStringLiteral(first);
}

interface Exported {
  readonly name: string;
  /** What it is, whatever files it came through. */
  readonly symbol: ts.Symbol;
}

function exportsOf(program: ts.Program, checker: ts.TypeChecker, path: string): Exported[] {
  const file = program.getSourceFile(path);
  const module = file && checker.getSymbolAtLocation(file);
  if (module === undefined) throw new Error(`${path} could not be read`);
  return exportsOfModule(checker, module);
}

function exportsOfModule(checker: ts.TypeChecker, module: ts.Symbol): Exported[] {
  return checker
    .getExportsOfModule(module)
    .map((exported) => ({ name: exported.name, symbol: original(checker, exported) }));
}

function original(checker: ts.TypeChecker, symbol: ts.Symbol): ts.Symbol {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

function parameterText({ name, valueDeclaration: at }: ts.Symbol): string {
  if (at === undefined || !ts.isParameter(at)) return name;
  // A parameter that is taken apart has no name of its own.
  const own = ts.isIdentifier(at.name) ? name : "options";
  const isOptional = at.questionToken !== undefined || at.initializer !== undefined;
  return `${at.dotDotDotToken ? "…" : ""}${own}${isOptional ? "?" : ""}`;
}

/** Follows what a verb calls through the folders that verbs are written in, down to the ops that it applies. */
class Reach {
  readonly #checker: ts.TypeChecker;

  constructor(checker: ts.TypeChecker) {
    this.#checker = checker;
  }

  of(verb: ts.Symbol): Pick<VerbSource, "ops" | "differentiates"> {
    const found = new Map<string, Applied>();
    const seen = new Set<string>();
    this.#follow(verb, undefined, found, seen);
    const ops = [...found.values()].sort((a, b) => textOf(a).localeCompare(textOf(b), "en"));
    return { ops, differentiates: seen.has(AUTODIFF) };
  }

  /** `told`: the text that a maker of verbs was called with, as "neg" in `unary("neg")`. */
  #follow(
    symbol: ts.Symbol,
    told: string | undefined,
    found: Map<string, Applied>,
    seen: Set<string>,
  ): void {
    for (const declaration of symbol.declarations ?? []) {
      const { fileName } = declaration.getSourceFile();
      if (/src\/autodiff\/(backward|checkpoint)\.ts/.test(fileName)) seen.add(AUTODIFF);
      const isBody = ts.isFunctionDeclaration(declaration) || ts.isVariableDeclaration(declaration);
      if (!isBody || !/src\/(functions|graph)\//.test(fileName)) continue;
      const key = `${fileName} ${declaration.pos} ${told}`;
      if (seen.has(key)) continue;
      seen.add(key);
      this.#visit(declaration, told, found, seen);
    }
  }

  #visit(
    node: ts.Node,
    told: string | undefined,
    found: Map<string, Applied>,
    seen: Set<string>,
  ): void {
    if (ts.isTypeNode(node)) return;
    const applied = appliedBy(node, told);
    if (applied !== undefined) found.set(textOf(applied), applied);
    if (ts.isIdentifier(node)) {
      const { parent } = node;
      const isCalled = ts.isCallExpression(parent) && parent.expression === node;
      const [first] = isCalled ? parent.arguments : [];
      const symbol = this.#symbolOf(node);
      const text = first !== undefined && ts.isStringLiteral(first) ? first.text : undefined;
      if (symbol !== undefined) this.#follow(symbol, text, found, seen);
    }
    ts.forEachChild(node, (child) => this.#visit(child, told, found, seen));
  }

  #symbolOf(node: ts.Identifier): ts.Symbol | undefined {
    const symbol = ts.isShorthandPropertyAssignment(node.parent)
      ? this.#checker.getShorthandAssignmentValueSymbol(node.parent)
      : this.#checker.getSymbolAtLocation(node);
    return symbol && original(this.#checker, symbol);
  }
}

/** What has been seen where a verb differentiates, or says how it is to be done. */
const AUTODIFF = "autodiff";

const textOf = ({ op, fn }: Applied) => `${op} ${fn ?? ""}`;

/** `apply("unary", { x }, { fn: "gelu" })`, or `{ fn }` where the function is what the maker was told. */
function appliedBy(node: ts.Node, told: string | undefined): Applied | undefined {
  if (!ts.isCallExpression(node) || !ts.isIdentifier(node.expression)) return undefined;
  if (node.expression.text !== "apply" && node.expression.text !== "emit") return undefined;
  const [name, , attrs] = node.arguments;
  if (name === undefined || !ts.isStringLiteral(name)) return undefined;
  const op = name.text as OpName; // `apply` takes no other
  if (attrs === undefined || !ts.isObjectLiteralExpression(attrs)) return { op };
  const fn = attrs.properties.find((one) => one.name?.getText() === "fn");
  if (fn === undefined) return { op };
  const given = ts.isPropertyAssignment(fn) ? fn.initializer : undefined;
  const text = given !== undefined && ts.isStringLiteral(given) ? given.text : told;
  return text === undefined ? undefined : { op, fn: text };
}

function readOps(program: ts.Program, checker: ts.TypeChecker): Map<string, string> {
  const table = exportsOf(program, checker, OPS).find(({ name }) => name === "ops")?.symbol;
  if (table === undefined) throw new Error("there is no table of ops");
  const page = program.getSourceFile(`${ROOT}src/ops/vocabulary.ts`)?.text.split("\n") ?? [];
  const documented = familyDocs(program);
  return new Map(
    checker
      .getTypeOfSymbol(table)
      .getProperties()
      .map(({ name }) => [name, documented.get(name) ?? vocabularySays(page, name)]),
  );
}

/** First sentences of docstrings in src/ops: of an op's row in its family's table, or of the constant that is the row. */
function familyDocs(program: ts.Program): Map<string, string> {
  const found = new Map<string, string>();
  const note = (node: ts.PropertyAssignment | ts.VariableDeclaration) => {
    const [doc] = ts.getJSDocCommentsAndTags(node);
    const text = ts.isIdentifier(node.name) ? ts.getTextOfJSDocComment(doc?.comment) : undefined;
    if (text !== undefined) found.set(node.name.getText(), firstSentence(text));
  };
  const visit = (node: ts.Node): void => {
    if (ts.isPropertyAssignment(node) || ts.isVariableDeclaration(node)) note(node);
    // What lies in a row is no row.
    if (!ts.isPropertyAssignment(node)) ts.forEachChild(node, visit);
  };
  for (const file of program.getSourceFiles()) {
    // Scalar functions have tables of their own, whose names are those of ops, too.
    if (/src\/ops\/(?!scalars)[a-z-]+\.ts$/.test(file.fileName)) visit(file);
  }
  return found;
}

/** The comment at the end of its line, or the first sentence of the one in front of it. */
function vocabularySays(page: readonly string[], op: string): string {
  const line = page.findIndex((text) => text.startsWith(`  ${op}: {`));
  const [, behind] = page[line]?.split(/ \/\/ /) ?? [];
  if (behind !== undefined) return behind;
  const isComment = (at: number) => /^ {2}\/\/ /.test(page[at] ?? "");
  let last = line;
  while (last > 0 && !isComment(last)) last--;
  let first = last;
  while (isComment(first - 1)) first--;
  const block = page.slice(first, last + 1).map((text) => text.replace(/^ *\/\/ /, ""));
  return firstSentence(block.join(" "));
}

/** Up to the first full stop that ends a sentence, on one line. */
export function firstSentence(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return /^.*?[.](?= [A-Z0-9−(`]|$)/.exec(line)?.[0] ?? line;
}
