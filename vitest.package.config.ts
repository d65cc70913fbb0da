import { defineConfig } from "vitest/config";

/** The tarball in other people's apps: apart from `npm test`, since it installs what they are built with. */
export default defineConfig({
  test: {
    include: ["test/package/**/*.test.ts"],
    globalSetup: "test/package/support/setup.ts",
    pool: "forks",
    maxWorkers: 2,
    // The first run installs.
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
