// Builds dist/: one JavaScript entry per subpath export, shared chunks, the same as CommonJS, one classic script of all,
// the cpu device's worker, and declarations.
// The exports in package.json are the list of entries, so the two cannot differ. The code is left readable: an uncaught
// error in Node prints the line it comes from, and whoever bundles it makes it small.

import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { writeCommonJs } from "./commonjs.mjs";
import { writeDeclarations } from "./declarations.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const { exports, version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

const entries = Object.entries(exports).filter(([, target]) => target["gradgpu-source"]);
const entryPoints = entries.map(([, target]) => target["gradgpu-source"]);
const missing = entryPoints.filter((path) => !existsSync(join(root, path)));
if (missing.length > 0) {
  console.error(`build: package.json exports files that do not exist: ${missing.join(", ")}.`);
  process.exit(1);
}

rmSync(join(root, "dist"), { recursive: true, force: true });
const options = {
  absWorkingDir: root,
  bundle: true,
  platform: "neutral",
  target: "es2022",
  external: ["node:*", "webgpu"],
  define: { __GRADGPU_DEBUG__: "false" },
  sourcemap: true,
};
const { metafile } = await build({
  ...options,
  format: "esm",
  entryPoints,
  outbase: "src",
  outdir: "dist",
  splitting: true,
  metafile: true,
});
// Classic scripts, which are CommonJS where they are anything.
mkdirSync(join(root, "dist/classic"));
writeFileSync(join(root, "dist/classic/package.json"), '{ "type": "commonjs" }\n');
await build({
  ...options,
  sourcemap: false,
  format: "iife",
  globalName: "gradgpu",
  entryPoints: ["src/global.ts"],
  outfile: exports["./gradgpu.global.js"].default,
  minify: true,
  banner: { js: `/*! gradgpu ${version}, MIT */` },
});
await writeWorker(join(root, exports["./cpu-worker.js"].default));
writeDeclarations(
  join(root, "dist"),
  entries.map(([, target]) => target.types),
);
await writeCommonJs(
  join(root, "dist"),
  "cjs",
  entries.filter(([, { require }]) => !require).map(([, target]) => target.default.slice(7)),
);
writeFileSync(
  join(root, exports["./gradgpu.global.js"].types),
  'declare const gradgpu: typeof import("../cjs/index.js") & { readonly io: typeof import("../cjs/io/index.js") };\n',
);
writeFileSync(join(root, exports["./cpu-worker.js"].types), "export {};\n");

/** The worker that pages can serve, which is the very text that the others start from a Blob. */
async function writeWorker(path) {
  const source = "src/devices/cpu/generated/worker.ts";
  const { outputFiles } = await build({
    entryPoints: [join(root, source)],
    format: "esm",
    write: false,
  });
  const module = `data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`;
  const { workerSource } = await import(module);
  writeFileSync(path, `// gradgpu ${version}: the worker of the cpu device.\n${workerSource}`);
}

/** The bytes a page loads for `path`: the file and the chunks that it imports statically, gzipped. */
function gzippedBytes(path) {
  const seen = new Set();
  const visit = (file) => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const imported of metafile.outputs[file].imports) {
      if (!imported.external && imported.kind === "import-statement") visit(imported.path);
    }
  };
  visit(path);
  return [...seen].reduce((sum, file) => sum + gzipSync(readFileSync(join(root, file))).length, 0);
}

for (const [subpath, target] of entries) {
  const file = target.default.slice(2);
  if (!existsSync(join(root, target.types)))
    throw new Error(`build: ${target.types} was not made.`);
  const own = statSync(join(root, file)).size;
  console.log(
    `${subpath}: ${own} bytes, ${(gzippedBytes(file) / 1000).toFixed(1)} KB gzipped with its chunks, before it is minified`,
  );
}
