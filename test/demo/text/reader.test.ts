/** What the text panel makes of a text and of what it reads, without a network. */
import { describe, expect, test } from "vitest";
import { corpusOf, known, MOST_CHARACTERS, RARE } from "../../../demo/panels/text/corpus.ts";
import { correlations, featureOf, ranked, spreads } from "../../../demo/panels/text/features.ts";
import { unitsOn } from "../../../demo/panels/text/matching.ts";
import { passageOf, tellingParts } from "../../../demo/panels/text/passage.ts";
import { trigramBits } from "../../../demo/panels/text/trigram.ts";

const long = (text: string) => text.repeat(500);

describe("a corpus", () => {
  test("is characters, not bytes: pieces of Hangul are put together, lines end in one way", () => {
    const { letters, vocabulary, training, heldOut, lettersOf } = corpusOf(
      long("한글\r\n".normalize("NFD")),
    );
    expect(vocabulary.characters).toEqual(["\n", "글", "한"]);
    expect(training.length + heldOut.length).toBe(letters.length);
    expect(lettersOf(training).slice(0, 4)).toEqual(["한", "글", "\n", "한"]);
  });

  test("keeps the commonest characters and says how many stand as one", () => {
    const syllables = Array.from({ length: 1_500 }, (_, i) => String.fromCodePoint(0xac00 + i));
    const { vocabulary, rare, letters } = corpusOf(
      `${syllables.join("")}${syllables.slice(0, 900).join("")}`,
    );
    expect(vocabulary.size).toBe(MOST_CHARACTERS);
    expect(rare).toBe(1_500 - (MOST_CHARACTERS - 1));
    expect(letters.filter((letter) => letter === RARE)).toHaveLength(rare);
    expect(vocabulary.characters).toEqual(
      expect.arrayContaining([...syllables.slice(0, 900), RARE]),
    );
  });

  test("refuses a text that teaches nothing", () => {
    expect(() => corpusOf("too short")).toThrow(
      "text: a text must have at least 400 characters; got 9.",
    );
  });

  test("tells which characters of a beginning it does not know", () => {
    const { vocabulary } = corpusOf(long("한글 나라"));
    expect(known(vocabulary, "나라 x 한글 x")).toMatchObject({
      unknown: ["x"],
      letters: Array.from("나라  한글 "),
    });
  });

  test("begins with its first two words", () => {
    const { opening, lettersOf } = corpusOf(long("Down, down, down. "));
    expect(lettersOf(opening).join("")).toBe("Down, down, ");
  });
});

describe("features of letters", () => {
  const of = (name: Parameters<typeof featureOf>[0], text: string) => [
    ...featureOf(name, Array.from(text)),
  ];

  test("know quotations, lines, spaces and brackets", () => {
    expect(of("quotes", "a“b”c")).toEqual([0, 1, 1, 0, 0]);
    expect(of("quotes", 'a"b"c')).toEqual([0, 1, 1, 0, 0]);
    expect(of("quotes", "「가」나")).toEqual([1, 1, 0, 0]);
    expect(of("line", "ab\ncd")).toEqual([1, 2, 0, 1, 2]);
    expect(of("spaces", "a b\n")).toEqual([0, 1, 0, 1]);
    expect(of("depth", "((a)b)c)")).toEqual([1, 2, 2, 1, 1, 0, 0, 0]);
  });

  test("forget at an empty line what was never closed", () => {
    expect(of("quotes", "“a\n\nb")).toEqual([1, 1, 1, 0, 0]);
    expect(of("depth", "(a\nb\n\nc")).toEqual([1, 1, 1, 1, 1, 0, 0]);
  });
});

