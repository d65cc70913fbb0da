import { defaultServerConditions } from "vite";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

const conditions = ["gradgpu-source", ...defaultServerConditions];
// Made anew for each project: vitest takes `define` out of what it is given.
const shared = () => ({
  // Tests run in a debug build: what is forgiven elsewhere is an error there (src/debug.ts).
  define: { __GRADGPU_DEBUG__: "true" },
  resolve: { conditions },
  ssr: { resolve: { conditions } },
});

/** Files that take from a quarter of a minute to minutes, most of it SwiftShader compiling kernels. */
const LONG = [
  /conformance\/(webgpu|chrome)/,
  /webgpu\/(recurrent-kernels|conformance|layers|matmul-kernels|conv-kernels|training-step)\./,
  /training\/recurrent-goldens/,
  /(fuzz-api|random-functions|random-graphs|special-values)\./,
  /examples\/|training\/|declarations|demo\//,
];

/**
 * The longest first, so that none runs alone at the end: as they were measured by earlier runs, which vitest knows of;
 * on a fresh machine, where nothing was, by this list.
 */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    if (process.env.CI === undefined) return sorted;
    const rank = ({ moduleId }: TestSpecification) => {
      const found = LONG.findIndex((pattern) => pattern.test(moduleId));
      return found === -1 || moduleId.includes("/pure/") ? LONG.length : found;
    };
    return sorted.toSorted((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
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
