/** An engine in a process of its own, Node or Python, that speaks JSON lines. What else it prints is ignored. */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Host } from "./session.ts";

/** Begins the lines that are answers. */
export const ANSWER_MARK = "@bench ";

interface Answer {
  readonly value?: unknown;
  readonly error?: string;
}

/**
 * What others may have set for all of a machine's programs, and what makes an engine slower or faster than it is there:
 * OpenBLAS, told of another processor or cache than there is, takes up to three times as long.
 */
const TUNING = ["OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"];

/** The environment of an engine's process: this one's, without such settings. */
export function engineEnvironment(environment: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const own = Object.entries(environment).filter(([name]) => !TUNING.includes(name));
  return Object.fromEntries(own);
}

export function startProcess(file: string, args: readonly string[]): Host {
  const child = spawn(file, args, {
    stdio: ["pipe", "pipe", "pipe"],
    env: engineEnvironment(),
    // A group of its own: Ctrl-C is for the runner, which then ends it.
    detached: process.platform !== "win32",
  });
  return new LineHost(child);
}

class LineHost implements Host {
  readonly #child: ChildProcess;
  readonly #waiting: { resolve(value: unknown): void; reject(error: Error): void }[] = [];
  #errors = "";
  #ended: Error | undefined;

  constructor(child: ChildProcess) {
    this.#child = child;
    if (child.stdout !== null) {
      createInterface({ input: child.stdout }).on("line", (line) => this.#receive(line));
    }
    child.stderr?.on("data", (text: Buffer) => {
      this.#errors = (this.#errors + text.toString()).slice(-2000);
    });
    child.on("error", (error) => this.#end(error));
    child.on("exit", (code, signal) => {
      const last = this.#errors.trim().split("\n").slice(-3).join(" ");
      this.#end(new Error(`its process ended (${signal ?? code}). ${last}`.trim()));
    });
    child.stdin?.on("error", () => undefined);
  }

  // The answer's type is the command's: see `Answers`, which both sides keep to.
  ask: Host["ask"] = (command) => {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    const answer = new Promise<unknown>((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
    });
    this.#child.stdin?.write(`${JSON.stringify(command)}\n`);
    return answer as ReturnType<Host["ask"]> as never;
  };

  async kill(): Promise<void> {
    this.#end(new Error("it was ended."));
    this.#child.kill("SIGKILL");
  }

  #receive(line: string): void {
    if (!line.startsWith(ANSWER_MARK)) return;
    const { value, error } = JSON.parse(line.slice(ANSWER_MARK.length)) as Answer;
    const waiting = this.#waiting.shift();
    if (error !== undefined) waiting?.reject(new Error(error));
    else waiting?.resolve(value);
  }

  #end(error: Error): void {
    this.#ended ??= error;
    for (const { reject } of this.#waiting.splice(0)) reject(this.#ended);
  }
}
