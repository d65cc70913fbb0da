/**
 * What can be called, read from the sources by the TypeScript compiler: every function that `src/index.ts` exports,
 * with what its parameters are. A new export, parameter or option is found without being listed anywhere.
 */
import { fileURLToPath } from "node:url";
import ts from "typescript";

/** What an argument may be. */
export type Form =
  | { readonly kind: "number" | "string" | "boolean" | "nothing" | "anything" }
  | { readonly kind: "literal"; readonly value: string | number }
  /** A type that has a name: Tensor, Shape, Module. */
  | { readonly kind: "named"; readonly name: string; readonly of: readonly Form[] }
  | { readonly kind: "list"; readonly of: Form }
  | { readonly kind: "tuple"; readonly of: readonly Form[] }
  | { readonly kind: "record"; readonly fields: readonly Parameter[] }
  | { readonly kind: "function"; readonly signature: Signature }
  | { readonly kind: "either"; readonly of: readonly Form[] };

export interface Parameter {
  readonly name: string;
  readonly form: Form;
  readonly isOptional: boolean;
}

export interface Signature {
  readonly parameters: readonly Parameter[];
  readonly hasRest: boolean;
  readonly returns: Form;
}

export interface Surface {
  /** By path from the index: `add`, `nn.linear`, `nn.initialise.zeros`; classes by their constructors. */
  readonly functions: ReadonlyMap<string, Signature>;
  /** Static functions of classes likewise: `data.TextVocabulary.of`. Members of types by name: `Module`, `step`. */
  readonly members: ReadonlyMap<string, ReadonlyMap<string, Signature>>;
  /** The types with members that functions give. */
  readonly results: ReadonlySet<string>;
}

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
/** Deeper than any option lies; types that hold themselves end there. */
const DEPTH = 6;

/** `names`: types that are made as a whole, by their names, rather than part by part. */
export function readSurface(names: ReadonlySet<string>): Surface {
  const { config } = ts.readConfigFile(`${ROOT}tsconfig.json`, ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [] }, ts.sys, ROOT);
  const index = `${ROOT}src/index.ts`;
  const program = ts.createProgram([index], options);
  const checker = program.getTypeChecker();
  const file = program.getSourceFile(index);
  const symbol = file && checker.getSymbolAtLocation(file);
  if (symbol === undefined) throw new Error(`${index} could not be read`);
  const reader = new Reader(checker, names);
  reader.readModule(symbol, "");
  return reader;
}

class Reader implements Surface {
  readonly functions = new Map<string, Signature>();
  readonly members = new Map<string, Map<string, Signature>>();
  readonly results = new Set<string>();
  readonly #checker: ts.TypeChecker;
  readonly #names: ReadonlySet<string>;

  constructor(checker: ts.TypeChecker, names: ReadonlySet<string>) {
    this.#checker = checker;
    this.#names = names;
  }

  readModule(module: ts.Symbol, prefix: string): void {
    for (const exported of this.#checker.getExportsOfModule(module)) {
      const isAlias = (exported.flags & ts.SymbolFlags.Alias) !== 0;
      const symbol = isAlias ? this.#checker.getAliasedSymbol(exported) : exported;
      const path = `${prefix}${exported.name}`;
      if (symbol.flags & ts.SymbolFlags.Module) this.readModule(symbol, `${path}.`);
      if (symbol.flags & TYPES) this.#readType(this.#checker.getDeclaredTypeOfSymbol(symbol));
      if (symbol.flags & ts.SymbolFlags.Value) this.#readValue(symbol, path);
    }
  }

  #readValue(symbol: ts.Symbol, path: string): void {
    const type = this.#checker.getTypeOfSymbol(symbol);
    const isClass = (symbol.flags & ts.SymbolFlags.Class) !== 0;
    const signature = (isClass ? type.getConstructSignatures() : type.getCallSignatures()).at(-1);
    const isHidden = signature?.declaration !== undefined && !isPublic(signature.declaration);
    if (signature !== undefined && !isHidden)
      this.functions.set(path, this.#signature(signature, 0));
    if (!isClass) return;
    for (const [name, own] of this.#methodsOf(type)) this.functions.set(`${path}.${name}`, own);
  }

  /** Public ones that gradgpu declares itself. */
  #methodsOf(type: ts.Type): Map<string, Signature> {
    const found = new Map<string, Signature>();
    for (const property of type.getProperties().filter(isOwn)) {
      const signature = this.#checker.getTypeOfSymbol(property).getCallSignatures().at(-1);
      if (signature !== undefined) found.set(property.name, this.#signature(signature, 0));
    }
    return found;
  }

  /** What members of a type that others are given can be called. */
  #readType(type: ts.Type): void {
    const name = nameOf(type);
    if (name === undefined || this.members.has(name) || type.aliasSymbol?.name === ANY_MODULE)
      return;
    this.members.set(name, new Map());
    const found = this.#methodsOf(type);
    this.members.set(name, found);
    const call = type.getCallSignatures().at(-1);
    if (call !== undefined) found.set("()", this.#signature(call, 0));
  }

  #signature(signature: ts.Signature, depth: number): Signature {
    const last = signature.parameters.at(-1)?.valueDeclaration;
    const hasRest = last !== undefined && ts.isParameter(last) && last.dotDotDotToken !== undefined;
    const returned = signature.getReturnType();
    this.#readResult(returned);
    return {
      parameters: signature.parameters.map((parameter) => this.#parameter(parameter, depth)),
      hasRest,
      returns: this.#form(returned, depth + 1),
    };
  }

  /** A type that a function gives has members that can be called, wherever it is declared. */
  #readResult(given: ts.Type): void {
    const type = this.#usual(given);
    const name = nameOf(type);
    if (type.symbol !== undefined && isOwn(type.symbol) && name !== undefined) {
      this.#readType(type);
      if ((this.members.get(name)?.size ?? 0) > 0) this.results.add(name);
    }
    for (const part of this.#argumentsOf(type)) this.#readResult(part);
  }

  #parameter(symbol: ts.Symbol, depth: number): Parameter {
    const declaration = symbol.valueDeclaration;
    const isOptional =
      (symbol.flags & ts.SymbolFlags.Optional) !== 0 ||
      (declaration !== undefined &&
        ts.isParameter(declaration) &&
        (declaration.questionToken !== undefined || declaration.initializer !== undefined));
    const form = this.#form(this.#checker.getTypeOfSymbol(symbol), depth + 1);
    return { name: symbol.name, form, isOptional };
  }

