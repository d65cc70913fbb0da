import { describe, expect, test } from "vitest";
import {
  type Frames,
  type Sequences,
  type StreamOptions,
  type StreamWindow,
  streamWindows,
  TextVocabulary,
} from "../../../src/data/index.ts";
import { ArgumentError, ShapeError } from "../../../src/errors.ts";

const ids = (...values: number[]) => Int32Array.from(values);

async function all(rows: readonly Sequences[], options: StreamOptions): Promise<StreamWindow[]> {
  const windows: StreamWindow[] = [];
  for await (const window of streamWindows(rows, options)) windows.push(window);
  return windows;
}

/** Windows as lists of rows: inputs, targets, start. */
function shown({ x, y, start }: StreamWindow) {
  const [, rows = 0] = x.shape;
  return Array.from({ length: rows }, (_, row) => {
    const own = (data: ArrayLike<number>) => Array.from(data).filter((_, i) => i % rows === row);
    return [own(x.data), own(y.data), start[row]];
  });
}

async function* later<T>(items: readonly T[]): AsyncGenerator<T> {
  for (const item of items) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    yield item;
  }
}

describe("streamWindows", () => {
  test("a row goes on where it ended, and with its next sequence in the window after its end", async () => {
    const windows = await all([[ids(1, 2, 3, 4, 5, 6)], [ids(11, 12, 13), ids(21, 22, 23, 24)]], {
      window: 3,
    });
    expect(windows.map(shown)).toEqual([
      [
        [[1, 2, 3], [2, 3, 4], true],
        [[11, 12, 0], [12, 13, -1], true],
      ],
      [
        [[4, 5, 0], [5, 6, -1], false],
        [[21, 22, 23], [22, 23, 24], true],
      ],
    ]);
    expect(windows.map(({ count }) => count)).toEqual([5, 5]);
    expect(windows[0]?.x).toMatchObject({ shape: [3, 2], dtype: "i32" });
  });

  test("a row that has no more sequences is padded until all have come to their end", async () => {
    const windows = await all([[ids(1, 2)], [ids(1, 2, 3, 4, 5)]], { window: 2 });
    expect(windows.map(shown)).toEqual([
      [
        [[1, 0], [2, -1], true],
        [[1, 2], [2, 3], true],
      ],
      [
        [[0, 0], [-1, -1], true],
        [[3, 4], [4, 5], false],
      ],
    ]);
  });

  test("chunks of any size, at once or later, give the windows of the whole sequence", async () => {
    const sequence = Int32Array.from({ length: 40 }, (_, i) => i);
    const whole = (await all([[sequence]], { window: 7 })).map(shown);
    expect(whole.length).toBe(6);
    for (const size of [1, 2, 6, 7, 8, 39]) {
      const chunks: Int32Array[] = [new Int32Array(0)];
      for (let at = 0; at < 40; at += size) chunks.push(sequence.subarray(at, at + size));
      expect((await all([[chunks]], { window: 7 })).map(shown)).toEqual(whole);
      expect((await all([later([later(chunks)])], { window: 7 })).map(shown)).toEqual(whole);
    }
  });

  test("every id of a sequence but its first is a target exactly once", async () => {
    for (const window of [1, 2, 3, 5, 8]) {
      const sequences = [0, 1, 2, 5, 6, 11].map((length, n) =>
        Int32Array.from({ length }, (_, i) => 100 * n + i),
      );
      const windows = await all([sequences, sequences.toReversed(), []], { window });
      const targets = windows.flatMap(({ y }) => [...y.data]).filter((id) => id >= 0);
      const once = sequences.flatMap((sequence) => [...sequence.subarray(1)]);
      expect(targets.toSorted((a, b) => a - b)).toEqual(
        [...once, ...once].toSorted((a, b) => a - b),
      );
      expect(windows.reduce((sum, { count }) => sum + count, 0)).toBe(2 * once.length);
    }
  });

  test("text is encoded as it comes, also where a chunk ends within a character", async () => {
    const vocabulary = TextVocabulary.of("ab🐋");
    const [whale = 0] = vocabulary.encode("🐋");
    const chunks = ["a🐋"[0] ?? "", "a🐋".slice(1, 2), "🐋".slice(1), "b"];
    const [window] = await all([[chunks]], { window: 2, vocabulary });
    expect(window && shown(window)).toEqual([[[0, whale], [whale, 1], true]]);
    await expect(all([["ab"]], { window: 2 })).rejects.toThrow(/needs a vocabulary.*"ab"/);
  });

  test("bytes are ids", async () => {
    const [window] = await all([[Uint8Array.of(200, 255, 0)]], { window: 2 });
    expect(window && shown(window)).toEqual([[[200, 255], [255, 0], true]]);
  });

  test("frames bring targets of their own", async () => {
    const frames = (from: number, steps: number): Frames => ({
      x: {
        data: Float32Array.from({ length: 2 * steps }, (_, i) => from + i / 10),
        shape: [steps, 2],
        dtype: "f32",
      },
      y: {
        data: Int32Array.from({ length: steps }, (_, i) => from + i),
        shape: [steps],
        dtype: "i32",
      },
    });
    const windows = await all([[[frames(1, 1), frames(2, 2)]], [frames(5, 1)]], { window: 2 });
    expect(windows.map(({ x }) => [x.shape, Array.from(x.data, (n) => Math.fround(n))])).toEqual([
      [[2, 2, 2], [1, 1.1, 5, 5.1, 2, 2.1, 0, 0].map(Math.fround)],
      [[2, 2, 2], [2.2, 2.3, 0, 0, 0, 0, 0, 0].map(Math.fround)],
    ]);
    expect(windows.map(({ y }) => [...y.data])).toEqual([
      [1, 5, 2, -1],
      [3, -1, -1, -1],
    ]);
  });

  test("targets in f32 are padded with what the caller says is ignored", async () => {
    const frame: Frames = {
      x: { data: new Float32Array(3), shape: [3, 1], dtype: "f32" },
      y: { data: Float32Array.of(1, 2, 3), shape: [3, 1], dtype: "f32" },
    };
    const [window] = await all([[frame]], { window: 4, ignored: -99 });
    expect([...(window?.y.data ?? [])]).toEqual([1, 2, 3, -99]);
    expect(await all([[frame]], { window: 3 })).toHaveLength(1);
    await expect(all([[frame]], { window: 4 })).rejects.toThrow(/Pass \{ ignored \}/);
  });

  test("one generator in every row deals its sequences out as rows need them", async () => {
    function* deal() {
      for (let n = 1; n <= 4; n++) yield ids(10 * n, 10 * n + 1, 10 * n + 2);
    }
    const shared = deal();
    const windows = await all([shared, shared], { window: 2 });
    expect(windows.flatMap((window) => shown(window).map(([x]) => x))).toEqual([
      [10, 11],
      [20, 21],
      [30, 31],
      [40, 41],
    ]);
  });

  test("nothing is read before the window that needs it is asked for", async () => {
    const read: string[] = [];
    function* chunks(row: string) {
      for (let n = 0; n < 100; n++) {
        read.push(`${row}${n}`);
        yield ids(n, n, n);
      }
    }
    const windows = streamWindows([[chunks("a")], [chunks("b")]], { window: 4 });
    expect(read).toEqual([]);
    await windows.next();
    // Four steps need five ids.
    expect(read).toEqual(["a0", "a1", "b0", "b1"]);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(read.length).toBe(4);
    await windows.next();
    expect(read).toEqual(["a0", "a1", "b0", "b1", "a2", "b2"]);
  });

  test("the sources are closed when the reader leaves, and when one of them fails", async () => {
    const closed: string[] = [];
    function* source(name: string, fails: boolean) {
      try {
        while (true) {
          yield ids(1, 2);
          if (fails) throw new Error("torn");
        }
      } finally {
        closed.push(name);
      }
    }
    for await (const window of streamWindows([[source("a", false)], [source("b", false)]], {
      window: 3,
    })) {
      expect(window.count).toBe(6);
      break;
    }
    expect(closed).toEqual(["a", "b"]);
    await expect(all([[source("c", false)], [source("d", true)]], { window: 3 })).rejects.toThrow(
      "torn",
    );
    expect(closed.toSorted()).toEqual(["a", "b", "c", "d"]);
  });

  test("what is no row, sequence or chunk is refused by name", async () => {
    const refusals: [rows: unknown, message: RegExp][] = [
      [[], /got an empty list/],
      [ids(1, 2), /list of rows.*got Int32Array/],
      [["text"], /a row must be.*got "text"/],
      [[ids(1, 2)], /a row must be.*got Int32Array/],
      [[[7]], /a sequence must be.*got 7/],
      [[[new Float32Array(2)]], /a sequence must be.*got Float32Array/],
      [[[[ids(1, 2), undefined]]], /a chunk must be.*got undefined/],
      [[[[{ x: 1, y: 2 }]]], /a chunk must be.*got \{ x, y \}/],
    ];
    for (const [rows, message] of refusals) {
      const failing = all(rows as Sequences[], { window: 2 });
      await expect(failing).rejects.toThrow(message);
      await expect(failing).rejects.toBeInstanceOf(ArgumentError);
    }
    await expect(all([[ids(1, 2)]], { window: 0 })).rejects.toThrow(/window must be.*got 0/);
    await expect(all([[ids(1, 2)]], { window: 1.5 })).rejects.toThrow(/got 1.5/);
  });

  test("steps of different forms are refused", async () => {
    const frames: Frames = {
      x: { data: new Float32Array(2), shape: [2, 1], dtype: "f32" },
      y: { data: ids(1, 1), shape: [2], dtype: "i32" },
    };
    await expect(all([[ids(1, 2)], [frames]], { window: 1 })).rejects.toThrow(
      /one form; got x f32\[1\] after i32\[\]/,
    );
    const torn = { ...frames, y: { ...frames.y, shape: [3] } };
    await expect(all([[torn]], { window: 1 })).rejects.toBeInstanceOf(ShapeError);
  });
});
