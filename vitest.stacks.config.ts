import { defineConfig } from "vitest/config";

/** Apart from `npm test`, which needs no stack but Node and Chrome. */
export default defineConfig({
  test: {
    include: ["test/stacks/*.test.ts"],
    // Two at a time: Firefox answers read-backs on a timer and is idle for most of its time, others compile on one core.
    maxConcurrency: 2,
    testTimeout: 1_800_000,
  },
});
