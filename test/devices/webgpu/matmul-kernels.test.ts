/** Every variant of the matmul kernels on small odd shapes, against the reference in float64. */
import { beforeAll, describe, expect, it } from "vitest";
import { matmulLowerings } from "../../../src/devices/webgpu/lowering/matmul.ts";
import {
  type Choice,
  chooseDirect,
  type Tile,
  tiles,
} from "../../../src/devices/webgpu/lowering/tiles.ts";
import { DEFAULT_LIMITS, type WebgpuTarget } from "../../../src/devices/webgpu/target.ts";
import type { Case } from "../../cases/case.ts";
import { checkKernel, openBench, type WithEpilogue } from "../../support/check-kernel.ts";
import type { Bench } from "../../support/run-calls.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});

const hardware: WebgpuTarget = { isSoftware: false, limits: DEFAULT_LIMITS };

interface Flags {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}
const allFlags: readonly Flags[] = [
  { transposeA: false, transposeB: false },
  { transposeA: false, transposeB: true },
  { transposeA: true, transposeB: false },
  { transposeA: true, transposeB: true },
];

function product(
  m: number,
  k: number,
  n: number,
  flags: Flags,
  batch: readonly number[] = [],
): Case<"matmul"> {
  return {
    name: `${m} × ${k} × ${n}`,
    ins: {
      a: { shape: [...batch, ...(flags.transposeA ? [k, m] : [m, k])] },
      b: { shape: [...batch, ...(flags.transposeB ? [n, k] : [k, n])] },
    },
    attrs: flags,
  };
}

async function errorOf(
  choice: Choice,
  of: Case<"matmul">,
  epilogue?: WithEpilogue,
  sumsOf?: string,
): Promise<number> {
  const { matmul } = matmulLowerings(hardware, () => choice);
  const { error } = await checkKernel(bench, "matmul", matmul, of, epilogue, sumsOf);
  return error;
}

/** K · 2⁻²⁴ bounds the error of a sum of K terms; these are at most 260 terms with random signs. */
const TOLERANCE = 2e-6;

const direct = (tm: number, tn: number, splits = 1): Choice => ({
  kind: "direct",
  tm,
  tn,
  wx: 4,
  wy: 4,
  splits,
});
const naive: Choice = { kind: "naive" };
const gemv: Choice = { kind: "gemv", columns: 8, slices: 32 };
const tiled = (tile: Tile, splits = 1): Choice => ({ kind: "tiled", tile, splits });
// Small and short, so that SwiftShader compiles its many specialisations in seconds.
const small: Tile = { bm: 16, bn: 16, bk: 8, tm: 4, tn: 4, unroll: 4 };

const variants: readonly (readonly [name: string, choice: Choice])[] = [
  ["naive", naive],
  ["gemv", gemv],
  ["direct 8 × 8", direct(8, 8)],
  ["direct 4 × 8", direct(4, 8)],
  ["direct 8 × 4", direct(8, 4)],
  ["direct 1 × 4", direct(1, 4)],
  ["direct 1 × 8", direct(1, 8)],
  ["direct 4 × 8 in 3 parts of K", direct(4, 8, 3)],
  ["tiled 16 × 16", tiled(small)],
  ["tiled 16 × 16 in 2 parts of K", tiled(small, 2)],
];

