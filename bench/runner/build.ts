/**
 * Builds what runs in Chrome: the session page and each engine module by itself, so that a peer
 * that is missing or does not build is a row and not an end.
 */
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, defaultClientConditions, type InlineConfig } from "vite";
import type { EngineModule, EngineName } from "./engines.ts";
import { currentCommit } from "./machine.ts";

export const repository = fileURLToPath(new URL("../..", import.meta.url));
const bench = join(repository, "bench");
export const packages = join(bench, "peers/node_modules");

function configFor(input: string, outDir: string, fileName: string): InlineConfig {
  return {
    configFile: false,
    root: bench,
    base: "./",
    logLevel: "error",
    resolve: { conditions: ["gradgpu-source", ...defaultClientConditions] },
    build: {
      outDir,
      emptyOutDir: false,
      target: "es2022",
      // TensorFlow.js starts its threads from the text of a function that must keep its names.
      minify: false,
      // Workers and .wasm files that peers name by URL are copied beside the module.
      assetsDir: ".",
      reportCompressedSize: false,
      chunkSizeWarningLimit: 10_000,
      rolldownOptions: {
        input,
        preserveEntrySignatures: "strict",
        output: { entryFileNames: fileName },
      },
    },
  };
}

/** Builds the pages and `modules` into the folder `site`. The errors of those that failed, by module. */
export async function buildSite(
  site: string,
  modules: readonly EngineModule[],
): Promise<ReadonlyMap<EngineModule, string>> {
  rmSync(site, { recursive: true, force: true });
  mkdirSync(site, { recursive: true });
  await build(configFor(join(bench, "chrome/session.ts"), site, "session.js"));
  await build(configFor(join(bench, "chrome/own.ts"), site, "own.js"));
  cpSync(join(bench, "chrome/session.html"), join(site, "session.html"));
  cpSync(join(bench, "chrome/own.html"), join(site, "index.html"));
  const failures = new Map<EngineModule, string>();
  for (const module of new Set(modules)) {
    try {
      await build(configFor(join(bench, `${module}.ts`), join(site, module), "entry.js"));
    } catch (error) {
      failures.set(module, `did not build: ${error instanceof Error ? error.message : error}`);
    }
  }
  return failures;
}

/** What the page tells about its own origin. */
export function siteFacts(engines: readonly EngineName[]) {
  const commit = currentCommit();
  return { engines, gradgpu: version(), ...(commit === undefined ? {} : { commit }) };
}

/** gradgpu's own, from package.json. */
export function version(): string {
  const text = readFileSync(join(repository, "package.json"), "utf8");
  return (JSON.parse(text) as { readonly version: string }).version;
}

/** The peers' own .wasm files and workers, for a site that is served without node_modules. */
export function copyPeerFiles(site: string): void {
  const wanted = ["@tensorflow/tfjs-backend-wasm/dist", "onnxruntime-web/dist"];
  for (const folder of wanted) {
    const from = join(packages, folder);
    if (!existsSync(from)) continue;
    const to = join(site, "packages", folder);
    mkdirSync(dirname(to), { recursive: true });
    cpSync(from, to, {
      recursive: true,
      filter: (file) => !/\.(map|d\.ts)$|\/(src|cjs|node)\//.test(file),
    });
  }
}
