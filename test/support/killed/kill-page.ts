/** Kills browsers with SIGKILL while a page of theirs writes checkpoints to OPFS, and looks at what is left. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "puppeteer-core";
import { callInPage, launchBrowser, type PageServer, servePages } from "../chrome.ts";
import { drawing } from "./kill.ts";
import { EVERY } from "./training.ts";

export interface KilledPages {
  readonly kills: number;
  readonly withCheckpoint: number;
  /** Trainings that came to their end over some kills, each with the bytes of one that was never killed. */
  readonly completed: number;
}

const MODULE = "/test/browser/killed-page.ts";

/** @throws where a checkpoint cannot be read, one that was safe is gone, or a training ends with other bits */
export async function killPages(count: number, seed: number): Promise<KilledPages> {
  const profile = mkdtempSync(join(tmpdir(), "gradgpu-killed-page-"));
  // One for all browsers: files belong to an origin, whose port is part of it.
  const server = await servePages();
  const draw = drawing(seed);
  try {
    const whole = await train(server, profile, "whole", Number.POSITIVE_INFINITY);
    const expected = await ask(server, profile, "bytes", "whole");
    let [kills, withCheckpoint, completed] = [0, 0, 0];
    while (kills < count || completed === 0) {
      const folder = `training-${completed}`;
      const { isDone, written } = await train(server, profile, folder, draw(0.5 * whole.ms));
      if (isDone) {
        const found = await ask(server, profile, "bytes", folder);
        if (found !== expected)
          throw new Error(`${folder} ended with other bits than one that was never killed.`);
        completed++;
        continue;
      }
      kills++;
      const latest = Number(await ask(server, profile, "latest", folder));
      if (latest < written) throw new Error(`step ${written} was safe; found ${latest}.`);
      if (latest >= EVERY) withCheckpoint++;
    }
    return { kills, withCheckpoint, completed };
  } finally {
    await server.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

async function open(server: PageServer, profile: string) {
  const browser = await launchBrowser(profile);
  const [page = await browser.newPage()] = await browser.pages();
  await page.goto(`${server.origin}/test/support/blank.html`);
  return { browser, page };
}

async function ask(server: PageServer, profile: string, name: string, folder: string) {
  const { browser, page } = await open(server, profile);
  try {
    return await callInPage(page, MODULE, name, folder);
  } finally {
    await browser.close();
  }
}

interface Run {
  readonly isDone: boolean;
  /** The last step that was said to be safe. */
  readonly written: number;
  /** From the first step to the end. */
  readonly ms: number;
}

/** Starts or goes on with a training, and kills its browser so long after its first step. */
async function train(
  server: PageServer,
  profile: string,
  folder: string,
  afterMs: number,
): Promise<Run> {
  const { browser, page } = await open(server, profile);
  let [written, startMs] = [0, 0];
  const begun = new Promise<void>((resolve) => {
    page.on("console", (message) => {
      const [verb, step] = message.text().split(" ");
      if (verb === "written") written = Number(step);
      if (verb !== "step" || startMs > 0) return;
      startMs = performance.now();
      resolve();
    });
  });
  const done = trained(page, folder);
  const never = new Promise<never>(() => {});
  const killed = Number.isFinite(afterMs) ? begun.then(() => pause(afterMs)) : never;
  const outcome = await Promise.race([done, killed]);
  const ms = performance.now() - startMs;
  await (outcome === "killed" ? kill(browser) : browser.close());
  if (outcome instanceof Error) throw outcome;
  return { isDone: outcome === true, written, ms };
}

/** True, or why it has not ended: a page whose browser is killed cannot say. */
function trained(page: Page, folder: string): Promise<true | Error> {
  return callInPage(page, MODULE, "train", folder).then(
    () => true as const,
    (error: Error) => error,
  );
}

const pause = (ms: number) =>
  new Promise<"killed">((resolve) => setTimeout(() => resolve("killed"), ms));

/** Its other processes end with it, a moment later. */
async function kill(browser: Browser): Promise<void> {
  const child = browser.process();
  const ended = new Promise((resolve) => child?.once("exit", resolve));
  child?.kill("SIGKILL");
  await ended;
  await pause(300);
}
