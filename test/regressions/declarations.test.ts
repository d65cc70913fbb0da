import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const repository = fileURLToPath(new URL("../..", import.meta.url));

test("the published declarations stand on their own, with and without what users may have besides", async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ["scripts/check-types.mjs"], {
    cwd: repository,
  }).catch((failed: { readonly stdout: string }) => failed);
  expect(stdout).toBe("TypeScript of this repository: ok\n");
  // Five settings, seconds each, and many more on a busy machine.
}, 600_000);
