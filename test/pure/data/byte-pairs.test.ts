import { describe, expect, test } from "vitest";
import { BytePairs } from "../../../src/data/index.ts";
import { ArgumentError, FormatError } from "../../../src/errors.ts";

const TEXT =
  "low low low low low lower lower newest newest newest newest newest newest widest widest widest";

/** The definition, counted anew from all words before every merge. */
function plainMerges(text: string, most: number): [number, number][] {
  let words = (text.match(/ ?\w+/g) ?? []).map((word) => [...new TextEncoder().encode(word)]);
  const merges: [number, number][] = [];
  while (merges.length < most) {
    const counts = new Map<string, number>();
    for (const word of words)
      for (let i = 1; i < word.length; i++) {
        const key = `${word[i - 1]} ${word[i]}`;
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
    const [best] = [...counts]
      .filter(([, count]) => count > 1)
      .map(([key, count]) => ({ pair: key.split(" ").map(Number), count }))
      .sort((p, q) => {
        const [[a = 0, b = 0], [c = 0, d = 0]] = [p.pair, q.pair];
        return q.count - p.count || a - c || b - d;
      });
    if (best === undefined) break;
    const [a = 0, b = 0] = best.pair;
    const id = 256 + merges.length;
    merges.push([a, b]);
    words = words.map((word) => {
      const out: number[] = [];
      for (const x of word) {
        if (x === b && out.at(-1) === a && out.length > 0) out[out.length - 1] = id;
        else out.push(x);
      }
      return out;
    });
  }
  return merges;
}

describe("BytePairs", () => {
  test("merges are those of the definition, until no pair is there twice", () => {
    const pairs = BytePairs.of(TEXT, { size: 2000 });
    expect(pairs.merges).toEqual(plainMerges(TEXT, 2000));
    expect(pairs.size).toBe(256 + pairs.merges.length);
    expect(BytePairs.of(TEXT, { size: 260 }).merges).toEqual(plainMerges(TEXT, 4));
    // Runs of one character, where pairs overlap.
    const runs = "aaaa aaaaa aaab aa aaaaaaaa baaa";
    expect(BytePairs.of(runs, { size: 400 }).merges[0]).toEqual([97, 97]);
  });

  test("any text comes back, whatever it was trained on", () => {
    const pairs = BytePairs.of(TEXT, { size: 300 });
    for (const text of [
      TEXT,
      "",
      "Call me Ishmael—𝔚hale.\n\n  two  spaces\t",
      "\uFEFFlow",
      "日本 12345",
    ])
      expect(pairs.decode(pairs.encode(text))).toBe(text);
    expect(pairs.encode("low low").length).toBeLessThan(4);
    expect([...BytePairs.of("", { size: 256 }).encode("ab")]).toEqual([97, 98]);
  });

  test("ids of a word are the merges in the order in which they were made", () => {
    const pairs = BytePairs.fromJSON({
      merges: [
        [98, 99],
        [97, 98],
        [97, 256],
      ],
    });
    // bc comes before ab.
    expect([...pairs.encode("abc")]).toEqual([258]);
    expect([...pairs.encode("ab")]).toEqual([257]);
  });

  test("JSON and back is the same", () => {
    const pairs = BytePairs.of(TEXT, { size: 290 });
    const back = BytePairs.fromJSON(JSON.parse(JSON.stringify(pairs)));
    expect(back.merges).toEqual(pairs.merges);
    expect(back.encode(TEXT)).toEqual(pairs.encode(TEXT));
  });

  test("what is none is refused", () => {
    expect(() => BytePairs.of("a", { size: 255 })).toThrow(
      "BytePairs: size must be a whole number from 256 to 65,536; got 255.",
    );
    expect(() => BytePairs.of("a", {} as never)).toThrow(ArgumentError);
    const pairs = BytePairs.of("abab abab", { size: 257 });
    expect(() => pairs.decode([97, 257])).toThrow("from 0 to 256; got 257 at index 1");
    for (const id of [-1, 0.5, [Symbol()], undefined])
      expect(() => pairs.decode([id as number])).toThrow(ArgumentError);
    expect(() => pairs.encode(5 as never)).toThrow(ArgumentError);
    for (const json of [
      null,
      {},
      { merges: 5 },
      { merges: [[1]] },
      { merges: [[1, 256]] },
      {
        merges: [
          [1, 2],
          [1, 2],
        ],
      },
      { merges: [[0.5, 1]] },
    ])
      expect(() => BytePairs.fromJSON(json, "file.json")).toThrow(FormatError);
  });
});
