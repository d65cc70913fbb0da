/** What a vocabulary refuses. */
import { beforeAll, describe, expect, test } from "vitest";
import { ArgumentError, data, GradgpuError, tensor } from "../../../../src/index.ts";
import { openCounting } from "../../runtime/open.ts";
import { loose } from "./loose.ts";

beforeAll(() => {
  openCounting();
});

describe("a vocabulary", () => {
  const vocabulary = data.TextVocabulary.of("abc");
  const noTexts = [undefined, null, 5, {}, ["a"], { length: 2 ** 30 }, Symbol("a"), tensor(1)];

  test("is of a text, and encodes texts", () => {
    for (const given of noTexts) {
      expect(() => loose(data.TextVocabulary.of)(given)).toThrow(ArgumentError);
      expect(() => loose(vocabulary.encode.bind(vocabulary))(given)).toThrow(ArgumentError);
    }
    expect(() => loose(data.TextVocabulary.of)("abc", { unkown: "?" })).toThrow(
      /Did you mean unknown\?/,
    );
    for (const unknown of ["", "??", 5, null])
      expect(() => loose(data.TextVocabulary.of)("abc", { unknown })).toThrow(ArgumentError);
    expect(() => vocabulary.encode("abd")).toThrow(ArgumentError);
  });

  test("decodes ids, and nothing else; what says that it is long allocates nothing", () => {
    const decode = loose(vocabulary.decode.bind(vocabulary));
    const refused = [
      ...[undefined, null, 5, "abc", {}, { length: 2 ** 32 }, { length: 1e9, 0: 1 }, Symbol("a")],
      ...[new DataView(new ArrayBuffer(4)), new ArrayBuffer(4), tensor([1]), new Set([1])],
      ...[
        [3],
        [-1],
        [0.5],
        [Number.NaN],
        ["0x"],
        [null],
        [undefined],
        [Symbol("a")],
        [{}],
        new Array(3),
      ],
      ...[Int32Array.of(9), Float32Array.of(0.5), BigInt64Array.of(9n)],
    ];
    for (const given of refused) expect(() => decode(given)).toThrow(ArgumentError);
    expect(decode([0, 2, 1])).toBe("acb");
    expect(decode(Uint8Array.of(2))).toBe("c");
    expect(decode([])).toBe("");
  });

  test("comes back from JSON, or is refused", () => {
    for (const given of [
      undefined,
      null,
      5,
      "abc",
      [],
      { characters: "abc" },
      { characters: [1] },
      { characters: ["a", "a"] },
      { characters: ["a"], unknown: "b" },
    ])
      expect(() => data.TextVocabulary.fromJSON(given)).toThrow(GradgpuError);
    const back = data.TextVocabulary.fromJSON(JSON.parse(JSON.stringify(vocabulary)));
    expect(back.characters).toEqual(vocabulary.characters);
  });
});
