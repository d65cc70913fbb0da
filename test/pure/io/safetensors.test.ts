import { describe, expect, test } from "vitest";
import { ArgumentError, FormatError, ShapeError } from "../../../src/errors.ts";
import {
  bytes,
  file,
  memory,
  openSafetensors,
  readSafetensors,
  type Source,
  safetensorsBytes,
  writeSafetensors,
} from "../../../src/io/index.ts";
import { differing, goldenBytes, goldenPath, goldenValues } from "../../support/io/file-goldens.ts";

describe("a file of Python's", () => {
  test.each(["every.safetensors", "model.safetensors"] as const)(
    "%s is read as it was",
    async (name) => {
      const { tensors, metadata } = await readSafetensors(file(goldenPath(name)));
      expect(differing(tensors, goldenValues[name].tensors)).toEqual([]);
      expect({ ...metadata }).toEqual(goldenValues[name].metadata);
    },
  );

  test("may be given as bytes, as a buffer, as a Blob, or by its path or URL", async () => {
    const content = goldenBytes("model.safetensors");
    const url = new URL("../../goldens/files/model.safetensors", import.meta.url);
    const path = goldenPath("model.safetensors");
    for (const from of [content, content.buffer, new Blob([content]), path, url, url.href]) {
      const { tensors } = await readSafetensors(from);
      expect(Object.keys(tensors).length).toBe(12);
    }
  });

  test("tensors that are wanted are read, and nothing else", async () => {
    const content = goldenBytes("model.safetensors");
    const reads: number[] = [];
    const inner = bytes(content);
    const source: Source = {
      ...inner,
      read(range, options) {
        reads.push((range?.end ?? content.length) - (range?.start ?? 0));
        return inner.read(range, options);
      },
    };
    const { tensors } = await readSafetensors(source, { only: (name) => name === "linear.bias" });
    expect(Object.keys(tensors)).toEqual(["linear.bias"]);
    expect(reads.length).toBe(3);
    expect(reads.at(-1)).toBe(8);
  });

  test("tensors side by side are read at once, up to 4 MiB, and in one piece where one is larger", async () => {
    const sizes = [2 ** 20, 2 ** 19, 10, 2 ** 21, 3];
    const tensors = Object.fromEntries(
      sizes.map((n, i) => [`t${i}`, { shape: [n], data: new Float32Array(n).fill(i + 1) }]),
    );
    const inner = bytes(await safetensorsBytes(tensors));
    const reads: number[] = [];
    const source: Source = {
      ...inner,
      read(range, options) {
        if (range !== undefined) reads.push(range.end - range.start);
        return inner.read(range, options);
      },
    };
    const opened = await openSafetensors(source);
    reads.length = 0;
    const progress: number[] = [];
    for await (const [name, { data }] of opened.read(undefined, {
      onProgress: (done) => progress.push(done),
    })) {
      const i = Number(name.slice(1));
      expect(data.length).toBe(sizes[i]);
      expect(data.every((x) => x === i + 1)).toBe(true);
    }
    expect(reads).toEqual([4 * 2 ** 20, 2 ** 21 + 40, 2 ** 23, 12]);
    expect(progress.at(-1)).toBe(sizes.reduce((a, b) => a + b) * 4);
  });
});

