/**
 * Builds what runs in Chrome: the session page and each engine module by itself, so that a peer
 * that is missing or does not build is a row and not an end.
 */
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, defaultClientConditions, type InlineConfig } from "vite";
import { committedReports } from "./committed.ts";
import type { EngineModule, EngineName } from "./engines.ts";
import { currentCommit } from "./machine.ts";

export const repository = fileURLToPath(new URL("../..", import.meta.url));
const bench = join(repository, "bench");
export const packages = join(bench, "peers/node_modules");

function configFor(
  input: string,
  outDir: string,
  fileName: string,
  { minify = false }: SiteOptions,
): InlineConfig {
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
      minify,
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

export interface SiteOptions {
  /** Default false: TensorFlow.js starts its threads from the text of a function that must keep its names. */
  readonly minify?: boolean;
}

/** Builds the pages and `modules` into the folder `site`. The errors of those that failed, by module. */
export async function buildSite(
  site: string,
  modules: readonly EngineModule[],
  options: SiteOptions = {},
): Promise<ReadonlyMap<EngineModule, string>> {
  rmSync(site, { recursive: true, force: true });
  mkdirSync(site, { recursive: true });
  await build(configFor(join(bench, "chrome/session.ts"), site, "session.js", options));
  await build(configFor(join(bench, "chrome/own.ts"), site, "own.js", options));
  cpSync(join(bench, "chrome/session.html"), join(site, "session.html"));
  cpSync(join(bench, "chrome/own.html"), join(site, "index.html"));
  const failures = new Map<EngineModule, string>();
  for (const module of new Set(modules)) {
    try {
      await build(configFor(join(bench, `${module}.ts`), join(site, module), "entry.js", options));
    } catch (error) {
      failures.set(module, `did not build: ${error instanceof Error ? error.message : error}`);
    }
  }
  return failures;
}

/** Writes what the page reads beside itself: what it was built of, and the runs of other machines. */
export function writeFacts(site: string, engines: readonly EngineName[]): void {
  const commit = currentCommit();
  const facts = { engines, gradgpu: version(), ...(commit !== undefined && { commit }) };
  writeFileSync(join(site, "site.json"), JSON.stringify(facts));
  writeFileSync(join(site, "others.json"), JSON.stringify(committedReports()));
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
