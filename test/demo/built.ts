/** The page as `npm run demo:build` writes it, served as the simplest host would: from some path, without a header. */
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "vite";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
};

export interface BuiltDemo {
  /** With a slash at the end. */
  readonly address: string;
  /** Bytes of the files that were asked for since it was last asked, gzipped, by their names. */
  taken(): Map<string, number>;
  close(): Promise<void>;
}

/** Its configuration: `npm run demo` and `npm run demo:build` have no other. */
export const demoConfig = fileURLToPath(new URL("../../vite.config.ts", import.meta.url));

let folderOfAll: Promise<string> | undefined;

/** Where the page is built, once for all tests of this process. */
export function builtFolder(): Promise<string> {
  folderOfAll ??= buildInto(join(tmpdir(), `gradgpu-demo-${process.pid}`));
  return folderOfAll;
}

async function buildInto(folder: string): Promise<string> {
  await build({ configFile: demoConfig, logLevel: "error", build: { outDir: folder } });
  return folder;
}

export async function buildDemo(): Promise<BuiltDemo> {
  const folder = await builtFolder();
  let taken = new Map<string, number>();
  const sizes = new Map<string, number>();
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const name = pathname.replace(/^\/some\/path\//, "") || "index.html";
    readFile(join(folder, name)).then(
      (bytes) => {
        const size = sizes.get(name) ?? gzipSync(bytes).length;
        sizes.set(name, size);
        taken.set(name, size);
        response.setHeader("Content-Type", TYPES[extname(name)] ?? "application/octet-stream");
        response.end(bytes);
      },
      () => {
        response.statusCode = 404;
        response.end();
      },
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("There is no port.");
  return {
    address: `http://127.0.0.1:${address.port}/some/path/`,
    taken() {
      const seen = taken;
      taken = new Map();
      return seen;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
