import { describe, expect, test } from "vitest";
import {
  BytePairs,
  streamWindows,
  TextVocabulary,
  type Vocabulary,
  WordVocabulary,
} from "../../../src/data/index.ts";
import { ArgumentError, FormatError } from "../../../src/errors.ts";

const TEXT = "The whale, the WHALE! Don't chase the whale.\n  Call me 'Ishmael' 2 times.";

describe("WordVocabulary", () => {
  test("has unknown, and the words, the most frequent first", () => {
    const { words, unknownId, paddingId } = WordVocabulary.of("b a c a , b a");
    expect(words).toEqual(["<unk>", "a", "b", ",", "c"]);
    expect([unknownId, paddingId]).toEqual([0, undefined]);
    const padded = WordVocabulary.of(["b a", "b"], { padding: "<pad>" });
    expect(padded.words).toEqual(["<pad>", "<unk>", "b", "a"]);
    expect([padded.paddingId, padded.unknownId, padded.size]).toEqual([0, 1, 4]);
  });

  test("keeps as many words as it may, and those that are there often enough", () => {
    const text = "a a a b b c";
    expect(WordVocabulary.of(text, { size: 3 }).words).toEqual(["<unk>", "a", "b"]);
    expect(WordVocabulary.of(text, { minCount: 2 }).words).toEqual(["<unk>", "a", "b"]);
    expect([...WordVocabulary.of(text, { size: 2 }).encode("a b d a")]).toEqual([1, 0, 0, 1]);
  });

  test("a word is letters and digits with apostrophes within, or one other character", () => {
    const words = WordVocabulary.of(TEXT);
    expect(words.decode(words.encode(TEXT))).toBe(
      "The whale , the WHALE ! Don't chase the whale . Call me ' Ishmael ' 2 times .",
    );
    const lower = WordVocabulary.of(TEXT, { lowerCase: true });
    expect(lower.words.slice(0, 4)).toEqual(["<unk>", "the", "whale", "'"]);
    expect([...lower.encode("THE Whale")]).toEqual([1, 2]);
  });

  test("or what a pattern matches; with spaces among the words text comes back", () => {
    const words = WordVocabulary.of(TEXT, { pattern: /\s+|\S+/, joiner: "" });
    expect(words.decode(words.encode(TEXT))).toBe(TEXT);
    // Neither stickiness nor empty matches are of use.
    expect([...WordVocabulary.of("a b", { pattern: /\w*/y }).encode("b a")]).toEqual([2, 1]);
  });

  test("padding has no text", () => {
    const words = WordVocabulary.of("a b", { padding: "_" });
    expect(words.decode([2, 3, 0, 0])).toBe("a b");
  });

  test("a word that it does not have is an error where nothing stands for it", () => {
    const words = WordVocabulary.of("a b", { unknown: null });
    expect(words.words).toEqual(["a", "b"]);
    expect(() => words.encode("a z")).toThrow(
      'encode: every word must be in the vocabulary; got "z" as word 1. Build the vocabulary with { unknown } to have one stand for all others.',
    );
  });

  test("JSON and back is the same vocabulary", () => {
    const options = { padding: "_", lowerCase: true, pattern: /[a-z]+/i, joiner: "-" };
    for (const words of [WordVocabulary.of(TEXT), WordVocabulary.of(TEXT, options)]) {
      const back = WordVocabulary.fromJSON(JSON.parse(JSON.stringify(words)));
      expect(back.toJSON()).toEqual(words.toJSON());
      expect(back.encode(TEXT)).toEqual(words.encode(TEXT));
      expect(back.decode([0, 1, 2])).toBe(words.decode([0, 1, 2]));
      expect([back.unknownId, back.paddingId]).toEqual([words.unknownId, words.paddingId]);
    }
  });

  test("JSON that describes something else is refused", () => {
    const right = JSON.parse(JSON.stringify(WordVocabulary.of("a b")));
    const wrong = [
      null,
      {},
      { ...right, words: ["a", "a"] },
      { ...right, words: [""] },
      { ...right, unknown: "c" },
      { ...right, pattern: { source: "(", flags: "u" } },
      { ...right, pattern: { source: "a", flags: "?" } },
      { ...right, lowerCase: 1 },
      { ...right, joiner: undefined },
    ];
    for (const json of wrong)
      expect(() => WordVocabulary.fromJSON(json, "words.json")).toThrow(FormatError);
    expect(() => WordVocabulary.fromJSON({}, "words.json")).toThrow(
      "WordVocabulary.fromJSON: words.json must be { words: [different words]",
    );
  });

  test.each([
    [
      () => WordVocabulary.of(5 as never),
      "WordVocabulary: the text must be a text, or several in something iterable; got 5.",
    ],
    [
      () => WordVocabulary.of(new Uint8Array() as never),
      "WordVocabulary: the text must be a text, or several in something iterable; got Uint8Array of 0 bytes.",
    ],
    [() => WordVocabulary.of(["a", 5] as never), "WordVocabulary: a text must be a text; got 5."],
    [
      () => WordVocabulary.of("a", { padding: "<unk>" }),
      'WordVocabulary: padding and unknown must be two words, and size at least 2 for them; got "<unk>", "<unk>" and Infinity.',
    ],
    [
      () => WordVocabulary.of("a", { padding: "_", size: 1 }),
      'size at least 2 for them; got "_", "<unk>" and 1.',
    ],
    [
      () => WordVocabulary.of("a", { pattern: "a" as never }),
      'WordVocabulary: pattern must be a regular expression; got "a". Give another pattern.',
    ],
    [
      () => WordVocabulary.of("a").decode([7]),
      "decode: every id must be a whole number from 0 to 1; got 7 at index 0.",
    ],
  ])("refuses wrong arguments %#", (call, message) => {
    expect(call).toThrow(ArgumentError);
    expect(call).toThrow(message);
  });
});

