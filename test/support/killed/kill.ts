/** Kills trainings with SIGKILL at moments of chance, again and again, and looks at what is left of each. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { folder } from "../../../src/io/index.ts";
import { drawing, type Moment, momentOf, watching } from "./moments.ts";
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
    await run(script, device, join(root, "whole"));
    const expected = await bytesOf(join(root, "whole"));
    let [kills, withCheckpoint, completed, mostSteps, mostIntervals] = [0, 0, 0, 0, 0];
    let latest = 0;
    while (kills < count || completed === 0) {
      const path = join(root, String(completed));
      // The last one comes to its end.
      const moment = kills < count ? momentOf(draw) : undefined;
      const { isDone, lines } = await run(script, device, path, moment);
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
}

/** Starts or goes on with the training, and kills it at that moment. */
function run(script: string, device: string, path: string, moment?: Moment): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, device, path], {
      stdio: ["ignore", "pipe", "inherit"],
      cwd: fileURLToPath(new URL("../../..", import.meta.url)),
    });
    let text = "";
    const isNow = moment === undefined ? () => false : watching(moment);
    child.stdout.on("data", (chunk) => {
      text += chunk;
    });
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (isNow(line)) setTimeout(() => child.kill("SIGKILL"), moment?.ms);
    });
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (code !== 0 && signal !== "SIGKILL") {
        reject(new Error(`a training ended with ${code ?? signal}: ${text.slice(-300)}`));
        return;
      }
      // One that was cut off was not said.
      const lines = text.split("\n").slice(0, -1);
      resolve({ isDone: code === 0, lines });
    });
  });
}

/** Of the last file of a training that came to its end. */
function bytesOf(path: string): Promise<Uint8Array> {
  return folder(path)
    .place(`step-${String(STEPS).padStart(9, "0")}.safetensors`)
    .read();
}
