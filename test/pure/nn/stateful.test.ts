import { beforeEach, describe, expect, it, vi } from "vitest";
import { ArgumentError, DisposedError, ShapeError } from "../../../src/errors.ts";
import { tensor } from "../../../src/functions.ts";
import { nn } from "../../../src/index.ts";
import { openCounting } from "../runtime/open.ts";

beforeEach(() => {
  openCounting();
});

const ids = Int32Array.from({ length: 24 }, (_, i) => (i * i) % 5);
const model = () =>
  nn.sequential(nn.embedding(5, 4), nn.lstm(4, 3, { layers: 2 }), nn.linear(3, 2));
const piece = (from: number, to: number) => tensor(ids.slice(2 * from, 2 * to), [to - from, 2]);
const elements = async (y: Promise<{ data(): Promise<ArrayLike<number>> }>) =>
  Array.from(await (await y).data());

describe("nn.stateful", () => {
  it("gives, piece by piece, what the model gives for the whole sequence", async () => {
    const network = model();
    network.eval();
    const whole = [...(await network(piece(0, 12)).data())];
    const session = nn.stateful(network, { batchSize: 2 });
    const parts: number[] = [];
    for (const [from, to] of [
      [0, 1],
      [1, 2],
      [2, 7],
      [7, 8],
      [8, 12],
    ] as const) {
      parts.push(...(await elements(session.step(piece(from, to)))));
    }
    expect(parts.length).toBe(whole.length);
    // The products of whole sequences may add in another order.
    for (const [i, value] of parts.entries()) expect(value).toBeCloseTo(whole[i] ?? Number.NaN, 6);
  });

  it("compiles once for each length, and waits for nothing between two steps", async () => {
    const { device } = openCounting();
    const session = nn.stateful(model(), { batchSize: 2 });
    const steps = [0, 1, 2, 3].map((t) => session.step(piece(t, t + 1)));
    await Promise.all(steps);
    expect(device.loads).toBe(1);
    expect(device.runs).toBe(4);
    await session.step(piece(4, 7));
    await session.step(piece(7, 10));
    expect(device.loads).toBe(2);
  });

  it("begins again after reset, in the order of the calls", async () => {
    const session = nn.stateful(model(), { batchSize: 2 });
    const first = session.step(piece(0, 1));
    const second = session.step(piece(1, 2));
    session.reset();
    const again = session.step(piece(0, 1));
    expect(await elements(again)).toEqual(await elements(first));
    expect(await elements(second)).not.toEqual(await elements(first));
  });

  it("goes on from a saved state with the same bits, in another session too", async () => {
    const network = model();
    const session = nn.stateful(network, { batchSize: 2 });
    expect((await session.state()).map(({ data }) => [...data])).toEqual(
      Array(4).fill([0, 0, 0, 0, 0, 0]),
    );
    await session.step(piece(0, 5));
    const saved = await session.state();
    expect(saved.map(({ shape }) => shape)).toEqual(network.stateShapes(2));
    const next = await elements(session.step(piece(5, 6)));
    await session.step(piece(6, 7));
    session.loadState(saved);
    expect(await elements(session.step(piece(5, 6)))).toEqual(next);
    const other = nn.stateful(network, { batchSize: 2 });
    other.loadState(saved);
    expect(await elements(other.step(piece(5, 6)))).toEqual(next);
    session.reset();
    expect((await session.state()).every(({ data }) => data.every((x) => x === 0))).toBe(true);
  });

  it("evaluates: nothing is dropped, and the model is left in the mode that it was in", async () => {
    const network = nn.sequential(nn.lstm(1, 4), nn.dropout(0.9), nn.linear(4, 1));
    const x = tensor(Float32Array.of(1), [1, 1, 1]);
    network.eval();
    const [expected] = await network(x).data();
    network.train();
    const session = nn.stateful(network);
    expect(await elements(session.step(x))).toEqual([expected]);
    expect(network.mode.isTraining).toBe(true);
    expect(network.children.every(([, child]) => child.mode.isTraining)).toBe(true);
  });

  it("takes a model without state, whose steps stand for themselves", async () => {
    const session = nn.stateful(nn.linear(1, 1), { batchSize: 2 });
    const x = tensor(Float32Array.of(1, 2), [1, 2, 1]);
    expect(await elements(session.step(x))).toEqual(await elements(session.step(x)));
    expect(await session.state()).toEqual([]);
  });

  it("refuses what does not fit, and goes on as if nothing had been asked", async () => {
    const session = nn.stateful(model(), { batchSize: 2 });
    const first = await elements(session.step(piece(0, 1)));
    const second = await elements(session.step(piece(1, 2)));
    session.reset();
    expect(await elements(session.step(piece(0, 1)))).toEqual(first);
    const wide = session.step(tensor(new Int32Array(3), [1, 3]));
    await expect(wide).rejects.toBeInstanceOf(ShapeError);
    await expect(wide).rejects.toThrow(/got i32\[1, 3\]/);
    await expect(session.step(tensor(new Int32Array(2)))).rejects.toBeInstanceOf(ShapeError);
    await expect(session.step(tensor(new Int32Array(0), [0, 2]))).rejects.toBeInstanceOf(
      ShapeError,
    );
    await expect(session.step(tensor(new Float32Array(2), [1, 2]))).rejects.toThrow();
    const saved = await session.state();
    expect(() => session.loadState(saved.slice(1))).toThrow(ArgumentError);
    expect(() => session.loadState(saved.slice(1))).toThrow(/must have 4 tensors.*got 3/);
    const larger = saved.map(({ shape }) => ({
      shape: [3, shape[1] ?? 0],
      data: new Float32Array(9),
    }));
    expect(() => session.loadState(larger)).toThrow(ShapeError);
    expect(() => session.loadState(larger)).toThrow(/tensor 0 .* \[2, 3\]; got \[3, 3\]/);
    expect(await elements(session.step(piece(1, 2)))).toEqual(second);
    for (const batchSize of [0, 1.5]) {
      expect(() => nn.stateful(model(), { batchSize })).toThrow(ArgumentError);
    }
  });

  it("gives its memory back, and says so to whoever goes on", async () => {
    const { device, runtime } = openCounting();
    const unload = vi.spyOn(device, "unload");
    const session = nn.stateful(model(), { batchSize: 2 });
    const running = session.step(piece(0, 1));
    await running;
    const held = runtime.memory().bytes;
    session.dispose();
    session.dispose();
    expect((await elements(running)).length).toBe(4);
    await expect(session.step(piece(1, 2))).rejects.toBeInstanceOf(DisposedError);
    expect(() => session.reset()).toThrow(DisposedError);
    await runtime.enqueue(() => undefined);
    expect(unload).toHaveBeenCalledTimes(1);
    // Two layers' h and c, [2, 3] in f32 each, and what the plan had for itself.
    expect(held - runtime.memory().bytes).toBeGreaterThanOrEqual(4 * 6 * 4);
  });
});