test("correlations find the unit that was made of the feature, and its opposite", () => {
  const letters = Array.from("a (b c) d“e”f ".repeat(20));
  const depth = featureOf("depth", letters);
  const states = new Float32Array(letters.length * 3);
  letters.forEach((_, t) => {
    states[t * 3] = Math.sin(t * t);
    states[t * 3 + 1] = 0.25 - 0.5 * (depth[t] ?? 0);
    states[t * 3 + 2] = 0.125;
  });
  const found = correlations(states, depth, 3);
  expect(found[1]).toBeCloseTo(-1, 5);
  expect(Math.abs(found[0] ?? 1)).toBeLessThan(0.3);
  expect(found[2]).toBe(0);
  expect([...ranked(found)]).toEqual([1, 0, 2]);
  const spread = spreads(states, 3);
  expect(spread[1]).toBeCloseTo(0.5 * (spreads(depth, 1)[0] ?? 0), 5);
  expect(spread[2]).toBe(0);
  expect([...correlations(states, new Float32Array(letters.length), 3)]).toEqual([0, 0, 0]);
});

test("units that are on for exactly a range are found, whatever their sign", () => {
  const letters = Array.from("abcdef");
  const on = (from: number, to: number, sign: number) =>
    letters.map((_, t) => (t >= from && t <= to ? 0.9 * sign : 0.1 * sign));
  // Exactly there; there and before; exactly there with the other sign, fainter; not all of it.
  const units = [on(2, 4, 1), on(1, 4, 1), on(2, 4, -0.8), on(2, 3, 1)];
  const c = Float32Array.from(letters.flatMap((_, t) => units.map((unit) => unit[t] ?? 0)));
  const reading = { letters, units: units.length, steps: { c, f: c, i: c, o: c } };
  expect(unitsOn(reading, { from: 2, to: 4 }, 0.5)).toEqual([
    { unit: 0, sign: 1 },
    { unit: 2, sign: -1 },
  ]);
  expect(unitsOn(reading, { from: 2, to: 4 }, 0.8)).toEqual([{ unit: 0, sign: 1 }]);
  // At the text's beginning nothing lies before.
  expect(unitsOn(reading, { from: 0, to: 5 }, 0.05).map(({ unit }) => unit)).toEqual([0, 1, 3, 2]);
});

test("the passage that is shown begins a paragraph that has quotations and brackets", () => {
  const plain = `${"so it went on ".repeat(6)}\n\n`;
  const rich = "“Oh (dear)!” she said, “oh dear”, and no more was said of it by anyone.\n\n";
  const text = Array.from(plain.repeat(3) + rich + plain.repeat(3));
  const { from, to } = passageOf(text, 70);
  expect(text.slice(from, to).join("")).toBe(rich.slice(0, 70));
  expect(passageOf(Array.from("short"), 70)).toEqual({ from: 0, to: 5 });
  const depth = featureOf("depth", text);
  const at = text.indexOf("(");
  const parts = tellingParts(text, depth, 40, 2);
  expect(parts.some((start) => at >= start && at < start + 40)).toBe(true);
  // Every one begins a paragraph; of one long paragraph parts are taken as they come.
  expect(
    parts.every((start) => start === 0 || text.slice(start - 2, start).join("") === "\n\n"),
  ).toBe(true);
  expect(tellingParts(Array.from("no end ".repeat(20)), new Float32Array(140), 40, 3)).toEqual([
    0, 40, 80,
  ]);
});

test("the trigram's bits are those of Witten and Bell by hand", () => {
  // Counted: a b a b a. V = 2, P0 = 1/2. P1(a) = (3 + 2/2)/7, P1(b) = (2 + 1)/7.
  const counted = Int32Array.of(0, 1, 0, 1, 0);
  const p1 = [4 / 7, 3 / 7];
  // After a: b twice, one kind. After b: a twice, one kind.
  const bAfterA = (2 + (p1[1] ?? 0)) / 3;
  const aAfterB = (2 + (p1[0] ?? 0)) / 3;
  // After ab: a twice; after ba: b once.
  const a = (2 + aAfterB) / 3;
  const b = (1 + bAfterA) / 2;
  const bits = -(Math.log2(bAfterA) + Math.log2(a) + Math.log2(b)) / 3;
  expect(trigramBits(counted, Int32Array.of(0, 1, 0, 1), 2)).toBeCloseTo(bits, 10);
});
