/** An app that has installed the tarball: a tool's folder with the files of one test in it. */
import { execFile, execFileSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { transformSync } from "esbuild";
import { inject } from "vitest";
import { repository, type Tool, toolFolder } from "./tools.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Where `npm pack` has put the tarball. */
    tarball: string;
  }
}

export interface App {
  readonly folder: string;
  /** Runs a command in it, and gives what it says on stdout. @throws Error with what it said where it fails */
  run(command: string, ...args: string[]): Promise<string>;
}

/** The tarball of what `npm run build` has made. */
export function packTarball(): { tarball: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), "gradgpu-tarball-"));
  const args = ["pack", "--ignore-scripts", "--json", "--pack-destination", folder];
  const [packed] = JSON.parse(execFileSync("npm", args, { cwd: repository, encoding: "utf8" }));
  return {
    tarball: join(folder, packed.filename),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** An app with `files` (path → text), those of test/package/apps/shared, and gradgpu as npm would install it. */
export function makeApp(tool: Tool, files: Readonly<Record<string, string>> = {}): App {
  const folder = toolFolder(tool);
  for (const name of readdirSync(folder))
    if (!["node_modules", "package.json", "package-lock.json"].includes(name))
      rmSync(join(folder, name), { recursive: true, force: true });
  const own = join(folder, "node_modules/gradgpu");
  rmSync(own, { recursive: true, force: true });
  mkdirSync(own, { recursive: true });
  // gradgpu has no dependencies: installing it is unpacking it.
  execFileSync("tar", ["-xzf", inject("tarball"), "-C", own, "--strip-components=1"]);
  const shared = join(repository, "test/package/apps/shared");
  cpSync(shared, join(folder, "src"), { recursive: true });
  // The same program as CommonJS writes it.
  const program = readFileSync(join(shared, "train.js"), "utf8");
  writeFileSync(join(folder, "src/train.cjs"), transformSync(program, { format: "cjs" }).code);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return { folder, run: (command, ...args) => run(folder, command, args) };
}

function run(cwd: string, command: string, args: readonly string[]): Promise<string> {
  // What vitest sets is not for an app: it would build for tests.
  const { NODE_ENV: _, VITEST: __, NODE_OPTIONS: ___, ...env } = process.env;
  return new Promise((resolve, reject) => {
    const options = { cwd, env: { ...env, NEXT_TELEMETRY_DISABLED: "1" }, maxBuffer: 2 ** 26 };
    execFile(command, args, options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else
        reject(
          new Error(`${command} ${args.join(" ")} ended with ${error.code}:\n${stdout}\n${stderr}`),
        );
    });
  });
}
