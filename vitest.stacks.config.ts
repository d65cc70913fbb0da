import { defineConfig } from "vitest/config";

/** Apart from `npm test`, which needs no stack but Node and Chrome. */
export default defineConfig({
  test: {
    include: ["test/stacks/*.test.ts"],
    // One after the other: each takes all cores.
    testTimeout: 1_800_000,
  },
});
