/** The public API as the sources say it: whatever the entry points of package.json export, with what docstrings tell of it. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";

export const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

/** A name that users can write, or a member of one. */
export interface Documented {
  /** By entry point: `nn.linear`, `Trainer.fit`, `io/readTorch`; a module that is called: `nn.Module()`. */
  readonly path: string;
  readonly says: string;
  /** What stands behind @throws, all of it; undefined where there is none. */
  readonly throws: string | undefined;
  /** What runs when it is called, where the sources have a body for it. */
  readonly bodies: readonly ts.Node[];
  /** Where a reader of a failing test looks. */
  readonly place: string;
}

export interface PublicApi {
  readonly program: ts.Program;
  readonly checker: ts.TypeChecker;
  /** In the order of the entry points, each once. */
  readonly names: readonly Documented[];
}

export function readPublicApi(): PublicApi {
  const entries = entryPoints();
  const { config } = ts.readConfigFile(`${ROOT}tsconfig.json`, ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [] }, ts.sys, ROOT);
  const files = entries.map(({ file }) => file);
  // What the platform declares is not asked for, and is most of what there would be to read.
  const program = ts.createProgram(files, { ...options, noLib: true, types: [] });
  const reader = new Reader(program.getTypeChecker());
  for (const { file, prefix } of entries) {
    const source = program.getSourceFile(file);
    const module = source && reader.checker.getSymbolAtLocation(source);
    if (module === undefined) throw new Error(`${file} could not be read`);
    reader.readModule(module, prefix);
  }
  return { program, checker: reader.checker, names: reader.names };
}

/** The sources of package.json's exports, the main one first. */
export function entryPoints(): { readonly file: string; readonly prefix: string }[] {
  const { exports } = JSON.parse(readFileSync(`${ROOT}package.json`, "utf8")) as {
    exports: Record<string, string | Record<string, string>>;
  };
  return Object.entries(exports).flatMap(([name, told]) => {
    const own = typeof told === "string" ? undefined : told["gradgpu-source"];
    if (own === undefined) return [];
    return [{ file: ROOT + own.slice(2), prefix: name === "." ? "" : `${name.slice(2)}/` }];
  });
}

class Reader {
  readonly checker: ts.TypeChecker;
  readonly names: Documented[] = [];
  readonly #seen = new Set<ts.Symbol>();

  constructor(checker: ts.TypeChecker) {
    this.checker = checker;
  }

  readModule(module: ts.Symbol, prefix: string): void {
    for (const exported of this.checker.getExportsOfModule(module)) {
      const symbol = original(this.checker, exported);
      const path = `${prefix}${exported.name}`;
      if (this.#seen.has(symbol)) continue;
      this.#seen.add(symbol);
      if (symbol.flags & ts.SymbolFlags.Module) this.readModule(symbol, `${path}.`);
      else this.#readName(symbol, path);
    }
  }

  #readName(symbol: ts.Symbol, path: string): void {
    const isClass = (symbol.flags & ts.SymbolFlags.Class) !== 0;
    // What runs when one is made is the constructor's.
    this.#add(path, symbol, isClass ? [] : bodiesOf(this.checker, symbol));
    if (isClass) this.#readConstructor(symbol, path);
    if (symbol.flags & (ts.SymbolFlags.Class | ts.SymbolFlags.Interface)) {
      const statics = [...(symbol.exports?.values() ?? [])].filter(
        ({ name }) => name !== "prototype",
      );
      const type = this.checker.getDeclaredTypeOfSymbol(symbol);
      for (const member of [...statics, ...type.getProperties()]) {
        if (isPublic(member)) this.#add(`${path}.${member.name}`, member);
      }
      this.#readCall(type, path);
    }
  }

