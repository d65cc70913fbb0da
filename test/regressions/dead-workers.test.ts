/** A worker of the cpu device that ends, whoever ended it, ends the device: every promise settles, and the next init works. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CpuOptions, openCpuDevice } from "../../src/devices/cpu/index.ts";
import type { Device } from "../../src/devices/device.ts";
import { DeviceLostError } from "../../src/errors.ts";
import type { Outcome } from "../browser/dead-workers-page.ts";
import { callInPage, openPage, type TestPage } from "../support/chrome.ts";
import { squarePlan, storageOf } from "../support/open-devices.ts";

/** After a fault every promise settles: within 2 s, and on a machine that is busy with other tests in ten times that. */
const LIMIT_MS = 20_000;

const threads = process.getBuiltinModule("node:worker_threads");
const { Worker: Thread } = threads;
const started: InstanceType<typeof Thread>[] = [];
const warnings: Error[] = [];
const warn = (warning: Error) => warnings.push(warning);
beforeAll(() => {
  process.on("warning", warn);
  threads.Worker = class extends Thread {
    constructor(...args: ConstructorParameters<typeof Thread>) {
      super(...args);
      started.push(this);
    }
  };
});
afterAll(() => {
  threads.Worker = Thread;
  process.off("warning", warn);
});

async function open(options: CpuOptions): Promise<{ device: Device; own: typeof started }> {
  started.length = 0;
  const device = await openCpuDevice(options);
  return { device, own: started.slice() };
}

async function expectLost(device: Device, pending: readonly Promise<unknown>[]): Promise<void> {
  const startMs = performance.now();
  for (const result of await Promise.allSettled(pending)) {
    expect(result).toMatchObject({ status: "rejected", reason: expect.any(DeviceLostError) });
  }
  expect(await device.lost).toBeInstanceOf(DeviceLostError);
  expect((await device.lost).message).toMatch(
    /^cpu: the device must be open to be used; got the end of its workers: .+\. Open a new device\.$/,
  );
  await device.close();
  expect(performance.now() - startMs).toBeLessThan(LIMIT_MS);
  expect(() => device.allocate(4)).toThrow(DeviceLostError);
}

describe.each([
  { what: "the first worker of two", options: { threads: 2, parallelBytes: 0 }, worker: 0 },
  { what: "the second worker of two", options: { threads: 2, parallelBytes: 0 }, worker: 1 },
  { what: "the only worker", options: { shared: false }, worker: 0 },
])("in Node, when $what is ended", ({ options, worker }) => {
  it("idle, the device is lost", async () => {
    const { device, own } = await open(options);
    await own[worker]?.terminate();
    await expectLost(device, []);
  });

  it("in the middle of runs, everything that is waited for is rejected", async () => {
    const { device, own } = await open(options);
    const n = 300_000;
    const program = await device.load(squarePlan(device, n));
    const [x, out] = [device.allocate(4 * n), device.allocate(4 * n)];
    const request = { storage: out, byteOffset: 0, bytes: 4 };
    const run = () => device.run(program, [x, out], [request]);
    // Some have ended, one is under way, and far more wait than can end before the worker does.
    const first = Array.from({ length: 3 }, run).flat();
    const reads = Array.from({ length: 300 }, run).flat();
    await first[0];
    const settled = Promise.allSettled([...first, ...reads]);
    const pending = [...reads.slice(-10), device.read(x, 0, 16), device.synchronise()];
    const loading = device.load(squarePlan(device, 10));
    void own[worker]?.terminate();
    await expectLost(device, pending);
    await settled;
    await loading;
    // Hundreds of faults end a worker once: Node warns of those who wait for the end of the same one.
    expect(warnings).toEqual([]);
  });

  it("the next device works", async () => {
    const { device, own } = await open(options);
    await own[worker]?.terminate();
    await device.lost;
    const { device: next } = await open(options);
    const storage = storageOf(next, [1, 2]);
    expect([...new Float32Array(await next.read(storage, 0, 8))]).toEqual([1, 2]);
    await next.close();
  });
});

describe("on a page", () => {
  let page: TestPage;
  beforeAll(async () => {
    page = await openPage();
  });
  afterAll(() => page.close());
  const module = "/test/browser/dead-workers-page.ts";

  it.each(["fit", "idle"])(
    "the first worker killed in %s ends the device by its lock",
    async (during) => {
      const outcome = (await callInPage(page.page, module, "kill", 0, during)) as Outcome;
      const { ms, reasons, lost, next } = outcome;
      expect(new Set(reasons)).toEqual(new Set(["DeviceLostError"]));
      expect(lost).toBe("DeviceLostError");
      expect(ms).toBeLessThan(LIMIT_MS);
      expect(next).toBe(1000);
    },
  );

  it("so does another worker, as soon as it is dead", async () => {
    const outcome = (await callInPage(page.page, module, "kill", 1, "fit")) as Outcome;
    expect(new Set(outcome.reasons)).toEqual(new Set(["DeviceLostError"]));
    // Chromium lets a thread that sleeps in WebAssembly live for two more seconds.
    expect(outcome.ms).toBeLessThan(2000 + LIMIT_MS);
    expect(outcome.next).toBe(1000);
  });

  it("other devices of the page go on", async () => {
    expect(await callInPage(page.page, module, "killBeside")).toBe(7);
  });
});

describe("on a page without shared memory", () => {
  it("the only worker killed ends the device", async () => {
    const page = await openPage({ isolated: false });
    try {
      const module = "/test/browser/dead-workers-page.ts";
      const outcome = (await callInPage(page.page, module, "kill", 0, "fit")) as Outcome;
      expect(new Set(outcome.reasons)).toEqual(new Set(["DeviceLostError"]));
      expect(outcome.ms).toBeLessThan(LIMIT_MS);
      expect(outcome.next).toBe(1000);
    } finally {
      await page.close();
    }
  });
});
