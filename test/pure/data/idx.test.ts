import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { gunzip, readIdx, readIdxBytes } from "../../../src/data/index.ts";
import { FormatError } from "../../../src/errors.ts";
import { words } from "../../../src/tensor/random.ts";

function idx(code: number, shape: readonly number[], body: Uint8Array): Uint8Array {
  const out = new Uint8Array(4 + 4 * shape.length + body.length);
  const view = new DataView(out.buffer);
  view.setUint16(2, (code << 8) | shape.length);
  shape.forEach((n, d) => {
    view.setUint32(4 + 4 * d, n);
  });
  out.set(body, 4 + 4 * shape.length);
  return out;
}

function bigEndian(sizeBytes: number, write: (view: DataView) => void): Uint8Array {
  const view = new DataView(new ArrayBuffer(sizeBytes));
  write(view);
  return new Uint8Array(view.buffer);
}

function fault(run: () => unknown): FormatError {
  try {
    run();
  } catch (error) {
    if (error instanceof FormatError) return error;
    throw error;
  }
  throw new Error("expected a FormatError");
}

describe("readIdx", () => {
  test("bytes are a view of the file, not a copy", () => {
    const file = idx(0x08, [2, 3], Uint8Array.of(1, 2, 3, 4, 5, 6));
    const array = readIdx(file, "bytes");
    expect(array).toMatchObject({ type: "u8", shape: [2, 3] });
    expect([...array.data]).toEqual([1, 2, 3, 4, 5, 6]);
    expect(array.data.buffer).toBe(file.buffer);
  });

  test("every element type is read in big-endian order", () => {
    const cases = [
      {
        code: 0x09,
        type: "i8",
        sizeBytes: 2,
        write: (v: DataView) => v.setInt8(1, -7),
        want: [0, -7],
      },
      {
        code: 0x0b,
        type: "i16",
        sizeBytes: 4,
        write: (v: DataView) => v.setInt16(2, -300),
        want: [0, -300],
      },
      {
        code: 0x0c,
        type: "i32",
        sizeBytes: 8,
        write: (v: DataView) => v.setInt32(4, -70000),
        want: [0, -70000],
      },
      {
        code: 0x0d,
        type: "f32",
        sizeBytes: 8,
        write: (v: DataView) => v.setFloat32(4, 1.5),
        want: [0, 1.5],
      },
      {
        code: 0x0e,
        type: "f64",
        sizeBytes: 16,
        write: (v: DataView) => v.setFloat64(8, 0.1),
        want: [0, 0.1],
      },
    ];
    for (const { code, type, sizeBytes, write, want } of cases) {
      const array = readIdx(idx(code, [2], bigEndian(sizeBytes, write)), type);
      expect(array.type).toBe(type);
      expect([...array.data]).toEqual(want);
    }
  });

  test("a file inside a larger buffer is read from its own first byte", () => {
    const file = idx(0x0b, [2], Uint8Array.of(0, 1, 0, 2));
    const larger = new Uint8Array(file.length + 3);
    larger.set(file, 3);
    expect([...readIdx(larger.subarray(3), "inner").data]).toEqual([1, 2]);
  });

  test("an empty dimension gives an empty array", () => {
    expect(readIdx(idx(0x0d, [0, 4_000_000_000], new Uint8Array(0)), "empty").data).toHaveLength(0);
  });

  test("a truncated file is refused with its name, the offset and the size it should have", () => {
    const error = fault(() => readIdx(idx(0x08, [2, 3], Uint8Array.of(1, 2)), "digits"));
    expect(error.byteOffset).toBe(14);
    expect(error.message).toMatch(
      /digits must have 18 bytes for u8\[2, 3\]; got 14 bytes.*cut short at byte 14/,
    );
  });

  test("bytes behind the end are refused at the first of them", () => {
    const error = fault(() => readIdx(idx(0x08, [1], Uint8Array.of(1, 2)), "digits"));
    expect(error.byteOffset).toBe(9);
  });

  test("a shape of 10³⁸ elements is refused without allocating", () => {
    const error = fault(() =>
      readIdx(idx(0x0e, new Array(4).fill(0xffffffff), new Uint8Array(8)), "bomb"),
    );
    expect(error.byteOffset).toBe(28);
  });

  test("foreign files are told apart by the byte that is wrong", () => {
    const faults = [
      [Uint8Array.of(0, 0), 2, /4 bytes of header/],
      [Uint8Array.of(0x89, 0x50, 0x4e, 0x47), 0, /two zero bytes; got 89 50 4e 47/],
      [Uint8Array.of(0, 0, 0x0a, 1), 2, /type code/],
      [Uint8Array.of(0, 0, 8, 0), 3, /1 to 8 dimensions/],
      [Uint8Array.of(0, 0, 8, 3, 0, 0), 6, /16 bytes of header/],
      [Uint8Array.of(0x1f, 0x8b, 8, 0), 0, /gunzip/],
    ] as const;
    for (const [bytes, offset, message] of faults) {
      const error = fault(() => readIdx(bytes, "foreign"));
      expect(error.message).toMatch(message);
      expect(error.message).toContain("foreign");
      expect(error.byteOffset).toBe(offset);
    }
  });

  test("100,000 mutations of a file give an array of the file's own size or a FormatError", () => {
    const whole = idx(0x0c, [3, 2], new Uint8Array(24));
    const random = words([1, 2], 0, 400_000);
    for (let i = 0; i < 100_000; i++) {
      const [at = 0, byte = 0, cut = 0, header = 0] = random.subarray(4 * i, 4 * i + 4);
      const file = whole.slice(0, cut % 8 === 0 ? cut % whole.length : whole.length);
      if (file.length > 0) file[at % file.length] = byte;
      if (header % 4 === 0 && file.length > 2) file[2] = [8, 9, 11, 12, 13, 14][byte % 6] ?? 8;
      try {
        if (readIdx(file, "mutant").data.byteLength > file.length) throw new Error(`grew: ${file}`);
      } catch (error) {
        if (!(error instanceof FormatError)) throw error;
      }
    }
  });
});

