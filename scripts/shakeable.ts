/**
 * Lets whoever bundles dist/ leave out what a page does not use. package.json says that modules of gradgpu do nothing
 * when they are loaded, but in dist/ a file holds many of them, and there bundlers go by statements:
 * - One whose value is a call stays, with all that it names, unless the call is marked: `pureModules` does that.
 * - A record of what a module exports names all of it. `export * as nn from "./nn/index.ts"` stays what it is.
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import type { Plugin } from "esbuild";
import ts from "typescript";

const PURE = "/* @__PURE__ */ ";
const INNER = "gradgpu-inner:";
const NAMESPACE = /^export \* as \w+ from "([^"]+)";$/gm;

/** esbuild's plugin that marks the modules of `folder`. */
export function pureModules(folder: string): Plugin {
  return {
    name: "pure-modules",
    setup(build) {
      build.onLoad({ filter: /\.ts$/ }, ({ path }) =>
        path.startsWith(folder + sep)
          ? { contents: markPure(readFileSync(path, "utf8")), loader: "ts" }
          : undefined,
      );
    },
  };
}

interface Mark {
  readonly at: number;
  readonly mark: string;
}

/** `text` of a module with a mark before each call that makes what a variable of it is. Lines stay where they are. */
export function markPure(text: string): string {
  const source = ts.createSourceFile("", text, ts.ScriptTarget.Latest);
  const values = source.statements.flatMap((statement) =>
    ts.isVariableStatement(statement)
      ? statement.declarationList.declarations.flatMap(({ initializer }) => initializer ?? [])
      : [],
  );
  return values
    .flatMap((value) => marksOf(value, source))
    .sort((a, b) => b.at - a.at)
    .reduce((marked, { at, mark }) => marked.slice(0, at) + mark + marked.slice(at), text);
}

/** Those of a value that is made when its module is loaded; what is in functions is not. */
function marksOf(node: ts.Node, source: ts.SourceFile): Mark[] {
  const inside = (nodes: readonly ts.Node[]) => nodes.flatMap((one) => marksOf(one, source));
  const at = node.getStart(source);
  if (ts.isCallExpression(node) || ts.isNewExpression(node))
    return [{ at, mark: PURE }, ...inside(node.arguments ?? [])];
  if (ts.isObjectLiteralExpression(node) || ts.isArrayLiteralExpression(node)) {
    const parts = ts.isObjectLiteralExpression(node) ? node.properties : node.elements;
    // What is spread may have getters, for all that a bundler knows.
    if (parts.some((part) => ts.isSpreadAssignment(part) || ts.isSpreadElement(part)))
      return [
        { at, mark: `${PURE}(() => (` },
        { at: node.end, mark: "))()" },
      ];
    return inside(parts);
  }
  if (ts.isPropertyAssignment(node)) return inside([node.initializer]);
  if (ts.isAsExpression(node) || ts.isSatisfiesExpression(node)) return inside([node.expression]);
  return [];
}

/** The modules of `folder` that others have as a record among their exports. */
export function namespacesIn(folder: string): string[] {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return files
    .filter((file) => file.endsWith(".ts"))
    .flatMap((file) => namespacesOf(join(folder, file)));
}

function namespacesOf(path: string): string[] {
  return [...readFileSync(path, "utf8").matchAll(NAMESPACE)].map(([, target = ""]) =>
    join(dirname(path), target),
  );
}

/** esbuild's plugin that leaves such records to who imports them. Where they lie, `placeNamespaces` says. */
export function keepNamespaces(folder: string): Plugin {
  return {
    name: "keep-namespaces",
    setup(build) {
      build.onResolve({ filter: /^\./ }, ({ importer, path }) => {
        const target = join(dirname(importer), path);
        if (!importer.startsWith(folder + sep) || !namespacesOf(importer).includes(target)) return;
        const file = relative(folder, target).replace(/\.ts$/, ".js").split(sep).join("/");
        return { path: INNER + file, external: true, sideEffects: false };
      });
    },
  };
}

/** The file of `outDir` that an import of what esbuild wrote means. */
export function innerFile(path: string, outDir: string): string {
  return path.startsWith(INNER) ? `${outDir}/${path.slice(INNER.length)}` : path;
}

/** `text` of the file at `path`, with paths to the files of `outDir` that records are kept of. */
export function placeNamespaces(text: string, path: string, outDir: string): string {
  return text.replaceAll(new RegExp(`"${INNER}([^"]+)"`, "g"), (_, file: string) => {
    const place = relative(dirname(path), join(outDir, file)).split(sep).join("/");
    return `"${place.startsWith(".") ? place : `./${place}`}"`;
  });
}
