import { describe, expect, test } from "vitest";
import { ArgumentError, FormatError } from "../../../src/errors.ts";
import { readTorch } from "../../../src/io/index.ts";
import { differing, goldenBytes, goldenPath, goldenValues } from "../../support/io/file-goldens.ts";

const files = [
  "every.pt",
  "model-2.pt",
  "model-3.pt",
  "model-4.pt",
  "model-5.pt",
  "model-legacy-4.pt",
  "views.pt",
  "views-legacy.pt",
  "nested.pt",
  "nested-legacy.pt",
  "big-endian.pt",
] as const;

describe("a file of PyTorch's", () => {
  test.each(files)("%s is read as it was", async (name) => {
    const { tensors } = await readTorch(goldenPath(name));
    expect(differing(tensors, goldenValues[name] ?? {})).toEqual([]);
    expect(Object.keys(tensors)).toEqual(Object.keys(goldenValues[name] ?? {}));
  });

  test.each(["nested.pt", "nested-legacy.pt"])(
    "%s: what is beside the tensors is there",
    async (name) => {
      const { values } = await readTorch(goldenPath(name));
      expect(values).toMatchObject({
        epoch: 3,
        loss: 0.5,
        name: "größe",
        best: null,
        done: true,
        large: 2 ** 40,
        huge: -(2n ** 70n),
        bytes: Uint8Array.of(97, 98),
        "optimizer.param_groups.0.lr": 0.01,
        "optimizer.param_groups.0.betas.1": 0.999,
      });
    },
  );

  test("a part of it is read by its path", async () => {
    const path = goldenPath("nested.pt");
    expect(Object.keys((await readTorch(path, { at: "model" })).tensors)).toEqual([
      "weight",
      "bias",
    ]);
    expect(Object.keys((await readTorch(path, { at: "optimizer.state.0" })).tensors)).toContain(
      "exp_avg",
    );
    expect(Object.keys((await readTorch(path, { at: "model.bias" })).tensors)).toEqual([""]);
    expect(
      Object.keys((await readTorch(path, { only: (name) => name.endsWith("bias") })).tensors),
    ).toEqual(["model.bias"]);
    await expect(readTorch(path, { at: "weights" })).rejects.toThrow(
      /at "weights"; got model, optimizer/,
    );
    await expect(readTorch(path, { at: 1 as never })).rejects.toThrow(ArgumentError);
  });

  test("tensors that are one in the file share their data, others are copies", async () => {
    const { tensors } = await readTorch(goldenPath("views.pt"));
    expect(tensors.base?.data).toBe(tensors.same?.data);
    expect(tensors.part?.data.buffer.byteLength).toBe(12 * 4);
  });
});

