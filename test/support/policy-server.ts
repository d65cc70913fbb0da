/** Serves what a test hands in, each file with headers of its own: pages with policies. */
import { createServer } from "node:http";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { PageServer } from "./chrome.ts";

const repository = fileURLToPath(new URL("../..", import.meta.url));

export interface ServedFile {
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** `files` by their paths ("/page.html"), on a free port of this machine only. What is missing is answered with 404. */
export async function serveWithPolicies(
  files: Readonly<Record<string, ServedFile>>,
): Promise<PageServer> {
  const server = createServer((request, response) => {
    const path = (request.url ?? "/").replace(/\?.*/, "");
    const file = files[path];
    if (file === undefined) {
      response.writeHead(404).end();
      return;
    }
    const type = path.endsWith(".html") ? "text/html; charset=utf-8" : "text/javascript";
    response.writeHead(200, { "Content-Type": type, ...file.headers }).end(file.body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port.");
  return {
    origin: `http://127.0.0.1:${address.port}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** Modules of test/browser/ as a bundler for the web makes them, with chunks: file name → JavaScript. */
export function bundleForWeb(
  modules: readonly string[],
  format: "esm" | "iife",
): Promise<Readonly<Record<string, ServedFile>>> {
  return build({
    absWorkingDir: repository,
    entryPoints: modules.map((name) => `test/browser/${name}.ts`),
    outdir: "out/bundled",
    bundle: true,
    splitting: format === "esm",
    write: false,
    format,
    platform: "browser",
    target: "es2022",
    conditions: ["gradgpu-source"],
    external: ["node:*", "webgpu"],
    logLevel: "silent",
  }).then(({ outputFiles }) =>
    Object.fromEntries(outputFiles.map(({ path, text }) => [`/${basename(path)}`, { body: text }])),
  );
}
