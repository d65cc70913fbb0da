import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const repository = new URL("../../", import.meta.url);

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly process: ChildProcess;
  /** Settles when something of that kind has been written to stdout or stderr. */
  wrote(pattern: RegExp): Promise<void>;
  readonly ended: Promise<Ended>;
}

/** Starts a TypeScript file of the repository, as the scripts of package.json do, in the folder `cwd`. */
export function startNode(file: string, args: readonly string[], cwd: string): Running {
  const child = spawn(
    process.execPath,
    ["--import", import.meta.resolve("tsx"), "--conditions=gradgpu-source", pathOf(file), ...args],
    { cwd, stdio: ["ignore", "pipe", "pipe"] },
  );
  const text = { stdout: "", stderr: "" };
  const listeners = new Set<() => void>();
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (piece: string) => {
      text[name] += piece;
      for (const listener of listeners) listener();
    });
  }
  const ended = once(child, "close").then(([code]: (number | null)[]) => ({
    code: code ?? null,
    ...text,
  }));
  const wrote = async (pattern: RegExp) => {
    const seen = new Promise<void>((resolve) => {
      const look = () => {
        if (pattern.test(text.stdout) || pattern.test(text.stderr)) resolve();
      };
      listeners.add(look);
      look();
    });
    const early = ended.then(({ code, stdout, stderr }) => {
      if (pattern.test(stdout) || pattern.test(stderr)) return;
      throw new Error(`${file} ended with ${code} before it wrote ${pattern}:\n${stdout}${stderr}`);
    });
    await Promise.race([seen, early]);
  };
  return { process: child, wrote, ended };
}

function pathOf(file: string): string {
  return fileURLToPath(new URL(file, repository));
}
