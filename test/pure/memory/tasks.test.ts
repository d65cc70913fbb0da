import { describe, expect, test } from "vitest";
import { adding } from "../../../examples/memory/tasks/adding.ts";
import { recall, sentence } from "../../../examples/memory/tasks/recall.ts";
import { keyFor } from "../../../examples/memory/tasks/task.ts";
import { windowsOf } from "../../../examples/memory/training.ts";
import { keyOf } from "../../../src/functions.ts";

const KEY = keyOf(3);
const [COUNTRIES, QUESTION] = [8, 16];

describe("the recall task", () => {
  const [lag, before, count] = [7, 3, 50];
  const { x, y } = recall.make(KEY, { lag, before, count });

  test("has the country `lag` steps before the question, and no other country", () => {
    expect(x.shape).toEqual([before + lag + 1, count]);
    for (let b = 0; b < count; b++) {
      const column = Array.from(
        { length: before + lag + 1 },
        (_, t) => x.data[t * count + b] ?? -1,
      );
      expect(column[before]).toBe(y.data[b]);
      expect(column.at(-1)).toBe(QUESTION);
      for (const [t, id] of column.slice(0, -1).entries())
        expect(id < COUNTRIES).toBe(t === before);
    }
  });

  test("asks for every country", () => {
    expect(new Set(y.data).size).toBe(COUNTRIES);
    expect(recall.chance).toBe(1 / COUNTRIES);
  });

  test("as words begins with a country, ends with the question and answers with its language", () => {
    const { words, answer } = sentence(KEY, { lag, count: 1 });
    expect(words).toHaveLength(lag + 1);
    expect(words.at(-1)).toBe("speak");
    expect(`${words[0]} ${answer}`).toMatch(
      /^(France French|Spain Spanish|Italy Italian|Poland Polish|Greece Greek|Japan Japanese|Turkey Turkish|Sweden Swedish)$/,
    );
  });
});

describe("the adding problem", () => {
  const [lag, count] = [40, 100];
  const { x, y } = adding.make(KEY, { lag, count });
  const marked = Array.from({ length: count }, (_, b) =>
    Array.from({ length: lag + 1 }, (_, t) => t).filter(
      (t) => x.data[2 * (t * count + b) + 1] === 1,
    ),
  );

  test("marks one step in the first tenth and one in the second half", () => {
    for (const [first = -1, second = -1, ...more] of marked) {
      expect(more).toEqual([]);
      expect(first).toBeLessThan(lag / 10);
      expect(second).toBeGreaterThanOrEqual(lag / 2);
    }
    // Both places move, or they could be learned by heart.
    expect(new Set(marked.map(([first]) => first)).size).toBe(lag / 10);
    expect(new Set(marked.map(([, second]) => second)).size).toBeGreaterThan(lag / 4);
  });

  test("wants the sum of the marked numbers", () => {
    for (const [b, places] of marked.entries()) {
      const numbers = places.map((t) => x.data[2 * (t * count + b)] ?? 0);
      expect(y.data[b]).toBe(Math.fround((numbers[0] ?? 0) + (numbers[1] ?? 0)));
    }
  });

  test("has its two marks apart at the shortest lag too", () => {
    const { x: short } = adding.make(KEY, { lag: 2, count: 64 });
    let marks = 0;
    for (let i = 1; i < short.data.length; i += 2) marks += short.data[i] ?? 0;
    expect(marks).toBe(128);
  });

  test("is met by whoever knows one number alone as often as `chance` says", () => {
    const { x: many, y: sums } = adding.make(KEY, { lag: 10, count: 4000 });
    let hits = 0;
    for (let b = 0; b < 4000; b++) {
      let second = 0;
      for (let t = 5; t <= 10; t++) {
        if (many.data[2 * (t * 4000 + b) + 1] === 1) second = many.data[2 * (t * 4000 + b)] ?? 0;
      }
      if (Math.abs(second + 0.5 - (sums.data[b] ?? 0)) < 0.1) hits++;
    }
    // Four standard deviations: 4·√(0.2·0.8 / 4000) = 0.025.
    expect(Math.abs(hits / 4000 - adding.chance)).toBeLessThan(0.025);
  });
});

describe("the streams of a run", () => {
  test("equal keys give equal batches, and no two streams or batches are the same", () => {
    const made = (stream: "training" | "test" | "flow", index: number) =>
      recall.make(keyFor(KEY, stream, index), { lag: 12, count: 4 }).x.data.join();
    expect(made("training", 5)).toBe(made("training", 5));
    const all = (["training", "test", "flow"] as const).flatMap((stream) =>
      [0, 1, 2].map((index) => made(stream, index)),
    );
    expect(new Set(all).size).toBe(9);
  });
});

describe("windowsOf", () => {
  test("cuts in time, begins anew once, and counts the targets in the last window alone", () => {
    const whole = recall.make(KEY, { lag: 6, count: 3 });
    const windows = [...windowsOf(whole, 3)];
    expect(windows.map(({ x }) => x.shape)).toEqual([
      [3, 3],
      [3, 3],
      [1, 3],
    ]);
    expect(windows.map(({ start }) => start)).toEqual([true, false, false]);
    expect(windows.flatMap(({ x }) => [...x.data])).toEqual([...whole.x.data]);
    expect(windows.map(({ y }) => [...y.data])).toEqual([
      [-1, -1, -1],
      [-1, -1, -1],
      [...whole.y.data],
    ]);
  });
});