describe("what is no state dict is refused, and nothing of it is evaluated:", () => {
  const refusedAs = async (content: Uint8Array, message: RegExp) => {
    const error = await readTorch(content).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(FormatError);
    expect((error as Error).message).toMatch(message);
    expect((error as FormatError).byteOffset).toBeLessThanOrEqual(content.length);
  };

  test("a file that calls print", () =>
    refusedAs(
      goldenBytes("evil.pt"),
      /nothing is evaluated; got __builtin__\.print at byte \d+\. Save the state dict/,
    ));
  test("a pickle alone that calls print", () =>
    refusedAs(goldenBytes("evil-legacy.pt"), /got __builtin__\.print/));
  test("a whole module", () =>
    refusedAs(
      goldenBytes("whole-module.pt"),
      /got torch\.nn\.modules\.linear\.Linear.*state_dict/,
    ));
  test("a TorchScript, whose code is packed", () =>
    refusedAs(goldenBytes("script.pt"), /got __torch__\.torch\.nn\.modules.*state_dict/));
  test("nothing", () => refusedAs(new Uint8Array(0), /4 bytes or more/));
  test("a safetensors file", () =>
    refusedAs(goldenBytes("model.safetensors"), /as a zip or as a pickle/));
  test("a file that is cut off", () =>
    refusedAs(goldenBytes("every.pt").subarray(0, 2000), /directory.*cut off/));
  test("an old file that is cut off", () =>
    refusedAs(goldenBytes("nested-legacy.pt").subarray(0, -1), /must go on to byte.*cut off/));
  test("one number changed", async () => {
    const content = goldenBytes("every.pt");
    const at = content.indexOf(0xff, 1500);
    content[at] = 0xfe;
    await refusedAs(content, /checksum/);
  });

  test("a compressed zip", async () => {
    const content = goldenBytes("big-endian.pt");
    const at = findCentral(content);
    content[at + 10] = 8;
    await refusedAs(content, /stored as it is.*zip -0/);
  });

  const pickle = (program: string) => {
    // A pickle behind the magic number, as old files have it.
    const text = `\x80\x02${program}`;
    const head = goldenBytes("nested-legacy.pt").subarray(0, 137);
    return Uint8Array.from([...head, ...Array.from(text, (letter) => letter.charCodeAt(0))]);
  };
  const programs: readonly [title: string, program: string, message: RegExp][] = [
    ["an unknown opcode", "i", /opcodes must be those of a file of tensors; got 0x69/],
    ["an empty stack", ".", /a value on the stack; got none/],
    ["a mark in a value's place", "(.", /got a mark/],
    ["no mark", "t.", /a mark on the stack/],
    ["a memo that is empty", "h\x00.", /what is recalled must be in the memo; got 0/],
    [
      "a text beyond the end",
      "X\xff\xff\xff\x7fab",
      /the pickle must go on for 2147483647 bytes; got 6/,
    ],
    ["a text of 2^64 bytes", "\x8d\xff\xff\xff\xff\xff\xff\xff\xff", /go on for/],
    ["a text that is no UTF-8", "U\x01\xff.", /texts must be UTF-8/],
    ["four million lists", "]".repeat(4_000_001), /a pickle must make at most 4000000 objects/],
    ["an odd dict", "}(K\x01u.", /in pairs/],
    ["items of a number", "K\x01K\x02K\x03s.", /in a dict/],
    ["an append to a tuple", ")K\x01a.", /to a list/],
    ["a call of a number", "K\x01)R.", /nothing may be called/],
    ["a call without a tuple", "ccollections\nOrderedDict\nK\x01R.", /must be a tuple/],
    ["a global of a number", "K\x01K\x02\x93.", /named by texts/],
    ["os.system", "cos\nsystem\nX\x02\x00\x00\x00id\x85R.", /got os\.system/],
    ["Object's own names", "ctorch\nconstructor\n.", /got torch\.constructor/],
    ["complex numbers", "ctorch\nComplexFloatStorage\n.", /dense.*torch\.Complex.*view_as_real/],
    ["numbers of a kind to come", "ctorch.storage\nUntypedStorage\n.", /dense.*UntypedStorage/],
    ["a sparse tensor", "ctorch._utils\n_rebuild_sparse_tensor\n.", /dense.*to_dense\(\)/],
    ["a quantised tensor", "ctorch._utils\n_rebuild_qtensor\n.", /dense.*dequantize\(\)/],
    ["a size of no tuple", "ctorch\nSize\nK\x01\x85R.", /sizes must be a tuple/],
    ["attributes of a number", "K\x01}b.", /only dicts/],
    ["protocol 1", "\x80\x01.", /from 2 to 5/],
    ["no end", "B\x04\0\0\0", /go on for 1 bytes; got 0/],
    ["a persistent id that is no storage", "K\x01Q.", /must be a storage/],
    ["a list that holds itself", "]q\x00h\x00a.", /one in the other|no more parts/],
    ["__proto__", "}X\x09\x00\x00\x00__proto__K\x01s.", /none __proto__/],
    [
      "one path twice",
      "}(X\x03\x00\x00\x00a.bK\x01X\x01\x00\x00\x00a}X\x01\x00\x00\x00bK\x02su.",
      /paths must be different.*Read a part of it/,
    ],
    [
      "lists that double, again and again",
      `]q\x00${Array.from({ length: 40 }, (_, i) => `(h${String.fromCharCode(i)}h${String.fromCharCode(i)}tq${String.fromCharCode(i + 1)}`).join("")}.`,
      /no more parts/,
    ],
  ];
  test.each(programs)("%s", (_, program, message) =>
    refusedAs(pickle(`${program}\x80\x02].`), message),
  );

  const storage = (type: string, length: number) =>
    `(X\x07\x00\x00\x00storagectorch\n${type}\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuJ${int(length)}NtQ`;
  const int = (n: number) =>
    String.fromCharCode(n & 255, (n >> 8) & 255, (n >> 16) & 255, (n >>> 24) & 255);
  const tensor = (length: number, offset: number, shape: number[], strides: number[]) =>
    `ctorch._utils\n_rebuild_tensor_v2\n(${storage("FloatStorage", length)}J${int(offset)}(${shape.map((n) => `J${int(n)}`).join("")}t(${strides.map((n) => `J${int(n)}`).join("")}t\x89ccollections\nOrderedDict\n)RtR`;
  const keys = (count: number) => `\x80\x02]${count > 0 ? "X\x01\x00\x00\x000a" : ""}.`;
  const tensors: readonly [title: string, program: string, message: RegExp][] = [
    [
      "a tensor beyond its storage",
      `${tensor(4, 1, [4], [1])}.`,
      /end within its storage of 4 F32; got 5/,
    ],
    ["a negative offset", `${tensor(4, -1, [1], [1])}.`, /whole numbers of 0 or more/],
    ["a negative stride", `${tensor(4, 3, [4], [-1])}.`, /whole numbers of 0 or more/],
    ["more sizes than strides", `${tensor(4, 0, [2, 2], [1])}.`, /as many of each/],
    ["33 dimensions", `${tensor(1, 0, Array(33).fill(1), Array(33).fill(1))}.`, /whole numbers/],
    [
      "a tensor made large by strides of 0",
      `${tensor(1, 0, [2 ** 30, 2 ** 20], [0, 0])}.${keys(1)}\x01\0\0\0\0\0\0\0abcd`,
      /twice the bytes of their file/,
    ],
    [
      "a storage that is missing",
      `${tensor(4, 0, [4], [1])}.${keys(0)}`,
      /storage 0 must be there; got none/,
    ],
    [
      "a storage of another length",
      `${tensor(4, 0, [4], [1])}.${keys(1)}\x05\0\0\0\0\0\0\0`,
      /must have 4 numbers; got 5/,
    ],
    [
      "a storage that is cut off",
      `${tensor(4, 0, [4], [1])}.${keys(1)}\x04\0\0\0\0\0\0\0abc`,
      /cut off/,
    ],
  ];
  test.each(tensors)("%s", (_, program, message) => refusedAs(pickle(program), message));

  test("a tensor like those is read where all is right", async () => {
    const data = [...new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer)];
    const content = pickle(`${tensor(4, 0, [2, 2], [1, 2])}.${keys(1)}\x04\0\0\0\0\0\0\0`);
    const { tensors: read } = await readTorch(Uint8Array.from([...content, ...data]));
    expect([...(read[""]?.data ?? [])]).toEqual([1, 3, 2, 4]);
  });
});

