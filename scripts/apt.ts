/** Debian's packages, where there are such. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

/** @throws Error where they cannot be installed */
export function installPackages(names: readonly string[]): void {
  if (!existsSync("/usr/bin/apt-get") || process.getuid?.() !== 0)
    throw new Error(`only root on Debian can install ${names.join(", ")} as a package`);
  console.log(`Installing Debian's ${names.join(", ")} …`);
  apt("update", "-qq");
  apt("install", "-y", "-qq", "--no-install-recommends", ...names);
}

/** Quiet, but for what it says when it fails. */
function apt(...args: readonly string[]): void {
  const { status, stderr } = spawnSync("apt-get", args, {
    encoding: "utf8",
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  });
  if (status !== 0) throw new Error(`apt-get ${args[0]} failed:\n${stderr}`);
}