describe("text in chunks", () => {
  const vocabularies: Readonly<Record<string, Vocabulary>> = {
    characters: TextVocabulary.of(`${TEXT}🐋𝔚bx`),
    words: WordVocabulary.of(`${TEXT} a𝔚b 🐋`),
    "words with their spaces": WordVocabulary.of(`${TEXT} a𝔚b 🐋`, { pattern: /\s*\S+/ }),
    "byte pairs": BytePairs.of(TEXT.repeat(9), { size: 320 }),
  };

  test.each(Object.entries(vocabularies))(
    "%s have the ids of the whole, wherever it is cut",
    async (_, vocabulary) => {
      const text = `${TEXT} a𝔚b 🐋!  the\n\n whale's  'x' ${TEXT}`;
      const whole = [...vocabulary.encode(text)];
      for (let seed = 1; seed < 40; seed++) {
        const chunks: string[] = [];
        for (let at = 0, draw = seed; at < text.length; ) {
          draw = (draw * 16_807) % 2_147_483_647;
          const next = at + 1 + (draw % (1 + (seed % 9)));
          chunks.push(text.slice(at, next));
          at = next;
        }
        const ids: number[] = [];
        for await (const { x, y, count } of streamWindows([[chunks]], { window: 1000, vocabulary }))
          ids.push(...x.data.subarray(0, count), y.data[count - 1] ?? -1);
        expect(ids).toEqual(whole);
      }
    },
  );

  test("need a vocabulary that gives ids", async () => {
    const vocabulary = { size: 1, encode: () => [1] as never, decode: () => "" };
    const windows = streamWindows([["ab"]], { window: 2, vocabulary });
    await expect(windows.next()).rejects.toThrow(
      'encode: a vocabulary must give an Int32Array of ids; got [1] for "ab". Int32Array.from(ids) makes one.',
    );
    expect(() => streamWindows([["ab"]], { window: 2, vocabulary: {} as never })).toThrow(
      "streamWindows: vocabulary must be a vocabulary, with encode and decode; got {  }.",
    );
  });
});
