/** Kills trainings with SIGKILL at moments of chance, again and again, and looks at what is left of each. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { folder } from "../../../src/io/index.ts";
import { latestIn, lostOf } from "./said.ts";
import { STEPS } from "./training.ts";

export interface Killed {
  /** Processes that were killed, and those of them that had a checkpoint by then. */
  readonly kills: number;
  readonly withCheckpoint: number;
  /** Trainings that came to their end over some kills, each with the bytes of one that was never killed. */
  readonly completed: number;
  /** The most steps that were told and not in the checkpoint, and whole intervals among them. */
  readonly mostSteps: number;
  readonly mostIntervals: number;
}

/** @throws where a checkpoint cannot be read, more is lost than may be, or a training ends with other bits */
export async function killTrainings(device: string, count: number, seed: number): Promise<Killed> {
  const root = mkdtempSync(join(tmpdir(), "gradgpu-killed-"));
  const script = await bundled(root);
  const draw = drawing(seed);
  try {
    const whole = await run(script, device, join(root, "whole"), Number.POSITIVE_INFINITY);
    const expected = await bytesOf(join(root, "whole"));
    let [kills, withCheckpoint, completed, mostSteps, mostIntervals] = [0, 0, 0, 0, 0];
    let latest = 0;
    while (kills < count || completed === 0) {
      const path = join(root, String(completed));
      const { isDone, lines } = await run(script, device, path, draw(0.5 * whole.ms));
      const before = latest;
      latest = await latestIn(folder(path));
      const { steps, intervals } = lostOf(lines, before, latest);
      if (isDone) {
        const found = await bytesOf(path);
        if (Buffer.compare(found, expected) !== 0)
          throw new Error(
            `training ${completed} ended with other bits than one that was never killed.`,
          );
        completed++;
        latest = 0;
        rmSync(path, { recursive: true });
        continue;
      }
      kills++;
      if (latest > 0) withCheckpoint++;
      mostSteps = Math.max(mostSteps, steps);
      mostIntervals = Math.max(mostIntervals, intervals);
    }
    return { kills, withCheckpoint, completed, mostSteps, mostIntervals };
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

async function bundled(root: string): Promise<string> {
  const outfile = join(root, "child.mjs");
  await build({
    entryPoints: [fileURLToPath(new URL("child.ts", import.meta.url))],
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    external: ["webgpu"],
    conditions: ["gradgpu-source"],
    define: { __GRADGPU_DEBUG__: "false" },
    logLevel: "error",
  });
  return outfile;
}

interface Run {
  readonly isDone: boolean;
  /** What it said. */
  readonly lines: readonly string[];
  /** From the first step to the end. */
  readonly ms: number;
}

/** Starts the training, and kills it so long after its first step. */
function run(script: string, device: string, path: string, afterMs: number): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, device, path], {
      stdio: ["ignore", "pipe", "inherit"],
      cwd: fileURLToPath(new URL("../../..", import.meta.url)),
    });
    let [text, startMs] = ["", 0];
    let timer: ReturnType<typeof setTimeout> | undefined;
    child.stdout.on("data", (chunk) => {
      text += chunk;
      if (startMs > 0 || !text.includes("step")) return;
      startMs = performance.now();
      if (afterMs < Number.POSITIVE_INFINITY)
        timer = setTimeout(() => child.kill("SIGKILL"), afterMs);
    });
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      if (code !== 0 && signal !== "SIGKILL") {
        reject(new Error(`a training ended with ${code ?? signal}: ${text.slice(-300)}`));
        return;
      }
      const ms = performance.now() - startMs;
      // One that was cut off was not said.
      const lines = text.split("\n").slice(0, -1);
      resolve({ isDone: code === 0, lines, ms });
    });
  });
}

/** Of the last file of a training that came to its end. */
function bytesOf(path: string): Promise<Uint8Array> {
  return folder(path)
    .place(`step-${String(STEPS).padStart(9, "0")}.safetensors`)
    .read();
}

/** Numbers of chance from 0 to below `below`, the same for one seed. */
export function drawing(seed: number): (below: number) => number {
  let word = seed;
  return (below) => {
    word = (Math.imul(word, 1664525) + 1013904223) >>> 0;
    return (word / 2 ** 32) * below;
  };
}
