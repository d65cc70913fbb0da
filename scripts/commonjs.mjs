// dist/cjs: the modules of dist/ one by one as CommonJS, for tools that cannot require() an ES module, as Jest. Node does
// that itself and takes the ES modules either way ("module-sync" in package.json), so that it never has both.

import { cpSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { build } from "esbuild";

/** A record of another module here. esbuild gives it a `default`, as modules of Node see CommonJS. */
const OWN_RECORD = /__toESM\((require\("\.[^"]*"\)), 1\)/g;

/** Writes `folder`/`name`, with the declarations of `folder`, but for `modulesOnly`, which await at their top level. */
export async function writeCommonJs(folder, name, modulesOnly) {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
  const isModule = (file) =>
    file.endsWith(".js") && !file.startsWith("classic") && !modulesOnly.includes(file);
  const { outputFiles } = await build({
    write: false,
    entryPoints: files.filter(isModule).map((file) => join(folder, file)),
    outbase: folder,
    outdir: join(folder, name),
    format: "cjs",
    target: "es2022",
    // Goes on from the maps that lie beside the modules.
    sourcemap: true,
    // Jest has no import() either.
    supported: { "dynamic-import": false },
  });
  for (const { path, text } of outputFiles) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text.replaceAll(OWN_RECORD, "$1"));
  }
  for (const file of files)
    if (file.endsWith(".d.ts")) cpSync(join(folder, file), join(folder, name, file));
  writeFileSync(
    join(folder, name, "package.json"),
    `${JSON.stringify({ type: "commonjs", sideEffects: ["./static.js"] })}\n`,
  );
}
