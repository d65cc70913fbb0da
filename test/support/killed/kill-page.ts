/** Kills browsers with SIGKILL while a page of theirs writes checkpoints to OPFS, and looks at what is left. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "puppeteer-core";
import { START_MS } from "../../../src/testing/browser/launch.ts";
import { callInPage, launchBrowser, type PageServer, servePages } from "../chrome.ts";
import { drawing, type Moment, momentOf, watching } from "./moments.ts";
import { lostOf } from "./said.ts";

export interface KilledPages {
  readonly kills: number;
  readonly withCheckpoint: number;
  /** Trainings that came to their end over some kills, each with the bytes of one that was never killed. */
  readonly completed: number;
  /** The most steps that were told and not in the checkpoint, and whole intervals among them. */
  readonly mostSteps: number;
  readonly mostIntervals: number;
}

const MODULE = "/test/browser/killed-page.ts";

/** @throws where a checkpoint cannot be read, one that was safe is gone, or a training ends with other bits */
export async function killPages(count: number, seed: number): Promise<KilledPages> {
  const profile = mkdtempSync(join(tmpdir(), "gradgpu-killed-page-"));
  // One for all browsers: files belong to an origin, whose port is part of it.
  const server = await servePages();
  const draw = drawing(seed);
  try {
    await inBrowser(server, profile, (opened) => train(opened, "whole"));
    let [kills, withCheckpoint, completed, mostSteps, mostIntervals] = [0, 0, 0, 0, 0];
    let [latest, lines]: [number, readonly string[]] = [0, []];
    const turn = async (opened: Opened) => {
      const folder = `training-${completed}`;
      const ask = (name: string, of: string) => callInPage(opened.page, MODULE, name, of);
      // What the kill before has left.
      const before = latest;
      latest = Number(await ask("latest", folder));
      const lost = lostOf(lines, before, latest);
      mostSteps = Math.max(mostSteps, lost.steps);
      mostIntervals = Math.max(mostIntervals, lost.intervals);
      if (lines.length > 0 && latest > 0) withCheckpoint++;
      lines = [];
      if (kills >= count && completed > 0) return false;
      // The last one comes to its end.
      const run = await train(opened, folder, kills < count ? momentOf(draw) : undefined);
      if (run.isDone) {
        if ((await ask("bytes", folder)) !== (await ask("bytes", "whole")))
          throw new Error(`${folder} ended with other bits than one that was never killed.`);
        completed++;
        latest = 0;
      } else {
        kills++;
        lines = run.lines;
      }
      return true;
    };
    while (await inBrowser(server, profile, turn));
    return { kills, withCheckpoint, completed, mostSteps, mostIntervals };
  } finally {
    await server.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

interface Opened {
  readonly browser: Browser;
  readonly page: Page;
}

/** What `task` comes to in a browser of its own. */
async function inBrowser<T>(
  server: PageServer,
  profile: string,
  task: (opened: Opened) => Promise<T>,
): Promise<T> {
  const browser = await launchBrowser(profile);
  try {
    const [page = await browser.newPage()] = await browser.pages();
    await page.goto(`${server.origin}/test/support/blank.html`, { timeout: START_MS });
    return await task({ browser, page });
  } finally {
    if (browser.connected) await browser.close();
  }
}

interface Run {
  readonly isDone: boolean;
  /** What it said, as far as the browser has passed it on. */
  readonly lines: readonly string[];
}

/** Starts or goes on with a training, and kills its browser at that moment. */
async function train({ browser, page }: Opened, folder: string, moment?: Moment): Promise<Run> {
  const lines: string[] = [];
  const isNow = moment === undefined ? () => false : watching(moment);
  const killed = new Promise<"killed">((resolve) => {
    page.on("console", (message) => {
      const line = message.text();
      if (!/^(step|writing|written) \w+$/.test(line)) return;
      lines.push(line);
      if (isNow(line)) setTimeout(resolve, moment?.ms, "killed");
    });
  });
  const outcome = await Promise.race([trained(page, folder), killed]);
  if (outcome === "killed") await kill(browser);
  if (outcome instanceof Error) throw outcome;
  return { isDone: outcome === true, lines };
}

/** True, or why it has not ended: a page whose browser is killed cannot say. */
function trained(page: Page, folder: string): Promise<true | Error> {
  return callInPage(page, MODULE, "train", folder).then(
    () => true as const,
    (error: Error) => error,
  );
}

/** With all of its processes, which are a group: the next browser of the profile finds none of them. */
async function kill(browser: Browser): Promise<void> {
  const child = browser.process();
  if (child?.pid === undefined) throw new Error("The browser must be a process of this one.");
  const ended = new Promise((resolve) => child.once("exit", resolve));
  process.kill(-child.pid, "SIGKILL");
  await ended;
}