  #form(given: ts.Type, depth: number): Form {
    const type = this.#usual(given);
    const name = nameOf(type);
    if (name !== undefined && this.#names.has(name)) {
      return {
        kind: "named",
        name,
        of: this.#argumentsOf(type).map((part) => this.#form(part, depth + 1)),
      };
    }
    if (depth > DEPTH) return { kind: "anything" };
    if (type.isUnion()) return this.#union(type.types, depth);
    if (type.isStringLiteral() || type.isNumberLiteral())
      return { kind: "literal", value: type.value };
    for (const [flag, kind] of SIMPLE) if (type.flags & flag) return { kind };
    if (type.isTypeParameter()) return { kind: "anything" };
    if (this.#checker.isTupleType(type)) {
      return {
        kind: "tuple",
        of: this.#argumentsOf(type).map((part) => this.#form(part, depth + 1)),
      };
    }
    if (this.#checker.isArrayType(type)) {
      const [of] = this.#argumentsOf(type);
      return {
        kind: "list",
        of: of === undefined ? { kind: "anything" } : this.#form(of, depth + 1),
      };
    }
    const [signature] = this.#checker.getSignaturesOfType(type, ts.SignatureKind.Call);
    if (signature !== undefined)
      return { kind: "function", signature: this.#signature(signature, depth + 1) };
    const fields = this.#checker
      .getPropertiesOfType(type)
      .map((one) => this.#parameter(one, depth));
    return { kind: "record", fields };
  }

  /** What a type parameter is where nobody says, and what `Each` is for one tensor. */
  #usual(type: ts.Type): ts.Type {
    if ((type.flags & ts.TypeFlags.TypeParameter) !== 0)
      return this.#checker.getDefaultFromTypeParameter(type) ?? type;
    const [, of] = type.aliasTypeArguments ?? [];
    return type.aliasSymbol?.name === "Each" && of !== undefined ? of : type;
  }

  #union(types: readonly ts.Type[], depth: number): Form {
    const isBoolean = (one: ts.Type) => (one.flags & ts.TypeFlags.BooleanLiteral) !== 0;
    const rest = types.filter((one) => !isBoolean(one)).map((one) => this.#form(one, depth + 1));
    const of: Form[] = types.some(isBoolean) ? [...rest, { kind: "boolean" }] : rest;
    return of.length === 1 && of[0] !== undefined ? of[0] : { kind: "either", of };
  }

  #argumentsOf(type: ts.Type): readonly ts.Type[] {
    if (type.aliasTypeArguments !== undefined) return type.aliasTypeArguments;
    const isReference =
      (type.flags & ts.TypeFlags.Object) !== 0 &&
      ((type as ts.ObjectType).objectFlags & ts.ObjectFlags.Reference) !== 0;
    return isReference ? this.#checker.getTypeArguments(type as ts.TypeReference) : [];
  }
}

/** A module whatever it takes: its members are those of Module. */
const ANY_MODULE = "AnyModule";

const TYPES = ts.SymbolFlags.Class | ts.SymbolFlags.Interface | ts.SymbolFlags.TypeAlias;

const SIMPLE = [
  [ts.TypeFlags.NumberLike, "number"],
  [ts.TypeFlags.StringLike, "string"],
  [ts.TypeFlags.BooleanLike, "boolean"],
  [ts.TypeFlags.Undefined | ts.TypeFlags.Void | ts.TypeFlags.Null, "nothing"],
  [ts.TypeFlags.Any | ts.TypeFlags.Unknown | ts.TypeFlags.Never, "anything"],
] as const;

/** Declared in the sources, for everyone to use. */
function isOwn({ declarations = [] }: ts.Symbol): boolean {
  return declarations.some(isPublic);
}

function isPublic(declaration: ts.Declaration | ts.JSDocSignature): boolean {
  if (!declaration.getSourceFile().fileName.startsWith(`${ROOT}src/`)) return false;
  return ts.isJSDocSignature(declaration) || !isHidden(declaration);
}

function isHidden(declaration: ts.Declaration): boolean {
  const name = ts.getNameOfDeclaration(declaration);
  const modifiers = ts.ModifierFlags.Private | ts.ModifierFlags.Protected;
  if (name !== undefined && ts.isPrivateIdentifier(name)) return true;
  return (ts.getCombinedModifierFlags(declaration) & modifiers) !== 0;
}

function nameOf(type: ts.Type): string | undefined {
  const name = (type.aliasSymbol ?? type.symbol)?.name;
  if (name === ANY_MODULE) return "Module";
  return name === undefined || name.startsWith("__") ? undefined : name;
}
