/** `npm run stacks`: installs what `npm run test:stacks` needs and the machine lacks. */
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { installPackages } from "../src/testing/browser/install.ts";
import { DEBIAN_PACKAGES, missing, NPM_PACKAGES, STACKS_FOLDER } from "../test/stacks/install.ts";

function installModules(): void {
  console.log(`Installing ${NPM_PACKAGES.join(", ")} to ${STACKS_FOLDER} …`);
  mkdirSync(STACKS_FOLDER, { recursive: true });
  // Its own, so that npm does not take the repository's.
  writeFileSync(join(STACKS_FOLDER, "package.json"), '{ "private": true }\n');
  const args = ["install", "--no-audit", "--no-fund", "--ignore-scripts", ...NPM_PACKAGES];
  const { status } = spawnSync("npm", args, { cwd: STACKS_FOLDER, stdio: "inherit" });
  if (status !== 0) throw new Error(`npm install ended with ${status}`);
}

try {
  const packages = missing().flatMap((name) => DEBIAN_PACKAGES[name] ?? []);
  if (packages.length > 0) installPackages([...new Set(packages)]);
  if (missing().length > 0) installModules();
  const still = missing();
  if (still.length > 0) throw new Error(`still missing: ${still.join(", ")}`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
