// Builds dist/: one JavaScript entry per subpath export, shared chunks, and declarations.
// The exports in package.json are the list of entries, so the two cannot differ.

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

const entryPoints = Object.values(exports).map((target) => target["gradgpu-source"]);
const missing = entryPoints.filter((path) => !existsSync(join(root, path)));
if (missing.length > 0) {
  console.error(`build: package.json exports files that do not exist: ${missing.join(", ")}.`);
  process.exit(1);
}

rmSync(join(root, "dist"), { recursive: true, force: true });
const result = await build({
  absWorkingDir: root,
  entryPoints,
  outbase: "src",
  outdir: "dist",
  bundle: true,
  splitting: true,
  minify: true,
  sourcemap: true,
  format: "esm",
  platform: "neutral",
  target: "es2022",
  external: ["node:*", "webgpu"],
  define: { __GRADGPU_DEBUG__: "false" },
  metafile: true,
});
execFileSync(
  process.execPath,
  [join(root, "node_modules/typescript/bin/tsc"), "-p", "tsconfig.build.json"],
  {
    cwd: root,
    stdio: "inherit",
  },
);

/** The bytes a page loads for `path`: the file and the chunks that it imports statically, gzipped. */
function gzippedBytes(path) {
  const seen = new Set();
  const visit = (file) => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const imported of result.metafile.outputs[file].imports) {
      if (!imported.external && imported.kind === "import-statement") visit(imported.path);
    }
  };
  visit(path);
  return [...seen].reduce((sum, file) => sum + gzipSync(readFileSync(join(root, file))).length, 0);
}

for (const [subpath, target] of Object.entries(exports)) {
  const file = target.default.slice(2);
  if (!existsSync(join(root, target.types)))
    throw new Error(`build: ${target.types} was not made.`);
  const own = statSync(join(root, file)).size;
  console.log(
    `${subpath}: ${own} bytes, ${(gzippedBytes(file) / 1024).toFixed(1)} KiB gzipped with its chunks`,
  );
}