test("a size that is saved beside tensors is its numbers", async () => {
  const head = goldenBytes("nested-legacy.pt").subarray(0, 137);
  const program = "\x80\x02}X\x01\x00\x00\x00actorch\nSize\nK\x02K\x03\x86\x85Rs.\x80\x02].";
  const content = [...head, ...Array.from(program, (letter) => letter.charCodeAt(0))];
  const { values } = await readTorch(Uint8Array.from(content));
  expect(values).toEqual({ "a.0": 2, "a.1": 3 });
});

test.each(["nested-legacy.pt", "nested.pt"])("of %s progress is told to its end", async (name) => {
  const told: number[] = [];
  await readTorch(goldenBytes(name), {
    onProgress: (read, total) => told.push(read / (total ?? 0)),
  });
  expect(told).toEqual(told.toSorted((a, b) => a - b));
  expect(told.at(-1)).toBe(1);
});

test("sizes and places that stand in extra fields, as those of 4 GiB and more do, are read there", async () => {
  const { tensors } = await readTorch(withWideSizes(goldenBytes("every.pt")));
  expect(differing(tensors, goldenValues["every.pt"] ?? {})).toEqual([]);
});

test("a pickle's texts, bytes and memo of any length are read", async () => {
  const head = goldenBytes("nested-legacy.pt").subarray(0, 137);
  const letters = "x".repeat(300);
  const parts = [
    `T\x2c\x01\x00\x00${letters}r\x00\x01\x00\x00a`, // memo 256
    "j\x00\x01\x00\x00a",
    "C\x02aba",
    `\x8e\x2c\x01\x00\x00\x00\x00\x00\x00${letters}a`,
    `\x8d\x2c\x01\x00\x00\x00\x00\x00\x00${letters}a`,
  ];
  const program = `\x80\x04]${parts.join("")}.\x80\x02].`;
  const content = [...head, ...Array.from(program, (letter) => letter.charCodeAt(0))];
  const { values } = await readTorch(Uint8Array.from(content));
  const bytes = new Uint8Array(300).fill(120);
  expect(values).toEqual({
    0: letters,
    1: letters,
    2: Uint8Array.of(97, 98),
    3: bytes,
    4: letters,
  });
});

/** The same archive, whose directory has sizes and places of entries in extra fields (zip64). */
function withWideSizes(content: Uint8Array): Uint8Array {
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  const directory = findCentral(content);
  const parts = [content.subarray(0, directory)];
  let at = directory;
  for (; view.getUint32(at, true) === 0x02014b50; ) {
    const [name = 0, extra = 0, comment = 0] = [28, 30, 32].map((d) =>
      view.getUint16(at + d, true),
    );
    const entry = content.slice(at, at + 46 + name);
    const fields = new DataView(entry.buffer);
    const wide = new DataView(new ArrayBuffer(28));
    wide.setUint16(0, 1, true);
    wide.setUint16(2, 24, true);
    for (const [i, place] of [24, 20, 42].entries()) {
      wide.setBigUint64(4 + 8 * i, BigInt(fields.getUint32(place, true)), true);
      fields.setUint32(place, 0xffffffff, true);
    }
    fields.setUint16(30, 28, true);
    fields.setUint16(32, 0, true);
    parts.push(entry, new Uint8Array(wide.buffer));
    at += 46 + name + extra + comment;
  }
  const length = parts.slice(1).reduce((sum, part) => sum + part.length, 0);
  const end = content.slice(content.length - 22);
  new DataView(end.buffer).setUint32(12, length, true);
  new DataView(end.buffer).setUint32(16, directory, true);
  return Uint8Array.from([...parts, end].flatMap((part) => [...part]));
}

/** The first entry of the directory. */
function findCentral(content: Uint8Array): number {
  for (let at = 0; ; at++) {
    const isHere = content[at] === 0x50 && content[at + 1] === 0x4b && content[at + 2] === 1;
    if (isHere && content[at + 3] === 2) return at;
  }
}
