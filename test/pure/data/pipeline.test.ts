import { describe, expect, test } from "vitest";
import {
  batch,
  cache,
  concatenate,
  dataset,
  examples,
  map,
  prefetch,
  type Source,
  shuffle,
  take,
  window,
  zip,
} from "../../../src/data/index.ts";
import { ArgumentError, DTypeError, ShapeError } from "../../../src/errors.ts";
import { losses, nn, optim, Trainer } from "../../../src/index.ts";
import { openCounting } from "../runtime/open.ts";

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

/** 0 … n − 1, and what happened to the pass. */
function watched(n: number) {
  const seen = { begun: 0, read: 0, closed: 0 };
  const source = async function* () {
    seen.begun++;
    try {
      for (let i = 0; i < n; i++) {
        seen.read++;
        yield i;
      }
    } finally {
      seen.closed++;
    }
  };
  return { seen, source };
}

const range = (n: number) => Array.from({ length: n }, (_, i) => i);

describe("pipelines", () => {
  test("map gives items and indices to functions that answer now or later", async () => {
    expect(await all(map([3, 4], (x, i) => x * 10 + i))).toEqual([30, 41]);
    expect(await all(map([Promise.resolve(3), 4], async (x) => x + 1))).toEqual([4, 5]);
  });

  test("concatenate, take and window give what they say", async () => {
    const ten = concatenate(range(4), () => range(10).slice(4));
    expect(await all(ten)).toEqual(range(10));
    expect(await all(take(ten, 3))).toEqual([0, 1, 2]);
    expect(await all(take(ten, 0))).toEqual([]);
    expect(await all(take(ten, 20))).toEqual(range(10));
    expect(await all(window(ten, { size: 4 }))).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
      [8, 9],
    ]);
    expect(await all(window(ten, { size: 4, dropLast: true }))).toHaveLength(2);
    expect(await all(window(range(5), { size: 3, every: 1 }))).toEqual([
      [0, 1, 2],
      [1, 2, 3],
      [2, 3, 4],
    ]);
    expect(await all(window(range(6), { size: 2, every: 3 }))).toEqual([
      [0, 1],
      [3, 4],
    ]);
    expect(await all(window(range(4), { size: 3, every: 2 }))).toEqual([
      [0, 1, 2],
      [2, 3],
    ]);
  });

  test("zip puts sources side by side and refuses those that end apart", async () => {
    expect(await all(zip({ x: ["a", "b"], y: () => [1, 2] }))).toEqual([
      { x: "a", y: 1 },
      { x: "b", y: 2 },
    ]);
    const long = watched(9);
    const uneven = all(zip({ x: [1, 2], y: long.source }));
    await expect(uneven).rejects.toThrow(
      "zip: all sources must have as many items; got x at its end after 2, y not. Cut what is longer: take(source, 2).",
    );
    await expect(uneven).rejects.toThrow(ShapeError);
    expect(long.seen.closed).toBe(1);
  });

  test("a pass begins anew for everyone who begins, and is read only as far as it is asked", async () => {
    const { seen, source } = watched(100);
    const pipe = take(
      map(source, (x) => x),
      3,
    );
    expect(seen.begun).toBe(0);
    expect(await all(pipe)).toEqual([0, 1, 2]);
    expect(await all(pipe)).toEqual([0, 1, 2]);
    expect(seen).toEqual({ begun: 2, read: 6, closed: 2 });
  });

  test("a generator is refused a second time", async () => {
    const { source } = watched(3);
    const pipe = map(source(), (x) => x);
    expect(await all(pipe)).toEqual([0, 1, 2]);
    await expect(all(pipe)).rejects.toThrow("Pass the function that makes it.");
    await expect(all(pipe)).rejects.toThrow(ArgumentError);
  });

  test("cache reads its source once, and again where a pass was left", async () => {
    const { seen, source } = watched(3);
    const kept = cache(source);
    expect(await all(take(kept, 2))).toEqual([0, 1]);
    expect(await all(kept)).toEqual([0, 1, 2]);
    expect(await all(kept)).toEqual([0, 1, 2]);
    expect(seen.begun).toBe(2);
  });

  test("prefetch reads ahead, keeps the order, and passes errors on in their place", async () => {
    const { seen, source } = watched(20);
    const items = prefetch(source, 3)[Symbol.asyncIterator]();
    expect((await items.next()).value).toBe(0);
    await new Promise((done) => setTimeout(done));
    expect(seen.read).toBe(4);
    await items.return?.();
    expect(seen.closed).toBe(1);
    expect(await all(prefetch(source))).toEqual(range(20));
    const failing = prefetch(
      map(range(5), (i) => {
        if (i === 2) throw new RangeError("mine");
        return i;
      }),
      4,
    );
    const got: number[] = [];
    const reading = (async () => {
      for await (const item of failing) got.push(item);
    })();
    await expect(reading).rejects.toThrow("mine");
    expect(got).toEqual([0, 1]);
  });

  test("prefetch asks for no more once it is left", async () => {
    const { seen, source } = watched(20);
    const slow = map(source, async (i) => {
      await new Promise((done) => setTimeout(done));
      return i;
    });
    for await (const item of prefetch(slow, 5)) if (item === 1) break;
    // The one that was under way when the loop was left may have been read.
    expect(seen.read).toBeLessThanOrEqual(3);
    expect(seen.closed).toBe(1);
  });

  test("iterators are closed where a loop would close them: left, not ended, not failed", async () => {
    const closings = async (use: (source: Iterable<number>) => Promise<unknown>, failsAt = 99) => {
      let closed = 0;
      let i = 0;
      const iterator = {
        next() {
          if (i === failsAt) throw new RangeError("mine");
          return i < 30 ? { done: false, value: i++ } : { done: true, value: undefined };
        },
        return() {
          closed++;
          return { done: true, value: undefined };
        },
      };
      await use({ [Symbol.iterator]: () => iterator as Iterator<number> }).catch(() => undefined);
      return closed;
    };
    const uses: ((source: Iterable<number>) => AsyncIterable<unknown>)[] = [
      (source) => map(source, (x) => x),
      (source) => zip({ x: source, y: range(30) }),
      (source) => prefetch(source),
      (source) => concatenate(source),
    ];
    for (const use of uses) {
      expect(await closings((source) => all(use(source)))).toBe(0);
      expect(await closings((source) => all(use(source)), 2)).toBe(0);
      expect(await closings((source) => all(take(use(source), 2)))).toBe(1);
    }
    const failing = (source: Iterable<number>) =>
      map(source, () => Promise.reject(new Error("mine")));
    expect(await closings((source) => all(failing(source)))).toBe(1);
    expect(await closings((source) => all(zip({ x: source, y: range(2) })))).toBe(1);
  });

  test.each([1, 3, 10, 40])("shuffle in a buffer of %i gives every item once", async (buffer) => {
    const order = await all(shuffle(range(30), { buffer, seed: 7 }));
    expect(order.toSorted((a, b) => a - b)).toEqual(range(30));
    expect(order.every((item, at) => item < at + buffer)).toBe(true);
    expect(await all(shuffle(range(30), { buffer, seed: 7 }))).toEqual(order);
    if (buffer === 1) expect(order).toEqual(range(30));
    else {
      expect(await all(shuffle(range(30), { buffer, seed: 8 }))).not.toEqual(order);
      expect(await all(shuffle(range(30), { buffer, seed: 7, epoch: 1 }))).not.toEqual(order);
    }
  });

  test("shuffle draws every place of its buffer equally often", async () => {
    // The first of 8 items out of a buffer of 4: each of four with probability 1/4 of 2,000, σ = 19.4.
    const counts = [0, 0, 0, 0];
    for (let epoch = 0; epoch < 2000; epoch++) {
      const [first = 0] = await all(take(shuffle(range(8), { buffer: 4, seed: 1, epoch }), 1));
      counts[first] = (counts[first] ?? 0) + 1;
    }
    for (const count of counts) expect(Math.abs(count - 500)).toBeLessThan(5 * 19.4);
  });
});

