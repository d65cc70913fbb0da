import { callable, check, checkOptions, count, rule } from "../arguments.ts";
import { currentRuntime } from "../runtime/current.ts";
import { collectGarbage } from "../runtime/garbage.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { CheckFailedError } from "./check-failed.ts";
import { LiveResources, type Resource } from "./live-resources.ts";
import type { Gpu } from "./node-adapter.ts";
import { textTable } from "./table.ts";

/** What `leakcheck` is told. */
export interface LeakcheckOptions {
  /** Runs that are compared. Default 5. */
  readonly runs?: number;
  /** Runs before them, which fill caches and compile. Default 2. */
  readonly warmup?: number;
  /** Whose buffers and textures are counted. Default: the memory of gradgpu's runtime that is open. */
  readonly device?: Gpu;
  /** A runtime of gradgpu that is not the one opened last. */
  readonly runtime?: Runtime;
}

interface Held {
  readonly bytes: number;
  readonly buffers: number;
}

/**
 * That `fn` leaves nothing behind on the GPU, run after run: as many bytes and buffers at the end as after the warm-up.
 * What can be collected counts for nothing; the collector is asked after each run (Node's by itself, Chrome's where it was
 * started by `openTestBrowser`). With `device` any WebGPU code is counted: buffers and textures made on it and not destroyed.
 * @throws CheckFailedError with what has grown, ArgumentError, GradgpuError where no device is open, what `fn` throws
 */
export async function leakcheck(fn: () => unknown, options: LeakcheckOptions = {}): Promise<void> {
  check("leakcheck", "fn", fn, callable);
  const anObject = rule("an object", (value) => typeof value === "object" && value !== null);
  checkOptions("leakcheck", options, {
    runs: count,
    warmup: count,
    device: anObject,
    runtime: anObject,
  });
  const { runs = 5, warmup = 2, device } = options;
  exposeCollector();
  if (device !== undefined) {
    const live = new LiveResources(device);
    try {
      const measure = () => total(live.list());
      const [first, last] = await run(fn, warmup, runs, measure);
      if (hasGrown(first, last)) throw failure(first, last, runs, live.list());
    } finally {
      live.stop();
    }
    return;
  }
  const runtime = options.runtime ?? currentRuntime("leakcheck");
  const [first, last] = await run(fn, warmup, runs, () => runtime.memory());
  if (hasGrown(first, last)) throw failure(first, last, runs, []);
}

async function run(
  fn: () => unknown,
  warmup: number,
  runs: number,
  measure: () => Held,
): Promise<[first: Held, last: Held]> {
  for (let i = 0; i < warmup; i++) await fn();
  await collectGarbage(() => false);
  const first = measure();
  for (let i = 0; i < runs; i++) await fn();
  await collectGarbage(() => !hasGrown(first, measure()));
  return [first, measure()];
}

const hasGrown = (first: Held, last: Held) =>
  last.bytes > first.bytes || last.buffers > first.buffers;

const total = (resources: readonly Resource[]): Held => ({
  bytes: resources.reduce((sum, { bytes }) => sum + bytes, 0),
  buffers: resources.length,
});

/** Node has a collector that can be called, and says so when it is asked. */
function exposeCollector(): void {
  if ("gc" in globalThis || typeof process === "undefined") return;
  const v8 = process.getBuiltinModule?.("node:v8");
  const vm = process.getBuiltinModule?.("node:vm");
  if (v8 === undefined || vm === undefined) return;
  v8.setFlagsFromString("--expose-gc");
  Object.defineProperty(globalThis, "gc", {
    value: vm.runInNewContext("gc"),
    configurable: true,
    writable: true,
  });
}

function failure(
  first: Held,
  last: Held,
  runs: number,
  live: readonly Resource[],
): CheckFailedError {
  const [bytes, buffers] = [last.bytes - first.bytes, last.buffers - first.buffers];
  const grown = `${bytes} bytes in ${buffers} buffers more after ${runs} runs (${first.bytes} → ${last.bytes})`;
  return new CheckFailedError(
    `leakcheck: a run must leave no memory behind; got ${grown}. Destroy or dispose of what a run makes, and keep no reference to it.${tableOf(live)}`,
  );
}

/** What there is, by kind, label and size, the most bytes first. */
function tableOf(live: readonly Resource[]): string {
  if (live.length === 0) return "";
  const groups = new Map<string, { readonly of: Resource; count: number }>();
  for (const of of live) {
    const key = JSON.stringify(of);
    const group = groups.get(key) ?? { of, count: 0 };
    group.count++;
    groups.set(key, group);
  }
  const rows = [...groups.values()]
    .sort((a, b) => b.count * b.of.bytes - a.count * a.of.bytes)
    .slice(0, 8)
    .map(({ of, count: held }) => [
      of.kind,
      of.label || "(no label)",
      String(of.bytes),
      String(held),
    ]);
  return `\n\n${textTable([["live", "label", "bytes each", "count"], ...rows])}`;
}
