/** The peers' packages: installed by the benchmark command, never by a plain `npm ci`. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { repository } from "./build.ts";

const folder = join(repository, "bench/peers");
const stamp = join(folder, "node_modules/.gradgpu-lock");

/** Installs what the lock file says, once. Gives the error where that fails (no network): peers are then rows that say so. */
export function installPeers(say: (text: string) => void): string | undefined {
  const lock = readFileSync(join(folder, "package-lock.json"), "utf8");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === lock) return undefined;
  say("installing the peers' packages into bench/peers/node_modules");
  try {
    const args = ["ci", "--no-audit", "--no-fund", "--ignore-scripts"];
    execFileSync("npm", args, {
      cwd: folder,
      stdio: ["ignore", "ignore", "pipe"],
      timeout: 300_000,
    });
    writeFileSync(stamp, lock);
    return undefined;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return `its packages could not be installed: ${message.slice(0, 300)}`;
  }
}
