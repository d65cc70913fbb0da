/** `npm run browser`: sees to it that there is a Chrome or Chromium for the tests. */
import { ensureBrowser } from "../src/testing/browser/install.ts";

try {
  await ensureBrowser();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
// A request that nobody answers must not keep the process.
process.exit();