describe("batch", () => {
  test("examples become columns with a first dimension, the last batch smaller", async () => {
    const source = range(5).map((i) => ({ x: [[i, 1]], y: i }));
    const found = await all(batch(source, { batchSize: 2 }));
    expect(found.map(({ x, y }) => [x.shape, y.shape])).toEqual([
      [[2, 1, 2], [2]],
      [[2, 1, 2], [2]],
      [[1, 1, 2], [1]],
    ]);
    expect(found[1]?.x).toEqual({
      data: Float32Array.of(2, 1, 3, 1),
      shape: [2, 1, 2],
      dtype: "f32",
    });
    expect(found[1]?.y).toEqual({ data: Int32Array.of(2, 3), shape: [2], dtype: "i32" });
    expect(await all(batch(source, { batchSize: 2, dropLast: true }))).toHaveLength(2);
  });

  test("several inputs, bytes and arrays with shapes keep what they are", async () => {
    const example = {
      x: { image: Uint8Array.of(1, 2), words: Int32Array.of(3) },
      y: { data: [0.5, 1, 2, 4], shape: [2, 2] },
    };
    const [found] = await all(batch([example, example], { batchSize: 2 }));
    expect(found?.x.image).toEqual({
      data: Float32Array.of(1, 2, 1, 2),
      shape: [2, 2],
      dtype: "f32",
    });
    expect(found?.x.words).toEqual({ data: Int32Array.of(3, 3), shape: [2, 1], dtype: "i32" });
    expect(found?.y.shape).toEqual([2, 2, 2]);
  });

  test("a dataset's examples batched again are its batches", async () => {
    const points = dataset({
      x: [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
      y: [0, 1, 0],
    });
    const [first] = await all(batch(examples(points), { batchSize: 3 }));
    expect(first).toEqual({ x: points.x, y: points.y });
  });

  test("examples of another form are refused with what to do", async () => {
    const of = (...list: readonly unknown[]) =>
      all(batch(list as unknown as Source<{ x: number }>, { batchSize: 2 }));
    await expect(of({ x: [1, 2] }, { x: [1] })).rejects.toThrow(
      "batch: all examples must be of one form; got x f32[1] after f32[2]. Sequences of different lengths are padded by padSequences, in a map.",
    );
    await expect(of({ x: 1 }, { y: 1 })).rejects.toThrow(ShapeError);
    await expect(of({ y: 1 }, { y: 0.5 })).rejects.toThrow('{ dtypes: { "y": "f32" } }');
    await expect(of({ y: 1 }, { y: 0.5 })).rejects.toThrow(DTypeError);
    await expect(of(5)).rejects.toThrow("batch: an example must be a record of elements");
    const itself: Record<string, unknown> = { x: 1 };
    itself.y = { z: itself };
    await expect(of(itself)).rejects.toThrow(
      "batch: an example must not hold itself; got it again as y.z. Leave that out by map.",
    );
    await expect(of({})).rejects.toThrow(ArgumentError);
    await expect(of({ x: "text" })).rejects.toThrow(/^batch: x/);
    const typo = batch([{ x: { image: [1] }, y: 1 }], { batchSize: 1, dtypes: { image: "f32" } });
    await expect(all(typo)).rejects.toThrow(
      'batch: dtypes must be of what examples have, x.image, y; got "image". Parts have the name of the whole in front, "x.image".',
    );
    const [y] = await all(batch([{ y: 1 }, { y: 0.5 }], { batchSize: 2, dtypes: { y: "f32" } }));
    expect(y?.y.data).toEqual(Float32Array.of(1, 0.5));
  });
});

test("what is no source, and options that are none, are refused at the call", () => {
  const no = 5 as unknown as number[];
  const calls: (() => unknown)[] = [
    () => map(no, (x) => x),
    () => map([1], 2 as never),
    () => batch(no as never, { batchSize: 1 }),
    () => batch([], { batchSize: 0 }),
    () => shuffle(no, { buffer: 1, seed: 1 }),
    () => shuffle([1], { buffer: 0, seed: 1 }),
    () => shuffle([1], { buffer: 2 } as never),
    () => concatenate([1], no),
    () => zip({ x: no }),
    () => zip({}),
    () => take([1], -1),
    () => cache("text" as never),
    () => prefetch([1], 0),
    () => window([1], { size: 1.5 }),
    () => window([1], { size: 1, shift: 2 } as never),
    () => examples(no as never),
  ];
  for (const call of calls) expect(call, String(call)).toThrow(ArgumentError);
  expect(() => map(no, (x) => x)).toThrow(
    "map: the source must be something iterable, or a function that gives it; got 5. A function* that yields items is one.",
  );
});

test("a Trainer passes over a pipeline anew in every epoch, or over one for the epoch", async () => {
  openCounting();
  const rows = range(6).map((i) => ({ x: [i], y: [2 * i] }));
  const model = nn.linear(1, 1);
  const trainer = new Trainer(model, {
    loss: losses.meanSquaredError,
    optimizer: optim.sgd({ learningRate: 0.01 }),
  });
  const kept = cache(map(rows, (row) => row));
  await trainer.fit(prefetch(batch(kept, { batchSize: 4 })), { epochs: 2 });
  expect(trainer.step).toBe(4);
  await trainer.fit(
    (epoch) => batch(shuffle(kept, { buffer: 4, seed: 1, epoch }), { batchSize: 2 }),
    { epochs: 3 },
  );
  expect(trainer.step).toBe(13);
});
