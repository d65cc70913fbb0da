// npm run api: writes api-report.txt, every exported name of every entry with its type, from the declarations that are
// published. scripts/check-types.mjs compares: whatever changes the public surface shows in review.
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { argv } from "node:process";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { writeDeclarations } from "./declarations.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
export const REPORT = join(root, "api-report.txt");

/** The report of the declarations in `dist`, which `writeDeclarations` has made. */
export function apiReport(dist) {
  const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const entries = Object.entries(exports).flatMap(
    ([subpath, { "gradgpu-source": source, types }]) => {
      // "./dist/nn/index.d.ts"; what has no source is no entry of its own.
      const file = types && join(dist, relative("./dist", types));
      return source !== undefined && existsSync(file) ? [[subpath, file]] : [];
    },
  );
  const program = ts.createProgram(
    entries.map(([, file]) => file),
    {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
      lib: ["lib.es2022.d.ts", "lib.dom.d.ts"],
      types: [],
    },
  );
  const checker = program.getTypeChecker();
  const seen = new Map();
  const sections = entries.map(([subpath, file]) => {
    const name = subpath === "." ? "gradgpu" : `gradgpu/${subpath.slice(2)}`;
    const module = checker.getSymbolAtLocation(program.getSourceFile(file));
    const exported = module === undefined ? [] : checker.getExportsOfModule(module);
    const lines = exported
      .map((symbol) => [symbol.name, resolved(checker, symbol)])
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([own, symbol]) => describe({ entry: name, dist, seen }, own, symbol));
    return `# ${name}\n\n${lines.join("\n")}\n`;
  });
  return `Every exported name with its type; npm run api writes this file.\n\n${sections.join("\n")}`;
}

const resolved = (checker, symbol) =>
  symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;

function describe({ entry, dist, seen }, name, symbol) {
  const known = seen.get(symbol);
  if (known !== undefined) return `${name}: as ${known}`;
  seen.set(symbol, `${name} of ${entry}`);
  const [first] = symbol.declarations ?? [];
  // export * as nn: the module's own exports stand under the entry of its own.
  if (first !== undefined && ts.isSourceFile(first))
    return `${name}: the module ${relative(dist, first.fileName)}`;
  const printer = ts.createPrinter({ removeComments: true });
  const texts = (symbol.declarations ?? []).map((node) => {
    // A variable's declaration is part of a list.
    const whole = ts.isVariableDeclaration(node) ? node.parent.parent : node;
    return printer.printNode(ts.EmitHint.Unspecified, whole, whole.getSourceFile());
  });
  return texts.join("\n").replaceAll(/^(export )?(declare )?/gm, "");
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const out = join(root, "out/api");
  const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const entries = Object.values(exports).filter((target) => target["gradgpu-source"]);
  writeDeclarations(
    out,
    entries.map(({ types }) => types),
  );
  writeFileSync(REPORT, apiReport(out));
  rmSync(out, { recursive: true, force: true });
}
