import { fileURLToPath } from "node:url";
import { defaultClientConditions, defineConfig } from "vite";
import { dataPlugin } from "./demo/data-plugin.ts";

const repository = fileURLToPath(new URL(".", import.meta.url));

/** Cross-origin isolation: without it a page has no SharedArrayBuffer, and the cpu device one thread. */
const isolation = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

// Serves and builds demo/. Tests have their own configuration: vitest.config.ts.
export default defineConfig({
  root: "demo",
  base: "./",
  plugins: [dataPlugin()],
  // The sources themselves, so that a change shows without a build.
  resolve: { conditions: ["gradgpu-source", ...defaultClientConditions] },
  server: { headers: isolation, fs: { allow: [repository] } },
  preview: { headers: isolation },
  // The worker loads its panels when they are opened, which only a module can.
  worker: { format: "es" },
  build: {
    outDir: "../out/demo",
    emptyOutDir: true,
    target: "es2022",
    // Compressing the data takes seconds, and is what there is to do.
    rolldownOptions: { checks: { bundlerTimings: false } },
  },
});
