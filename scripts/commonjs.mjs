// dist/cjs: the modules of dist/ one by one as CommonJS, for tools that cannot require() an ES module, as Jest. Node does
// that itself and takes the ES modules either way ("module-sync" in package.json), so that it never has both.

import { cpSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

/** Writes `folder`/`name`, with the declarations of `folder`, but for `modulesOnly`, which await at their top level. */
export async function writeCommonJs(folder, name, modulesOnly) {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
  const isModule = (file) =>
    file.endsWith(".js") && !file.startsWith("classic") && !modulesOnly.includes(file);
  await build({
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
  for (const file of files)
    if (file.endsWith(".d.ts")) cpSync(join(folder, file), join(folder, name, file));
  writeFileSync(
    join(folder, name, "package.json"),
    `${JSON.stringify({ type: "commonjs", sideEffects: ["./static.js"] })}\n`,
  );
}