describe("readIdxBytes", () => {
  test("pictures and labels that are exchanged are noticed", () => {
    const labels = idx(0x08, [2], Uint8Array.of(1, 2));
    expect(() => readIdxBytes(labels, "labels", 3)).toThrow(/3 dimensions at byte 3; got \[2\]/);
    expect(readIdxBytes(labels, "labels", 1).shape).toEqual([2]);
  });

  test("other element types are refused", () => {
    expect(
      fault(() => readIdxBytes(idx(0x0d, [1], new Uint8Array(4)), "floats", 1)).byteOffset,
    ).toBe(2);
  });
});

describe("gunzip", () => {
  const plain = idx(0x08, [1000], new Uint8Array(1000));

  test("a packed file is unpacked and any other is handed back as it is", async () => {
    expect(await gunzip(gzipSync(plain), "packed")).toEqual(plain);
    expect(await gunzip(plain, "plain")).toBe(plain);
  });

  test("a damaged or truncated file is a FormatError, and the next one works", async () => {
    const packed = gzipSync(plain);
    await expect(gunzip(packed.subarray(0, packed.length - 9), "cut")).rejects.toThrow(FormatError);
    const damaged = Uint8Array.from(packed);
    damaged[12] = (damaged[12] ?? 0) ^ 0xff;
    await expect(gunzip(damaged, "damaged")).rejects.toThrow(/damaged must be a whole gzip file/);
    expect(await gunzip(packed, "whole")).toEqual(plain);
  });

  test("a file that unpacks to more than allowed is refused while it is read", async () => {
    const bomb = gzipSync(new Uint8Array(2_000_000));
    await expect(gunzip(bomb, "bomb", { maxBytes: 100_000 })).rejects.toThrow(
      /at most 100000 bytes/,
    );
  });
});
