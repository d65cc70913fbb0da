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
import { entries, options, writeModules } from "./modules.ts";
import { innerFile } from "./shakeable.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const dist = join(root, "dist");
const { exports, version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

const missing = entries
  .map(([, target]) => target["gradgpu-source"])
  .filter((path) => !existsSync(join(root, path)));
if (missing.length > 0) {
  console.error(`build: package.json exports files that do not exist: ${missing.join(", ")}.`);
  process.exit(1);
}

rmSync(dist, { recursive: true, force: true });
const metafile = await writeModules(dist, { sourcemap: true });
// Classic scripts, which are CommonJS where they are anything.
mkdirSync(join(root, "dist/classic"));
writeFileSync(join(root, "dist/classic/package.json"), '{ "type": "commonjs" }\n');
await build({
  ...options,
  format: "iife",
  globalName: "gradgpu",
  entryPoints: ["src/global.ts"],
  outfile: exports["./gradgpu.global.js"].default,
  minify: true,
  banner: { js: `/*! gradgpu ${version}, MIT */` },
});
await writeWorker(join(root, exports["./cpu-worker.js"].default));
writeDeclarations(
  dist,
  entries.map(([, target]) => target.types),
);
await writeCommonJs(
  dist,
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
    for (const { path, kind } of metafile.outputs[file].imports) {
      const inner = innerFile(path, "dist");
      if (kind === "import-statement" && inner in metafile.outputs) visit(inner);
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
