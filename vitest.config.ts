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

/** Files that take from ten seconds of processor time to a minute and more, the longest first. */
const LONG = [
  /(fuzz-api|random-functions)\.|conformance\/(chrome|webgpu)/,
  /training\/(recurrent-goldens|sequences)|declarations|conformance\/cpu|webgpu\/recurrent-layers/,
  /webgpu\/(conformance|conv-kernels|matmul-kernels|recurrent-kernels|training-step)\./,
  /examples\/|training\/|demo\/|(closed-devices|sums|trainers)\./,
  /pure\/(regressions\/long-graphs|ops\/gradients)/,
];

/**
 * The longest first, so that none runs alone at the end: as they were measured by earlier runs, which vitest knows of;
 * on a fresh machine, where nothing was, by this list. Project by project: a process goes on with files of its own.
 */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const projects = ["alone", "device", "pure"];
    const project = ({ project: { name } }: TestSpecification) => projects.indexOf(name);
    const rank = ({ moduleId }: TestSpecification) => {
      const found = LONG.findIndex((pattern) => pattern.test(moduleId));
      return process.env.CI === undefined ? 0 : found === -1 ? LONG.length : found;
    };
    return sorted.toSorted((a, b) => project(a) - project(b) || rank(a) - rank(b));
  }
}

/** They measure their process: what it holds, and how long it is blocked. */
const ALONE = [
  "test/regressions/closed-devices.test.ts",
  "test/regressions/fuzz-api.test.ts",
  "test/regressions/memory.test.ts",
  "test/training/leak.test.ts",
];

/**
 * glibc gives memory back to the system at every turn, and SwiftShader's compiler asks for it again: a third of its time.
 * Both have to be said, since either one fixes the other.
 */
const KEEP_MEMORY = {
  MALLOC_MMAP_THRESHOLD_: String(32 * 2 ** 20),
  MALLOC_TRIM_THRESHOLD_: String(256 * 2 ** 20),
};

/**
 * Thousands of small graphs die young: with the default of 16 MiB a tenth of the time goes into copying what is still
 * in use.
 */
const COLLECT_SELDOM = [
  "--min-semi-space-size=64",
  "--max-semi-space-size=64",
  "--single-threaded-gc",
];

/** A software GPU compiles for tens of seconds what some tests need, and a busy machine takes four times that. */
const onDevices = {
  testTimeout: 300_000,
  hookTimeout: 300_000,
  setupFiles: ["test/support/poll-dawn.ts"],
};

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    // Forks, not threads: Dawn is a native module and its GPU is one per process.
    pool: "forks",
    maxWorkers: 2,
    projects: [
      {
        ...shared(),
        test: {
          name: "pure",
          include: ["test/pure/**/*.test.ts"],
          // Seconds for the longest, and eight times that on a machine that is busy with other work.
          testTimeout: 60_000,
          setupFiles: ["test/support/no-runtime.ts"],
          isolate: false,
          execArgv: COLLECT_SELDOM,
        },
      },
      {
        ...shared(),
        test: {
          name: "device",
          include: ["test/**/*.test.ts"],
          // Other configurations run those of other stacks and of the package.
          exclude: ["test/pure/**", "test/stacks/**", "test/package/**", ...ALONE],
          ...onDevices,
          isolate: false,
          env: KEEP_MEMORY,
        },
      },
      { ...shared(), test: { name: "alone", include: ALONE, ...onDevices } },
    ],
  },
});
