/** The ES modules of dist/: a file for each entry, and chunks that they share. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type BuildOptions, build, type Metafile } from "esbuild";
import { keepNamespaces, namespacesIn, placeNamespaces, pureModules } from "./shakeable.ts";

interface Target {
  readonly default: string;
  readonly types: string;
  readonly "gradgpu-source"?: string;
  readonly require?: object;
}

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const src = join(root, "src");
const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  exports: Readonly<Record<string, Target>>;
};

/** What package.json exports of the sources, by subpath: the list of entries, so that the two cannot differ. */
export const entries = Object.entries(exports).filter(([, target]) => target["gradgpu-source"]);

/** What all builds of the sources have in common. */
export const options = {
  absWorkingDir: root,
  bundle: true,
  platform: "neutral",
  target: "es2022",
  external: ["node:*", "webgpu"],
  define: { __GRADGPU_DEBUG__: "false" },
} satisfies BuildOptions;

/** Writes them to `outDir`, which has no others. */
export async function writeModules(
  outDir: string,
  { sourcemap }: { readonly sourcemap: boolean },
): Promise<Metafile> {
  const sources = entries.flatMap(([, { "gradgpu-source": path }]) =>
    path === undefined ? [] : [join(root, path)],
  );
  const { metafile } = await build({
    ...options,
    sourcemap,
    format: "esm",
    entryPoints: [...new Set([...sources, ...namespacesIn(src)])],
    outbase: src,
    outdir: outDir,
    splitting: true,
    metafile: true,
    plugins: [keepNamespaces(src), pureModules(src)],
  });
  for (const file of readdirSync(outDir, { recursive: true, encoding: "utf8" })) {
    if (!file.endsWith(".js")) continue;
    const path = join(outDir, file);
    writeFileSync(path, placeNamespaces(readFileSync(path, "utf8"), path, outDir));
  }
  return metafile;
}
