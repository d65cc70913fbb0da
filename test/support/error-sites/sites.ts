/**
 * Where the sources make errors, and which of their texts no test names. A site is a class of errors that is made anew, or a
 * call of what makes one of a rule. It is named where a stretch of its rule, as far as that is fixed, stands in a text or a
 * regular expression of a test: which stretch, and that the test runs into it, is a matter of reading.
 */
import { readdirSync, readFileSync } from "node:fs";
import ts from "typescript";

export interface ErrorSite {
  /** src/…ts */
  readonly file: string;
  /** What is the same whatever was given, in the order of the text. */
  readonly texts: readonly string[];
}

/** What makes an error of parts of its text. */
const MAKERS =
  /^(complaint|check|wrong|refuse|refused|wrongPieces|checkOption|checkShape|checkRank)$/;
/** Shorter ones say nothing of what is wrong: " must be ". */
const SHORTEST = 12;
/** Where a text says what must hold; behind it stand remedies, which several share. */
const RULE = /; got|must|\w: /;
/** A stretch of so many letters is named by no accident. */
const STRETCH = 18;

/** Sites that have a fixed text. InternalErrors are not among them: they are told of mistakes of this library. */
export function errorSites(): ErrorSite[] {
  return sourcesIn("src")
    .filter((file) => !/generated|devices\/cpu\/wasm|^src\/scheduler/.test(file))
    .flatMap((file) =>
      find(parse(file), argumentsOf).flatMap((given): ErrorSite[] => {
        const texts = given
          .flatMap(textsIn)
          .map((text) => text.trim())
          .filter((text) => text.length >= SHORTEST);
        return texts.length === 0 ? [] : [{ file, texts }];
      }),
    );
}

/** Whether a text of a test has a part of the site's. */
export function isNamed({ texts }: ErrorSite, inTests: string): boolean {
  const rules = texts.filter((text) => RULE.test(text));
  return (rules.length > 0 ? rules : texts).some((text) => {
    const length = Math.min(STRETCH, text.length);
    for (let i = 0; i + length <= text.length; i++)
      if (inTests.includes(text.slice(i, i + length))) return true;
    return false;
  });
}

/** All texts of tests, and of regular expressions what they match, as one. */
export function textsOfTests(): string {
  return sourcesIn("test")
    .filter((file) => !file.includes("error-sites"))
    .flatMap((file) => textsIn(parse(file)))
    .join("\n");
}

function sourcesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => `${folder}/${file.replaceAll("\\", "/")}`)
    .sort();
}

function parse(file: string): ts.SourceFile {
  return ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest, true);
}

function argumentsOf(node: ts.Node): readonly ts.Node[] | undefined {
  if (ts.isNewExpression(node)) {
    const name = node.expression.getText();
    return /^[A-Z]\w*Error$/.test(name) && name !== "InternalError" ? node.arguments : undefined;
  }
  if (!ts.isCallExpression(node)) return undefined;
  const { expression } = node;
  const callee = ts.isPropertyAccessExpression(expression) ? expression.name : expression;
  return MAKERS.test(callee.getText()) ? node.arguments : undefined;
}

function find<T>(root: ts.Node, of: (node: ts.Node) => T | undefined): T[] {
  const all: T[] = [];
  const visit = (node: ts.Node) => {
    const found = of(node);
    if (found !== undefined) all.push(found);
    ts.forEachChild(node, visit);
  };
  visit(root);
  return all;
}

/** Fixed texts within a node. */
function textsIn(root: ts.Node): string[] {
  return find(root, (node) => {
    if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node)) return node.text;
    if (ts.isTemplateMiddleOrTemplateTail(node)) return node.text;
    if (!ts.isRegularExpressionLiteral(node)) return undefined;
    return node.text.slice(1, node.text.lastIndexOf("/")).replaceAll(/\\(?=\W)/g, "");
  });
}
