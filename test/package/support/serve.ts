/** Static files under a base path, as any host serves what a bundler has made. */
import { readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join } from "node:path";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".css": "text/css",
  ".json": "application/json",
};

export interface Served {
  /** With the base path, which ends in a slash. */
  readonly url: string;
  close(): void;
}

export interface ServeOptions {
  /** "/" where nothing is said. */
  readonly base?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** `folder` on a free port of this machine. What is missing is answered with 404. */
export async function serveFolder(folder: string, options: ServeOptions = {}): Promise<Served> {
  const { base = "/", headers = {} } = options;
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const path = join(folder, pathname.slice(base.length) || "index.html");
    if (!pathname.startsWith(base) || !isFile(path)) {
      response.writeHead(404).end();
      return;
    }
    const type = TYPES[extname(path)] ?? "application/octet-stream";
    response.writeHead(200, { "Content-Type": type, ...headers }).end(readFileSync(path));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port.");
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${address.port}${base}`, close };
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
