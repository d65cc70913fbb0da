/** How many bytes a page loads: each public entry, minified and gzipped, as a bundler for the web would. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import type { BenchCase, Figure } from "../contract.ts";
import { repository } from "./build.ts";
import type { Row, Runner } from "./rows.ts";

async function gzippedBytes(entry: string): Promise<number> {
  const { outputFiles } = await build({
    absWorkingDir: repository,
    entryPoints: [entry],
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    platform: "neutral",
    target: "es2022",
    external: ["node:*", "webgpu"],
  });
  return outputFiles.reduce((sum, { contents }) => sum + gzipSync(contents).length, 0);
}

interface Exports {
  readonly exports: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** A row without times: its figures are the sizes. */
export async function measureBundles(benchCase: BenchCase, runner: Runner): Promise<Row> {
  const manifest = JSON.parse(readFileSync(join(repository, "package.json"), "utf8")) as Exports;
  const figures: Figure[] = [];
  for (const [subpath, { "gradgpu-source": source }] of Object.entries(manifest.exports)) {
    if (source === undefined) continue;
    const value = (await gzippedBytes(source)) / 1024;
    figures.push({ name: `gradgpu${subpath.slice(1)}, minified and gzipped`, value, unit: "KiB" });
  }
  return {
    case: benchCase.name,
    kind: benchCase.kind,
    engine: "gradgpu-cpu",
    device: "cpu",
    runner,
    outcome: "counted",
    figures,
  };
}
