import { join } from "node:path";
import { afterAll, describe, test } from "vitest";
import { makeApp } from "./support/app.ts";
import { closeBrowser, expectTrained, outcomeAt } from "./support/pages.ts";
import { serveFolder } from "./support/serve.ts";
import type { Tool } from "./support/tools.ts";

afterAll(closeBrowser);

interface Bundler {
  /** Makes dist/ in the app. */
  readonly build: readonly string[];
  readonly files: Readonly<Record<string, string>>;
}

const ENTRIES = '["src/page-with-worker.js", "src/own-worker.js"]';
const page = (script: string) => `<!doctype html><title>app</title>${script}`;

const bundlers: Partial<Record<Tool, Bundler>> = {
  webpack: {
    build: ["build.mjs"],
    files: {
      // Finds the worker itself.
      "build.mjs": `
        import webpack from "webpack";
        const options = {
          mode: "production",
          entry: "./src/page-with-worker.js",
          output: { path: import.meta.dirname + "/dist" },
          performance: { hints: false },
        };
        webpack(options, (error, stats) => {
          const { errors, warnings } = stats?.toJson() ?? { errors: [error], warnings: [] };
          for (const { message } of [...errors, ...warnings]) console.error(message);
          process.exitCode = errors.length + warnings.length;
        });`,
      "dist/index.html": page('<script defer src="main.js"></script>'),
    },
  },
  rollup: {
    build: ["build.mjs"],
    files: {
      "build.mjs": `
        import { nodeResolve } from "@rollup/plugin-node-resolve";
        import { rollup } from "rollup";
        const complaints = [];
        const bundle = await rollup({
          input: ${ENTRIES},
          plugins: [nodeResolve({ browser: true })],
          onwarn: ({ message }) => complaints.push(message),
        });
        await bundle.write({ dir: "dist", format: "es" });
        for (const complaint of complaints) console.error(complaint);
        process.exitCode = complaints.length;`,
      "dist/index.html": page('<script type="module" src="page-with-worker.js"></script>'),
    },
  },
  esbuild: {
    build: ["build.mjs"],
    files: {
      "build.mjs": `
        import { build } from "esbuild";
        const { errors, warnings } = await build({
          entryPoints: ${ENTRIES},
          bundle: true, splitting: true, format: "esm", minify: true, outdir: "dist",
        });
        process.exitCode = errors.length + warnings.length;`,
      "dist/index.html": page('<script type="module" src="page-with-worker.js"></script>'),
    },
  },
  parcel: {
    build: [
      "node_modules/parcel/lib/bin.js",
      "build",
      "index.html",
      "--no-cache",
      "--public-url",
      "./",
    ],
    files: {
      "index.html": page('<script type="module" src="src/page-with-worker.js"></script>'),
      // Parcel reads exports where it is told to; what several chunks of a worker share it begins in the wrong order.
      "package.json": JSON.stringify({
        private: true,
        "@parcel/resolver-default": { packageExports: true },
        "@parcel/bundler-default": { minBundleSize: 10_000_000 },
      }),
    },
  },
};

describe.each(Object.entries(bundlers))("%s", (tool, { build, files }) => {
  test("builds a page that trains, and so does a module worker of its own", async () => {
    const app = makeApp(tool as Tool, files);
    await app.run(process.execPath, ...build);
    const server = await serveFolder(join(app.folder, "dist"));
    try {
      const { page, own } = (await outcomeAt(server.url)) as Record<string, unknown>;
      expectTrained(page);
      expectTrained(own);
    } finally {
      server.close();
    }
  });
});
