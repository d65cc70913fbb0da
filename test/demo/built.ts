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

export async function buildDemo(): Promise<BuiltDemo> {
  const folder = join(tmpdir(), `gradgpu-demo-${process.pid}`);
  await build({
    configFile: fileURLToPath(new URL("../../vite.config.ts", import.meta.url)),
    logLevel: "error",
    build: { outDir: folder },
  });
  let taken = new Map<string, number>();
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const name = pathname.replace(/^\/some\/path\//, "") || "index.html";
    readFile(join(folder, name)).then(
      (bytes) => {
        taken.set(name, gzipSync(bytes).length);
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
