/** A small server of static files with cross-origin isolation, on this machine only. */
import { createReadStream, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize, sep } from "node:path";
import { pipeline } from "node:stream";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
  ".json": "application/json",
  ".css": "text/css",
};

export interface FileServer {
  readonly origin: string;
  close(): Promise<void>;
}

/** The decoded path of a request, or undefined where it is none: a bad escape, a NUL, a target that is no address. */
function pathOf(target: string | undefined): string | undefined {
  try {
    const path = decodeURIComponent(new URL(`http://localhost${target ?? "/"}`).pathname);
    return path.includes("\0") ? undefined : path;
  } catch {
    return undefined;
  }
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    // Missing, longer than a name may be, or not for us to read.
    return false;
  }
}

/** Serves `folders`: address prefix ("/packages/") → folder. The longest prefix that fits wins. */
export async function serveFiles(
  folders: Readonly<Record<string, string>>,
  port = 0,
): Promise<FileServer> {
  const prefixes = Object.keys(folders).sort((a, b) => b.length - a.length);
  const server = createServer((request, response) => {
    const path = pathOf(request.url);
    if (path === undefined) {
      response.writeHead(400).end();
      return;
    }
    const prefix = prefixes.find((candidate) => path.startsWith(candidate));
    const folder = prefix === undefined ? undefined : folders[prefix];
    const rest = path.slice(prefix?.length ?? 0) || "index.html";
    const file = folder === undefined ? "" : normalize(join(folder, rest));
    const isInside = folder !== undefined && file.startsWith(normalize(folder) + sep);
    if (!isInside || !isFile(file)) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, {
      "Content-Type": TYPES[extname(file)] ?? "application/octet-stream",
      "Cross-Origin-Opener-Policy": "same-origin",
      "Cross-Origin-Embedder-Policy": "require-corp",
      "Cross-Origin-Resource-Policy": "same-origin",
    });
    // A file that cannot be read, or a reader who leaves, ends this answer and nothing else.
    pipeline(createReadStream(file), response, () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
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
