/**
 * `npm run demo:trace [-- --panel text --device webgpu --seconds 5]`: what the built page costs its visitor, from the
 * browser's own trace: first paint, tasks of the main thread over 50 ms, and frames over 34 ms while a panel trains at full
 * pace. To be measured on a quiet machine: beside other work a task waits for a core, so its processor time is told as well.
 */
import { readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "puppeteer-core";
import { panelNames } from "../demo/panels.ts";
import { buildDemo } from "../test/demo/built.ts";
import { press, stateOf } from "../test/demo/open-demo.ts";
import { launchBrowser } from "../test/support/chrome.ts";
import { command } from "./command.ts";

const USAGE = `npm run demo:trace -- [options]
  --panel p     one of ${panelNames.join(", ")} (all)
  --device d    cpu or webgpu (cpu)
  --seconds n   how long each is watched (5)`;

const { values } = command(USAGE, {
  panel: { type: "string" },
  device: { type: "string", default: "cpu" },
  seconds: { type: "string", default: "5" },
});
const TASK_MS = 50;
const FRAME_MS = 34;

interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds. */
  readonly ts: number;
  readonly dur?: number;
  /** Of these on the processor. */
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

const demo = await buildDemo();
const browser = await launchBrowser();
try {
  for (const panel of panelNames.filter((name) => (values.panel ?? name) === name)) {
    // A profile of its own: nothing is in its cache.
    const context = await browser.createBrowserContext();
    const page = await context.newPage();
    await page.goto(`${demo.address}?panel=${panel}&device=${values.device}&pace=full`);
    await page.waitForFunction(
      "document.querySelector('article[data-state=paused]') && crossOriginIsolated",
      { timeout: 120_000 },
    );
    const paint = await page.evaluate(
      "performance.getEntriesByType('paint').find(({ name }) => name === 'first-contentful-paint')?.startTime",
    );
    const { tasks, busy, frames, steps } = await trained(page, Number(values.seconds));
    const worst = (all: readonly number[]) => Math.max(0, ...all).toFixed(0);
    console.log(
      `${panel} on ${values.device}: first paint ${Number(paint).toFixed(0)} ms; ${steps} steps; ` +
        `${tasks.filter((ms) => ms > TASK_MS).length} of ${tasks.length} tasks over ${TASK_MS} ms, the longest ${worst(tasks)}, ` +
        `${worst(busy)} ms of them on the processor at most; ` +
        `${frames.filter((ms) => ms > FRAME_MS).length} of ${frames.length} frames over ${FRAME_MS} ms, the longest ${worst(frames)}`,
    );
    await context.close();
  }
} finally {
  await browser.close();
  await demo.close();
}

/** Milliseconds of the main thread's tasks, and between frames, while it trains. */
async function trained(page: Page, seconds: number) {
  const path = join(tmpdir(), `gradgpu-trace-${process.pid}.json`);
  await press(page, "[data-run=play]");
  // What is compiled once, in the first steps.
  await page.waitForFunction("Number(document.querySelector('article').dataset.step) > 3", {
    timeout: 120_000,
  });
  const before = Number((await stateOf(page)).step);
  await page.tracing.start({
    path,
    categories: ["toplevel", "disabled-by-default-devtools.timeline", "__metadata"],
  });
  const frames = await page.evaluate(`new Promise((resolve) => {
    const times = [];
    const end = performance.now() + ${1000 * seconds};
    const frame = (now) => {
      times.push(now);
      if (now < end) requestAnimationFrame(frame);
      else resolve(times.slice(1).map((time, i) => time - times[i]));
    };
    requestAnimationFrame(frame);
  })`);
  await page.tracing.stop();
  const steps = Number((await stateOf(page)).step) - before;
  await press(page, "[data-run=play]");
  // Chromium's trace format.
  const { traceEvents } = JSON.parse(await readFile(path, "utf8")) as { traceEvents: TraceEvent[] };
  await rm(path);
  const events = mainThreads(traceEvents).filter(
    ({ name }) => name === "RunTask" || name === "ThreadControllerImpl::RunTask",
  );
  const tasks = events.map(({ dur = 0 }) => dur / 1000);
  const busy = events.map(({ tdur = 0 }) => tdur / 1000);
  // Numbers, see above.
  return { tasks, busy, frames: frames as number[], steps };
}

/** Events of renderers' main threads. */
function mainThreads(events: readonly TraceEvent[]): TraceEvent[] {
  const key = ({ pid, tid }: TraceEvent) => `${pid}/${tid}`;
  const main = new Set(
    events
      .filter(({ name, args }) => name === "thread_name" && args?.name === "CrRendererMain")
      .map(key),
  );
  return events.filter((event) => main.has(key(event)));
}