describe("what is written", () => {
  const tensors = {
    "0.weight": { shape: [2, 2], data: Float32Array.of(1, 2, 3, Number.NaN) },
    f64: { shape: [1], data: Float64Array.of(0.1) },
    list: { shape: [2], data: [1, 2] },
    i64: { shape: [2], data: BigInt64Array.of(-1n, 7n) },
    u64: { shape: [1], data: BigUint64Array.of(7n) },
    i32: { shape: [2], data: Int32Array.of(-1, 1) },
    u32: { shape: [], data: Uint32Array.of(2 ** 32 - 1) },
    i16: { shape: [1], data: Int16Array.of(-3) },
    u16: { shape: [1], data: Uint16Array.of(65535) },
    i8: { shape: [1], data: Int8Array.of(-3) },
    u8: { shape: [3], data: Uint8Array.of(1, 2, 255) },
    bool: { shape: [2], data: Uint32Array.of(1, 0), dtype: "bool" },
    none: { shape: [0, 4], data: new Float32Array(0) },
    'größe \u{1f600} " \\': {
      shape: [1],
      dtype: "f32",
      read: async () => Float32Array.of(5),
    },
  } as const;
  const metadata = { format: "pt", note: 'a "b" ü\n' };

  test("comes back, with its metadata", async () => {
    const place = memory().place("a");
    await writeSafetensors(place, tensors, { metadata });
    const read = await readSafetensors(place);
    expect({ ...read.metadata }).toEqual(metadata);
    const shown = Object.fromEntries(
      Object.entries(read.tensors).map(([name, { dtype, shape, data }]) => [
        name,
        [dtype, shape, [...data]],
      ]),
    );
    expect(shown).toEqual({
      "0.weight": ["f32", [2, 2], [1, 2, 3, Number.NaN]],
      f64: ["f32", [1], [Math.fround(0.1)]],
      list: ["f32", [2], [1, 2]],
      i64: ["i32", [2], [-1, 7]],
      u64: ["u32", [1], [7]],
      i32: ["i32", [2], [-1, 1]],
      u32: ["u32", [], [2 ** 32 - 1]],
      i16: ["i32", [1], [-3]],
      u16: ["i32", [1], [65535]],
      i8: ["i32", [1], [-3]],
      u8: ["i32", [3], [1, 2, 255]],
      bool: ["bool", [2], [1, 0]],
      none: ["f32", [0, 4], []],
      'größe \u{1f600} " \\': ["f32", [1], [5]],
    });
  });

  test("is read by Python alike, every dtype", async () => {
    const content = await safetensorsBytes(tensors, { metadata });
    // The bytes that make_file_goldens.py has read.
    expect(content).toEqual(goldenBytes("written.safetensors"));
    const golden = goldenValues["written.safetensors"];
    expect(golden.metadata).toEqual(metadata);
    expect(differing((await readSafetensors(content)).tensors, golden.tensors)).toEqual([]);
    const types = new Set(Object.values(golden.tensors).map(({ type }) => type));
    expect([...types].sort()).toEqual(
      ["BOOL", "F32", "F64", "I16", "I32", "I64", "I8", "U16", "U32", "U64", "U8"].sort(),
    );
  });

  test("begins its numbers where views of them may begin", async () => {
    const content = await safetensorsBytes(tensors, { metadata });
    const { entries } = await openSafetensors(content);
    const sizes: Record<string, number> = { F64: 8, I64: 8, U64: 8, F32: 4, I32: 4, U32: 4 };
    for (const { type, start } of entries.values()) expect(start % (sizes[type] ?? 1)).toBe(0);
  });

  test("is refused where it is no tensor, before anything is written", async () => {
    const place = memory().place("a");
    const write = (own: object) => writeSafetensors(place, own as never);
    await expect(write({ a: { shape: [3], data: new Float32Array(2) } })).rejects.toThrow(
      ShapeError,
    );
    await expect(write({ a: [1, 2] })).rejects.toThrow(ArgumentError);
    await expect(write({ a: { shape: [1], data: "1" } })).rejects.toThrow(ArgumentError);
    await expect(write({ a: { shape: [-1], data: [1] } })).rejects.toThrow(ShapeError);
    await expect(write({ __metadata__: { shape: [1], data: [1] } })).rejects.toThrow(ArgumentError);
    await expect(write({ "\ud800": { shape: [1], data: [1] } })).rejects.toThrow(ArgumentError);
    await expect(writeSafetensors(place, {}, { metadata: { a: 1 } as never })).rejects.toThrow(
      ArgumentError,
    );
    await expect(writeSafetensors("a" as never, {})).rejects.toThrow(ArgumentError);
    expect(await place.size()).toBeUndefined();
  });

  test("is not written at all where a lazy tensor is not what it said", async () => {
    const place = memory().place("a");
    const wrong = { shape: [2], dtype: "f32", read: async () => new Float32Array(3) } as const;
    await expect(writeSafetensors(place, { wrong })).rejects.toThrow(ShapeError);
    expect(await place.size()).toBeUndefined();
  });
});

