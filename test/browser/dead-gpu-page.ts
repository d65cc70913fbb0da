/** What becomes of everything that was under way on a GPU whose process ends. */
import { init } from "../../src/functions.ts";
import { compile, matmul, ones, sum } from "../../src/index.ts";

export interface Outcome {
  readonly ms: number;
  readonly reasons: readonly string[];
  readonly lost: string;
  /** A sum on the cpu device, opened afterwards. */
  readonly next: number;
}

let outcome: Promise<Outcome> | undefined;

/** Starts what is to be interrupted; `finish` gives what became of it. */
export async function start(): Promise<string> {
  const { runtime, device } = await init({ device: "webgpu" });
  const step = compile((x) => sum(matmul(x, x)));
  await (await step(ones([64, 64]))).item();
  // Steps and loads for ever, until one fails, and a wait for what is done.
  const forEver = async () => {
    for (;;) await (await step(ones([64, 64]))).item();
  };
  const plans = async () => {
    for (let n = 1; ; n++) await sum(ones([n, 3])).item();
  };
  const waits = async () => {
    for (;;) await runtime.device.synchronise();
  };
  const all = Promise.allSettled([forEver(), plans(), waits()]);
  const lost = runtime.device.lost.then((error) => ({ error, at: performance.now() }));
  outcome = all.then(async (results) => {
    const at = performance.now();
    const { error, at: lostAt } = await lost;
    await runtime.close();
    const next = await init({ device: "cpu", threads: 1 });
    const total = await sum(ones([1000])).item();
    await next.runtime.close();
    return {
      ms: Math.max(0, at - lostAt),
      reasons: results.map((result) =>
        result.status === "rejected" ? String(result.reason.name) : "fulfilled",
      ),
      lost: error.name,
      next: total,
    };
  });
  return device;
}

export function finish(): Promise<Outcome> | undefined {
  return outcome;
}
