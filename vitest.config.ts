import { defaultServerConditions } from "vite";
import { defineConfig } from "vitest/config";

const conditions = ["gradgpu-source", ...defaultServerConditions];
// Made anew for each project: vitest takes `define` out of what it is given.
const shared = () => ({
  // Tests run in a debug build: what is forgiven elsewhere is an error there (src/debug.ts).
  define: { __GRADGPU_DEBUG__: "true" },
  resolve: { conditions },
  ssr: { resolve: { conditions } },
});

export default defineConfig({
  test: {
    // Forks, not threads: Dawn is a native module and its GPU is one per process.
    pool: "forks",
    maxWorkers: 2,
    projects: [
      {
        ...shared(),
        test: { name: "pure", include: ["test/pure/**/*.test.ts"], testTimeout: 10_000 },
      },
      {
        ...shared(),
        test: {
          name: "device",
          include: ["test/**/*.test.ts"],
          exclude: ["test/pure/**"],
          // A software GPU compiles for tens of seconds what some tests need, and a busy machine takes four times that.
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