  #add(path: string, symbol: ts.Symbol, bodies = bodiesOf(this.checker, symbol)): void {
    const says = ts.displayPartsToString(symbol.getDocumentationComment(this.checker));
    const tags = symbol.getJsDocTags(this.checker);
    this.names.push({ path, says, throws: throwsOf(tags), bodies, place: placeOf(symbol) });
  }

  #readConstructor(symbol: ts.Symbol, path: string): void {
    const [signature] = this.checker.getTypeOfSymbol(symbol).getConstructSignatures();
    const { declaration } = signature ?? {};
    if (signature === undefined || declaration === undefined || ts.isJSDocSignature(declaration))
      return;
    if (ts.getCombinedModifierFlags(declaration) & HIDDEN) return;
    this.names.push({
      path: `${path}.new`,
      says: ts.displayPartsToString(signature.getDocumentationComment(this.checker)),
      throws: throwsOf(signature.getJsDocTags()),
      bodies: bodiesOf(this.checker, symbol),
      place: placeOf(symbol),
    });
  }

  #readCall(type: ts.Type, path: string): void {
    const [signature] = type.getCallSignatures();
    if (signature === undefined) return;
    const says = ts.displayPartsToString(signature.getDocumentationComment(this.checker));
    const throws = throwsOf(signature.getJsDocTags());
    this.names.push({ path: `${path}()`, says, throws, bodies: [], place: placeOf(type.symbol) });
  }
}

const HIDDEN = ts.ModifierFlags.Private | ts.ModifierFlags.Protected;

/** Declared in the sources, for everyone to use. */
function isPublic(symbol: ts.Symbol): boolean {
  const { declarations: [declaration] = [] } = symbol;
  if (declaration === undefined || !fileOf(declaration).startsWith(`${ROOT}src/`)) return false;
  const name = ts.getNameOfDeclaration(declaration);
  if (name === undefined || ts.isPrivateIdentifier(name) || ts.isComputedPropertyName(name))
    return false;
  if (ts.getCombinedModifierFlags(declaration) & HIDDEN) return false;
  return !symbol.getJsDocTags(undefined).some((tag) => tag.name === "internal");
}

export function original(checker: ts.TypeChecker, symbol: ts.Symbol): ts.Symbol {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

function throwsOf(tags: readonly ts.JSDocTagInfo[]): string | undefined {
  const own = tags.filter(({ name }) => name === "throws");
  return own.length === 0
    ? undefined
    : own.map(({ text }) => ts.displayPartsToString(text).replaceAll(/\s+/g, " ")).join(" ");
}

const fileOf = (node: ts.Node) => node.getSourceFile().fileName;

function placeOf({ declarations: [declaration] = [] }: ts.Symbol): string {
  if (declaration === undefined) return "";
  const file = declaration.getSourceFile();
  const { line } = file.getLineAndCharacterOfPosition(declaration.getStart());
  return `${file.fileName.slice(ROOT.length)}:${line + 1}`;
}

/** What the sources run for a function, a method, a constructor or a constant. */
export function bodiesOf(checker: ts.TypeChecker, given: ts.Symbol): readonly ts.Node[] {
  return (original(checker, given).declarations ?? []).flatMap(
    (declaration): readonly ts.Node[] => {
      if (!fileOf(declaration).startsWith(`${ROOT}src/`)) return [];
      if (ts.isClassDeclaration(declaration)) return partsOfClass(checker, declaration);
      if (ts.isFunctionLike(declaration))
        return "body" in declaration && declaration.body ? [declaration] : [];
      return ts.hasOnlyExpressionInitializer(declaration) && declaration.initializer
        ? [declaration]
        : [];
    },
  );
}

/** What runs when an instance is made. */
function partsOfClass(checker: ts.TypeChecker, own: ts.ClassDeclaration): ts.Node[] {
  const isMade = (member: ts.ClassElement) =>
    ts.isConstructorDeclaration(member) ||
    (ts.isPropertyDeclaration(member) &&
      !(ts.getCombinedModifierFlags(member) & ts.ModifierFlags.Static));
  const bases = own.heritageClauses?.flatMap(({ types }) => [...types]) ?? [];
  return [
    ...own.members.filter(isMade),
    ...bases.flatMap(({ expression }) => {
      const base = checker.getSymbolAtLocation(expression);
      return base === undefined ? [] : bodiesOf(checker, base);
    }),
  ];
}
