/** Serves a folder's modules to pages, TypeScript included. */
import { GradgpuError } from "../../errors.ts";
import { importPeer } from "../peer.ts";

export interface ServeOptions {
  /** The folder that is served. Default: the working directory. */
  readonly root?: string;
  /** Whether pages are cross-origin isolated, as SharedArrayBuffer wants it. Default true. */
  readonly isolated?: boolean;
  /** Vite's configuration, besides that of the folder's own vite.config: `{ resolve: { conditions: [] } }`. */
  readonly vite?: object;
}

export interface PageServer {
  /** `http://127.0.0.1:<port>`, without a slash at the end. */
  readonly origin: string;
  close(): Promise<void>;
}

/** Where an empty page is, whatever the folder. */
export const BLANK = "/__gradgpu_blank__.html";

const BLANK_PAGE = `<!doctype html>
<html lang="en">
  <head><meta charset="utf-8"><title>A page to run tests in</title><link rel="icon" href="data:,"></head>
  <body></body>
</html>
`;

export const ISOLATION: Readonly<Record<string, string>> = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

/** Serves by vite on a free port of this machine only. @throws GradgpuError where vite is not installed */
export async function servePages(options: ServeOptions = {}): Promise<PageServer> {
  const { root = process.cwd(), isolated = true, vite = {} } = options;
  const { createServer, mergeConfig } = await importPeer<typeof import("vite")>(
    "openTestBrowser",
    "vite",
  );
  const headers = isolated ? ISOLATION : {};
  const server = await createServer(
    mergeConfig(
      {
        root,
        // 404 for what is missing: a page in its place would be a module that does not parse.
        appType: "mpa",
        logLevel: "error",
        // What is found while a page runs would load it anew; its cache would be shared by servers that run at once.
        optimizeDeps: { noDiscovery: true },
        server: { host: "127.0.0.1", port: 0, watch: null, headers },
        plugins: [blankPage(headers)],
      },
      vite,
    ),
  );
  await server.listen();
  const address = server.httpServer?.address();
  if (address === null || address === undefined || typeof address === "string") {
    throw new GradgpuError("openTestBrowser: vite must open a port; got none.");
  }
  return { origin: `http://127.0.0.1:${address.port}`, close: () => server.close() };
}

function blankPage(headers: Readonly<Record<string, string>>): import("vite").Plugin {
  return {
    name: "gradgpu-blank-page",
    configureServer(server) {
      server.middlewares.use(BLANK, (_, response) => {
        response
          .writeHead(200, { "Content-Type": "text/html; charset=utf-8", ...headers })
          .end(BLANK_PAGE);
      });
    },
  };
}
