import { describe, expect, it } from "vitest";
import { ArgumentError } from "../../../src/errors.ts";
import {
  add,
  compile,
  matmul,
  mul,
  planRows,
  profile,
  relu,
  scan,
  sum,
  type Tensor,
  tanh,
  tensor,
  variable,
  zeros,
} from "../../../src/functions.ts";
import { losses, nn, optim, Trainer } from "../../../src/index.ts";
import { openCounting } from "./open.ts";

const x = () =>
  tensor(
    Float32Array.from({ length: 12 }, (_, i) => Math.sin(i)),
    [3, 4],
  );

describe("profile", () => {
  it("tells the time of every kernel of a step that runs meanwhile, and gives its result", async () => {
    const { device } = openCounting();
    const w = variable(
      Float32Array.from({ length: 8 }, (_, i) => i / 8),
      [4, 2],
    );
    const step = compile((at: Tensor) => {
      const y = relu(matmul(at, w));
      w.assign(mul(w, 0.5));
      return { y, total: sum(y) };
    });
    const before = await step(x());
    const expected = [...(await before.y.data())].map((value) => value / 2);
    const runs = device.runs;
    const { result, runs: seen, clock } = await profile(() => step(x()));
    expect(device.runs).toBe(runs);
    expect([...(await result.y.data())]).toEqual(expected);
    expect(await result.total.item()).toBeCloseTo(
      expected.reduce((a, b) => a + b, 0),
      5,
    );
    expect(clock).toBe("host");
    expect(seen).toHaveLength(1);
    const rows = planRows(step.plans[0] as NonNullable<(typeof step.plans)[number]>);
    const kernels = seen[0]?.kernels ?? [];
    expect(kernels.map(({ startMs: _, elapsedMs: __, ...row }) => row)).toEqual(rows);
    expect(rows.some(({ ops }) => ops.includes("matmul"))).toBe(true);
    let at = 0;
    for (const { startMs, elapsedMs } of kernels) {
      expect(startMs).toBeCloseTo(at, 9);
      expect(elapsedMs).toBeGreaterThan(0);
      at += elapsedMs;
    }
    expect(seen[0]?.elapsedMs).toBeCloseTo(at, 9);
    // And nothing of it stays behind.
    await step(x());
    expect(device.runs).toBe(runs + 1);
  });

  it("sees what is read, loops step by step, and the step of a Trainer", async () => {
    openCounting();
    const eager = await profile(() => tanh(x()).data());
    expect(eager.runs.flatMap(({ kernels }) => kernels.map(({ label }) => label))).toEqual([
      "tanh",
    ]);
    const u = tensor(new Float32Array(16).fill(0.1), [4, 4]);
    const looped = compile(() =>
      scan(
        (h: Tensor, at: Tensor) => {
          const next = add(at, matmul(mul(h, 1), u));
          return { carry: next, y: undefined };
        },
        zeros([3, 4]),
        tensor(new Float32Array(60).fill(1), [5, 3, 4]),
      ),
    );
    const { runs, result } = await profile(() => looped());
    const inner = runs[0]?.kernels.filter(({ loops }) => loops.length > 0) ?? [];
    expect(inner.length).toBeGreaterThan(0);
    expect(inner.every(({ runs: times }) => times === 5)).toBe(true);
    expect(await result.carry.data()).toEqual(await (await looped()).carry.data());

    const model = nn.linear(2, 1, { seed: 1 });
    const trainer = new Trainer(model, {
      loss: losses.meanSquaredError,
      optimizer: optim.sgd({ learningRate: 0.1 }),
    });
    const data = { x: new Float32Array(16).fill(1), xShape: [2], y: new Float32Array(8) };
    const fit = trainer.fit([...batches(data)], { ahead: 0 });
    await fit.next();
    const trained = await profile(() => fit.next());
    expect(trained.runs.length).toBeGreaterThan(0);
    expect(trained.result.value?.step).toBe(2);
    await fit.return();
  });

  it("ends with what the function throws, and lets nobody in beside it", async () => {
    const { device } = openCounting();
    const failure = new Error("mine");
    await expect(profile(() => Promise.reject(failure))).rejects.toBe(failure);
    let end = () => {};
    const first = profile(() => new Promise<void>((resolve) => (end = resolve)));
    await expect(profile(() => 1)).rejects.toThrow(ArgumentError);
    end();
    await first;
    const { runs } = device;
    await tanh(x()).data();
    expect(device.runs).toBe(runs + 1);
    await expect(profile(1 as never)).rejects.toThrow(ArgumentError);
  });
});

function* batches({ x: xs, y }: { x: Float32Array; y: Float32Array }) {
  for (let i = 0; i < 4; i++) {
    yield {
      x: { data: xs.slice(4 * i, 4 * i + 4), shape: [2, 2] },
      y: { data: y.slice(2 * i, 2 * i + 2), shape: [2, 1] },
    };
  }
}
