// The declarations of dist/: what the entries in package.json reach, with imports that every tool understands.

import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const RELATIVE_IMPORT = /((?:from|import)\s*\(?\s*")(\.{1,2}\/[^"]+)\.ts"/g;

/**
 * Writes the declarations of src/ that `entries` (paths as in package.json: "./dist/index.d.ts") reach to `outDir`. With
 * `isChecked` false bodies are not checked, which `npm run typecheck` does: the same declarations in half the time.
 */
export function writeDeclarations(outDir, entries, { isChecked = true } = {}) {
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const more = isChecked ? [] : ["--noCheck"];
  execFileSync(process.execPath, [tsc, "-p", "tsconfig.build.json", "--outDir", outDir, ...more], {
    cwd: root,
    stdio: "inherit",
  });
  const reached = new Set();
  for (const entry of entries) visit(join(outDir, relative("./dist", entry)), reached);
  for (const file of readdirSync(outDir, { recursive: true })) {
    const path = join(outDir, file);
    if (file.endsWith(".d.ts") && !reached.has(path)) rmSync(path);
  }
}

function visit(path, reached) {
  if (reached.has(path)) return;
  reached.add(path);
  const text = readFileSync(path, "utf8");
  for (const [, , target] of text.matchAll(RELATIVE_IMPORT))
    visit(join(dirname(path), `${target}.d.ts`), reached);
  writeFileSync(path, text.replaceAll(RELATIVE_IMPORT, '$1$2.js"'));
}
