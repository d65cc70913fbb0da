/** What a page of an app loads that imports the package, as Vite builds it from dist/: minified and gzipped, in bytes. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, type Rolldown } from "vite";
import { writeModules } from "../../scripts/modules.ts";

const repository = fileURLToPath(new URL("../..", import.meta.url));

export interface AppBytes {
  /** Before a device is opened. */
  readonly start: number;
  /** With the device that is opened where there is a GPU, and where there is none. */
  readonly webgpu: number;
  readonly cpu: number;
  /** What it has before a device is opened, as one text. */
  readonly text: string;
}

/** An app in a folder of its own, with the package as it is published. */
export async function openApp(): Promise<{
  bytes(page: string): Promise<AppBytes>;
  close(): void;
}> {
  mkdirSync(join(repository, "out"), { recursive: true });
  const folder = mkdtempSync(join(repository, "out/app-"));
  const own = join(folder, "node_modules/gradgpu");
  await writeModules(join(own, "dist"), { sourcemap: false });
  cpSync(join(repository, "package.json"), join(own, "package.json"));
  // Else the name is that of the package around it.
  writeFileSync(join(folder, "package.json"), '{ "private": true }');
  return {
    bytes: (page) => pageBytes(folder, page),
    close: () => rmSync(folder, { recursive: true }),
  };
}

async function pageBytes(folder: string, page: string): Promise<AppBytes> {
  const input = join(folder, basename(page));
  cpSync(page, input);
  const built = await build({
    root: folder,
    configFile: false,
    logLevel: "error",
    build: {
      write: false,
      target: "es2022",
      rolldownOptions: { input, external: /^node:|^webgpu$/ },
    },
  });
  const chunks = new Map(
    (built as Rolldown.RolldownOutput).output.flatMap((file) =>
      file.type === "chunk" ? [[file.fileName, file]] : [],
    ),
  );
  const device = (name: string) =>
    [...chunks.values()].filter(
      (chunk) => chunk.isDynamicEntry && chunk.name.startsWith(`${name}-`),
    );
  const entry = [...chunks.values()].filter(({ isEntry }) => isEntry);
  const start = loadedBy(chunks, entry);
  const sum = (all: Iterable<Rolldown.OutputChunk>) =>
    [...all].reduce((bytes, { code }) => bytes + gzipSync(code).length, 0);
  return {
    start: sum(start),
    webgpu: sum(loadedBy(chunks, [...entry, ...device("webgpu")])),
    cpu: sum(loadedBy(chunks, [...entry, ...device("cpu")])),
    text: [...start].map(({ code }) => code).join("\n"),
  };
}

/** `files` and what they import at once. */
function loadedBy(
  chunks: ReadonlyMap<string, Rolldown.OutputChunk>,
  files: readonly Rolldown.OutputChunk[],
): Set<Rolldown.OutputChunk> {
  const seen = new Set<Rolldown.OutputChunk>();
  const visit = (file: Rolldown.OutputChunk | undefined) => {
    if (file === undefined || seen.has(file)) return;
    seen.add(file);
    for (const name of file.imports) visit(chunks.get(name));
  };
  files.forEach(visit);
  return seen;
}