describe("matmul kernels", () => {
  it.each(variants)(
    "%s agrees with the reference on odd sizes in all four layouts",
    async (_, choice) => {
      for (const flags of allFlags) {
        expect(await errorOf(choice, product(33, 65, 17, flags))).toBeLessThan(TOLERANCE);
        expect(await errorOf(choice, product(3, 129, 65, flags))).toBeLessThan(TOLERANCE);
        expect(await errorOf(choice, product(1, 1, 1, flags))).toBeLessThan(TOLERANCE);
      }
    },
  );

  it.each(variants)("%s agrees with the reference where vectors are loaded", async (_, choice) => {
    for (const flags of allFlags) {
      expect(await errorOf(choice, product(36, 68, 20, flags))).toBeLessThan(TOLERANCE);
      expect(await errorOf(choice, product(64, 64, 32, flags))).toBeLessThan(TOLERANCE);
    }
  });

  it.each(tiles)("tiled $tile.bm × $tile.bn agrees beyond one tile", async ({ tile }) => {
    // Unrolled by 2, the rest as on a GPU: the code that SwiftShader has to compile is what takes the time.
    const choice = tiled({ ...tile, unroll: 2 });
    const flags = { transposeA: false, transposeB: true };
    expect(await errorOf(choice, product(129, 17, 65, flags))).toBeLessThan(TOLERANCE);
    expect(await errorOf(choice, product(132, 36, 132, flags))).toBeLessThan(TOLERANCE);
  });

  it.each([
    ["16 × 16", tiled(small)],
    ["16 × 16 in 2 parts of K", tiled(small, 2)],
    ["16 × 16 with several blocks for an invocation", tiled({ ...small, bk: 32 }, 3)],
    ["32 × 16", tiled({ ...small, bm: 32 })],
  ])("tiled %s adds up the columns of the right operand along the way", async (_, choice) => {
    const flags = { transposeA: true, transposeB: false };
    for (const [m, k, n] of [
      [33, 65, 17],
      [3, 129, 65],
      [1, 1, 1],
      [36, 68, 20],
      [64, 64, 32],
    ] as const) {
      const of = product(m, k, n, flags);
      expect(await errorOf(choice, of, undefined, "b")).toBeLessThan(TOLERANCE);
      for (const hasSecond of [false, true]) {
        const epilogue = {
          hasBias: true,
          activation: "relu",
          hasResidual: true,
          hasSecond,
        } as const;
        expect(await errorOf(choice, of, epilogue, "b")).toBeLessThan(TOLERANCE);
      }
    }
  });

  it.each(tiles)("tiled $tile.bm × $tile.bn adds up columns beyond one tile", async ({ tile }) => {
    const of = product(132, 36, 140, { transposeA: true, transposeB: false });
    const choice = tiled({ ...tile, unroll: 2 });
    expect(await errorOf(choice, of, undefined, "b")).toBeLessThan(TOLERANCE);
  });

  it.each(variants)("%s multiplies a batch, with a broadcast operand", async (_, choice) => {
    const [plain] = allFlags;
    if (plain === undefined) return;
    expect(await errorOf(choice, product(5, 7, 9, plain, [3]))).toBeLessThan(TOLERANCE);
    const broadcast: Case<"matmul"> = {
      name: "broadcast on both sides",
      ins: { a: { shape: [2, 1, 5, 7] }, b: { shape: [1, 3, 7, 4] } },
      attrs: plain,
    };
    expect(await errorOf(choice, broadcast)).toBeLessThan(TOLERANCE);
  });

  it.each(variants)("%s applies bias and activation", async (_, choice) => {
    for (const activation of ["relu", "tanh", "sigmoid", undefined] as const) {
      for (const n of [9, 12]) {
        const of = product(17, 21, n, { transposeA: false, transposeB: false });
        expect(await errorOf(choice, of, { hasBias: true, activation })).toBeLessThan(TOLERANCE);
        const two = { hasBias: true, activation, hasSecond: true };
        expect(await errorOf(choice, of, two)).toBeLessThan(TOLERANCE);
      }
    }
  });

  it.each([17, 130])("%s parts of K are added up by invocations side by side", async (splits) => {
    const choice = tiled({ ...small, unroll: 2 }, splits);
    const epilogue = { hasBias: true, activation: "relu", hasResidual: true } as const;
    for (const [m, n] of [
      [9, 16],
      [5, 7],
      [33, 12],
    ] as const) {
      const of = product(m, 8 * splits - 3, n, { transposeA: true, transposeB: false });
      expect(await errorOf(choice, of, epilogue)).toBeLessThan(TOLERANCE);
      expect(await errorOf(choice, of, undefined, "b")).toBeLessThan(TOLERANCE);
    }
  });

  it("gemv turns a column vector around", async () => {
    for (const flags of allFlags) {
      for (const hasBias of [false, true]) {
        const of = product(65, 129, 1, flags);
        expect(await errorOf(gemv, of, { hasBias, activation: undefined })).toBeLessThan(TOLERANCE);
      }
    }
  });

  it("a depth of 0 gives the epilogue of 0", async () => {
    const of = product(3, 0, 4, { transposeA: false, transposeB: false });
    expect(await errorOf(naive, of, { hasBias: true, activation: "tanh" })).toBeLessThan(TOLERANCE);
  });

  it("a tanh epilogue keeps its relative accuracy near 0 and ends at ±1", async () => {
    const { matmul } = matmulLowerings(hardware, chooseDirectly);
    const xs = [1e-6, -3e-4, 0.02, 0.149, 0.151, -0.7, 4, 60, -1e4, 1e30];
    const of: Case<"matmul"> = {
      name: "tanh",
      ins: { a: { shape: [1, 1], values: [1] }, b: { shape: [1, xs.length], values: xs } },
      attrs: { transposeA: false, transposeB: false },
    };
    const { values } = await checkKernel(bench, "matmul", matmul, of, {
      hasBias: false,
      activation: "tanh",
    });
    xs.forEach((x, i) => {
      const expected = Math.tanh(Math.fround(x));
      expect(Math.abs((values[i] ?? 0) / expected - 1)).toBeLessThan(5e-7);
    });
  });

  it("the same inputs give the same bits", async () => {
    const of = product(33, 260, 17, { transposeA: true, transposeB: false });
    for (const choice of [direct(4, 8, 3), tiled(small, 2), gemv]) {
      const { matmul } = matmulLowerings(hardware, () => choice);
      const first = await checkKernel(bench, "matmul", matmul, of);
      const second = await checkKernel(bench, "matmul", matmul, of);
      expect(second.values).toEqual(first.values);
    }
  });
});

const chooseDirectly = (_: WebgpuTarget, product: Parameters<typeof chooseDirect>[0]) =>
  chooseDirect(product);
