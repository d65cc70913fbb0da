/**
 * What a page loads of gradgpu, gzipped: its own chunks, and those of the device that it opens. A file counts as it is
 * sent, so the sum is of files that are compressed one by one.
 */
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, type Metafile } from "esbuild";

const repository = fileURLToPath(new URL("../..", import.meta.url));

export interface PageBytes {
  /** Before a device is opened. */
  readonly start: number;
  /** With the device that is opened where there is a GPU, and where there is none. */
  readonly webgpu: number;
  readonly cpu: number;
  /** Every file, for both devices and for tensors that no kernel reaches. */
  readonly all: number;
}

const deviceModules = { webgpu: "src/devices/webgpu/index.ts", cpu: "src/devices/cpu/index.ts" };

/** Bytes of a page that uses all of `entry`, a module of src/, as a bundler for the web splits and minifies it. */
export async function pageBytes(entry: string): Promise<PageBytes> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: repository,
    entryPoints: [entry],
    outdir: "out/page-bytes",
    bundle: true,
    splitting: true,
    minify: true,
    write: false,
    format: "esm",
    platform: "neutral",
    target: "es2022",
    external: ["node:*", "webgpu"],
    conditions: ["gradgpu-source"],
    define: { __GRADGPU_DEBUG__: "false" },
    metafile: true,
  });
  const { outputs } = metafile;
  const gzipped = new Map(
    outputFiles.map(({ path, contents }) => [basename(path), gzipSync(contents).length]),
  );
  const sum = (files: Iterable<string>) =>
    [...files].reduce((bytes, file) => bytes + (gzipped.get(basename(file)) ?? 0), 0);
  // An entry that opens no device has no chunk of one.
  const from = (...modules: string[]) =>
    Object.keys(outputs).filter((file) => modules.includes(outputs[file]?.entryPoint ?? ""));
  return {
    start: sum(loadedBy(outputs, from(entry))),
    webgpu: sum(loadedBy(outputs, from(entry, deviceModules.webgpu))),
    cpu: sum(loadedBy(outputs, from(entry, deviceModules.cpu))),
    all: sum(Object.keys(outputs)),
  };
}

/** `files` and what they import at once. */
function loadedBy(outputs: Metafile["outputs"], files: readonly string[]): Set<string> {
  const seen = new Set<string>();
  const visit = (file: string) => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const { path, kind, external } of outputs[file]?.imports ?? [])
      if (kind === "import-statement" && external !== true) visit(path);
  };
  files.forEach(visit);
  return seen;
}
