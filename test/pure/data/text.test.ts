import { describe, expect, test } from "vitest";
import { TextVocabulary } from "../../../src/data/index.ts";
import { ArgumentError, FormatError } from "../../../src/errors.ts";

describe("TextVocabulary", () => {
  test("decoding what was encoded gives the text back", () => {
    const text = "Call me Ishmael—𝔚hale.\n";
    const vocabulary = TextVocabulary.of(text);
    expect(vocabulary.decode(vocabulary.encode(text))).toBe(text);
    expect(vocabulary.encode(text)).toHaveLength([...text].length);
  });

  test("ids follow the order of the code points", () => {
    const vocabulary = TextVocabulary.of("cab𝔚\uFFFD");
    expect(vocabulary.characters).toEqual(["a", "b", "c", "\uFFFD", "𝔚"]);
    expect(vocabulary.size).toBe(5);
    expect([...vocabulary.encode("bac")]).toEqual([1, 0, 2]);
  });

  test("a character it does not have is an error that names it", () => {
    const vocabulary = TextVocabulary.of("ab");
    expect(() => vocabulary.encode("abz")).toThrow(/got "z" as character 2/);
    expect([...vocabulary.encode("ab")]).toEqual([0, 1]);
  });

  test("with an unknown character, that one stands for all others", () => {
    const vocabulary = TextVocabulary.of("ab", { unknown: "?" });
    expect(vocabulary.size).toBe(3);
    expect(vocabulary.decode(vocabulary.encode("axby"))).toBe("a?b?");
    expect(() => TextVocabulary.of("ab", { unknown: "??" })).toThrow(ArgumentError);
  });

  test("an id outside the vocabulary is an error", () => {
    expect(() => TextVocabulary.of("ab").decode([0, 2])).toThrow(/from 0 to 1; got 2 at index 1/);
    expect(() => TextVocabulary.of("ab").decode([-1])).toThrow(ArgumentError);
  });

  test("JSON and back is the same vocabulary", () => {
    for (const vocabulary of [
      TextVocabulary.of("hello"),
      TextVocabulary.of("hi", { unknown: "_" }),
    ]) {
      const back = TextVocabulary.fromJSON(JSON.parse(JSON.stringify(vocabulary)));
      expect(back.toJSON()).toEqual(vocabulary.toJSON());
    }
  });

  test("JSON that describes something else is refused", () => {
    const wrong = [
      null,
      7,
      {},
      { characters: "ab" },
      { characters: ["ab"] },
      { characters: ["a", "a"] },
      { characters: ["a", 1] },
      { characters: ["a"], unknown: "b" },
      JSON.parse('{"__proto__": {"characters": ["ab"]}}'),
    ];
    for (const json of wrong)
      expect(() => TextVocabulary.fromJSON(json, "file.json")).toThrow(FormatError);
  });
});
