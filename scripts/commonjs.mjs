// dist/cjs: the modules of dist/ one by one as CommonJS, for tools that cannot require() an ES module, as Jest. Node does
// that itself and takes the ES modules either way ("module-sync" in package.json), so that it never has both.

import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { transform } from "esbuild";

/** Writes `folder`/`name`, with the declarations of `folder`, but for `modulesOnly`, which await at their top level. */
export async function writeCommonJs(folder, name, modulesOnly) {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
  for (const file of files) {
    const target = join(folder, name, file);
    if (file.endsWith(".js") && !file.startsWith("classic") && !modulesOnly.includes(file)) {
      const { code } = await transform(readFileSync(join(folder, file), "utf8"), {
        format: "cjs",
        target: "es2022",
        // Jest has no import() either.
        supported: { "dynamic-import": false },
      });
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, code);
    } else if (file.endsWith(".d.ts")) cpSync(join(folder, file), target);
  }
  writeFileSync(
    join(folder, name, "package.json"),
    `${JSON.stringify({ type: "commonjs", sideEffects: ["./static.js"] })}\n`,
  );
}
