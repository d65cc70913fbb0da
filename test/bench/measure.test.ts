import { describe, expect, test } from "vitest";
import type { BenchCase, EngineInfo } from "../../bench/contract.ts";
import { ENGINES, type EngineName } from "../../bench/runner/engines.ts";
import { type Contender, Measuring } from "../../bench/runner/measure.ts";
import type { Answers, Command, Host } from "../../bench/runner/session.ts";

const CASE: BenchCase = { name: "matmul-4-nn", kind: "matmul", params: {} };

interface Script {
  readonly ms?: number;
  readonly result?: readonly number[];
  readonly cannot?: string;
  readonly hangs?: boolean;
  readonly isFallbackAdapter?: boolean;
}

/** An engine that answers as it is told; `log` keeps the order of samples. */
function contender(name: EngineName, script: Script, log: string[] = []): Contender {
  const { device } = ENGINES[name];
  const info: EngineInfo = {
    engine: name,
    device,
    backend: "scripted",
    version: "1",
    ...(script.isFallbackAdapter === undefined
      ? {}
      : { isFallbackAdapter: script.isFallbackAdapter }),
  };
  const answers: { [K in Command["do"]]: (command: Extract<Command, { do: K }>) => Answers[K] } = {
    open: () => info,
    prepare: () => (script.cannot === undefined ? {} : { cannot: script.cannot }),
    result: () => script.result ?? [1, 1, 1],
    time: ({ times }) => {
      log.push(name);
      return (script.ms ?? 400) * times;
    },
    count: () => ({ figures: [] }),
    dispose: () => null,
    close: () => null,
  };
  const host: Host = {
    ask: (command) => {
      if (script.hangs === true && command.do === "result") return new Promise(() => {});
      const answer = answers[command.do] as (command: Command) => unknown;
      // The table above is typed by command; the lookup is not.
      return Promise.resolve(answer(command)) as never;
    },
    kill: async () => {
      log.push(`${name} killed`);
    },
  };
  return { entry: ENGINES[name], start: async () => host };
}

function measuring(contenders: readonly Contender[], signal = new AbortController().signal) {
  const common = { runner: "node", sampleMs: 1, pauseMs: 0, say: () => {} } as const;
  return new Measuring(contenders, { ...common, rounds: 3, limitMs: 100_000, signal });
}

describe("measuring", () => {
  test("takes rounds in turns and gives ratios to ours", async () => {
    const log: string[] = [];
    const run = measuring([
      contender("tfjs-wasm", { ms: 800 }, log),
      contender("gradgpu-cpu", { ms: 400 }, log),
    ]);
    const rows = await run.measure(CASE);
    expect(rows.map(({ engine }) => engine)).toEqual(["gradgpu-cpu", "tfjs-wasm"]);
    expect(rows[0]).toMatchObject({ medianMs: 400, samples: 3 });
    expect(rows[0]).not.toHaveProperty("ratio");
    expect(rows[1]).toMatchObject({ ratio: 2, isChecked: true });
    // One warm-up each, then three rounds, of which the second begins with the other.
    expect(log.slice(2)).toEqual([
      "gradgpu-cpu",
      "tfjs-wasm",
      "tfjs-wasm",
      "gradgpu-cpu",
      "gradgpu-cpu",
      "tfjs-wasm",
    ]);
  });

  test("does not time what computes something else", async () => {
    const log: string[] = [];
    const run = measuring([
      contender("gradgpu-cpu", {}),
      contender("tfjs-wasm", { result: [1, 1, 1.1] }, log),
    ]);
    const [, row] = await run.measure(CASE);
    expect(row).toMatchObject({ outcome: "different" });
    expect(log).toEqual([]);
  });

  test("a result that is not a number is different from everything", async () => {
    const result = [Number.NaN, Number.NaN, Number.NaN];
    const run = measuring([contender("gradgpu-cpu", {}), contender("torch", { result })]);
    expect((await run.measure(CASE))[1]).toMatchObject({ outcome: "different" });
  });

  test("says what a peer cannot do, in its own words", async () => {
    const run = measuring([
      contender("gradgpu-cpu", {}),
      contender("ort-wasm", { cannot: "forward only" }),
    ]);
    expect((await run.measure(CASE))[1]).toMatchObject({ outcome: "cannot", why: "forward only" });
  });

  test("times nobody where there is nothing of ours to check against", async () => {
    const run = measuring([
      contender("gradgpu-cpu", { cannot: "not yet" }),
      contender("torch", {}),
    ]);
    expect((await run.measure(CASE))[1]).toMatchObject({ outcome: "cannot" });
  });

  test("cuts off what takes too long, ends it, and says at which limit", async () => {
    const log: string[] = [];
    const run = new Measuring(
      [contender("gradgpu-cpu", { ms: 1 }), contender("jax-wasm", { hangs: true }, log)],
      {
        runner: "node",
        sampleMs: 1,
        pauseMs: 0,
        rounds: 2,
        limitMs: 1_000,
        signal: new AbortController().signal,
        say: () => {},
      },
    );
    expect((await run.measure(CASE))[1]).toMatchObject({ outcome: "over", why: "over 1 s" });
    expect(log).toEqual(["jax-wasm killed"]);
  });

  test("never compares a software adapter with a GPU", async () => {
    const run = measuring([
      contender("gradgpu-webgpu", { isFallbackAdapter: true }),
      contender("jax-webgpu", { isFallbackAdapter: false }),
    ]);
    expect((await run.measure(CASE))[1]).not.toHaveProperty("ratio");
  });

  test("keeps the samples that were taken when it is stopped", async () => {
    const controller = new AbortController();
    const log: string[] = [];
    const own = contender("gradgpu-cpu", {}, log);
    const stopping: Contender = {
      ...own,
      start: async () => {
        const host = await own.start();
        return {
          ...host,
          ask: async (command) => {
            const answer = await host.ask(command);
            // The warm-up, then two rounds.
            if (command.do === "time" && log.length === 3) controller.abort();
            return answer;
          },
        };
      },
    };
    const [row] = await measuring([stopping], controller.signal).measure(CASE);
    expect(row).toMatchObject({ outcome: "measured", samples: 2 });
  });
});