describe("a file that is none, or damaged, is refused with the byte:", () => {
  /** A header of `text`, with `length` bytes of data behind it. */
  const made = (text: string | Uint8Array, length = 0, claimed?: number | bigint) => {
    const head = typeof text === "string" ? new TextEncoder().encode(text) : text;
    const content = new Uint8Array(8 + head.length + length);
    new DataView(content.buffer).setBigUint64(0, BigInt(claimed ?? head.length), true);
    content.set(head, 8);
    return content;
  };
  const entry = (shape: string, from: number, to: number, type = "F32") =>
    `{"dtype":"${type}","shape":${shape},"data_offsets":[${from},${to}]}`;
  const one = (shape: string, from: number, to: number, type?: string) =>
    `{"a":${entry(shape, from, to, type)}}`;

  const refusals: readonly [title: string, content: Uint8Array, message: RegExp, byte?: number][] =
    [
      ["an empty file", new Uint8Array(0), /must have 8 bytes or more; got 0/, 0],
      ["seven bytes", new Uint8Array(7), /8 bytes/, 0],
      ["a header beyond the end", made("{}", 0, 3), /at most 2 bytes; got 3/, 0],
      ["a header of 2^64 - 1 bytes", made("{}", 0, 2n ** 64n - 1n), /at most 2 bytes/, 0],
      ["an array", made("[]"), /begin with \{/, 8],
      ["spaces first", made(" {}"), /begin with \{/, 8],
      ["no end of the object", made("{"), /there must be a text; got the end/, 9],
      ["something behind it", made("{}x"), /there must be the end/, 10],
      ["a comma too many", made(`{"a":${entry("[]", 0, 4)},}`, 4), /must be a text/],
      ["no UTF-8", made(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d)), /UTF-8; got 255/, 10],
      ["a cut character", made(Uint8Array.of(0x7b, 0x22, 0xc3)), /UTF-8/],
      [
        "a name twice",
        made(`{"a":${entry("[1]", 0, 4)},"a":${entry("[1]", 4, 8)}}`, 8),
        /different.*"a"/,
      ],
      [
        "a name twice, escaped",
        made(`{"a":${entry("[1]", 0, 4)},"\\u0061":${entry("[1]", 4, 8)}}`, 8),
        /different/,
      ],
      ["__proto__", made(`{"__proto__":${entry("[1]", 0, 4)}}`, 4), /none __proto__/, 9],
      ["__proto__ in the metadata", made(`{"__metadata__":{"__proto__":"x"}}`), /none __proto__/],
      [
        "a field twice",
        made(`{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 4),
        /different.*"dtype"/,
      ],
      [
        "a field missing",
        made(`{"a":{"dtype":"F32","shape":[1]}}`, 4),
        /must have dtype, shape and data_offsets/,
      ],
      [
        "one offset",
        made(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}`, 4),
        /data_offsets/,
      ],
      [
        "three offsets",
        made(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,4]}}`, 4),
        /at most 2/,
      ],
      [
        "an unknown dtype",
        made(one("[4]", 0, 4, "F8_E4M3"), 4),
        /the dtype of "a" must be one of BOOL, U8.*got "F8_E4M3".*\. Convert it where it is written: tensor\.float\(\)\.$/,
      ],
      ["a dtype of Object's", made(one("[1]", 0, 4, "constructor"), 4), /must be one of/],
      ["a negative size", made(one("[-1]", 0, 4), 4), /whole number from 0/],
      ["a fraction", made(one("[1.0]", 0, 4), 4), /whole number from 0/],
      ["an exponent", made(one("[1e0]", 0, 4), 4), /whole number from 0/],
      ["a leading zero", made(one("[01]", 0, 4), 4), /whole number from 0/],
      ["2^53", made(one("[9007199254740992]", 0, 4), 4), /whole number from 0/],
      [
        "a product beyond all numbers",
        made(one(`[${Array(30).fill("9007199254740991")}]`, 0, 4), 4),
        /Infinity; got 4/,
      ],
      ["33 dimensions", made(one(`[${Array(33).fill("1")}]`, 0, 4), 4), /at most 32/],
      ["fewer bytes than the shape", made(one("[2]", 0, 4), 4), /F32 \[2\], 8; got 4/],
      ["an end before the start", made(one("[0]", 4, 0), 4), /got -4/],
      ["an end beyond the file", made(one("[2]", 0, 8), 4), /end where the file does.*cut off/],
      ["bytes behind the last", made(one("[1]", 0, 4), 5), /end where the file does/],
      ["bytes without tensors", made("{}", 1), /end where the file does/, 10],
      [
        "a hole",
        made(`{"a":${entry("[1]", 0, 4)},"b":${entry("[1]", 8, 12)}}`, 12),
        /"b" must begin where the one before it ends, 4; got 8/,
      ],
      [
        "an overlap",
        made(`{"a":${entry("[2]", 0, 8)},"b":${entry("[1]", 4, 8)}}`, 8),
        /"b" must begin.*8; got 4/,
      ],
      ["metadata that is no text", made(`{"__metadata__":{"a":1}}`), /must be a text/],
      ["deep values that nobody asked for", made(`{"a":{"x":${"[".repeat(100)}`), /not be so deep/],
      [
        "a whole number beyond 32 bits",
        (() => {
          const content = made(one("[2]", 0, 16, "I64"), 16);
          new DataView(content.buffer).setBigInt64(content.length - 8, 2n ** 31n, true);
          return content;
        })(),
        /must fit i32; got 2147483648 as element 1 of "a"/,
      ],
    ];

  test.each(refusals)("%s", async (_, content, message, byte) => {
    const error = await readSafetensors(content).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(FormatError);
    const { message: text, byteOffset } = error as FormatError;
    expect(text).toMatch(message);
    expect(text).toMatch(/^bytes: .+; got .+ at byte \d+\. \S/);
    expect(byteOffset).toBeLessThanOrEqual(content.length);
    if (byte !== undefined) expect(byteOffset).toBe(byte);
  });

  test("what the format allows is read: fields of others, empty names, sizes of 0, spaces", async () => {
    const text = `{"b":{"shape":[1],"x":[{"y":null},-1.5e3,true],"data_offsets":[0,4],"dtype":"F32"} , "":${entry("[0,9007199254740991]", 4, 4)}}  `;
    const { tensors } = await readSafetensors(made(text, 4));
    expect(Object.keys(tensors)).toEqual(["b", ""]);
  });

  test("no tensor is found where there is none: results have no prototype", async () => {
    const { tensors, metadata } = await readSafetensors(made("{}"));
    expect("constructor" in tensors || "toString" in metadata).toBe(false);
  });
});
