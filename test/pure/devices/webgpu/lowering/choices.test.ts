/** Which kernel is chosen for which sizes: pure functions of the target. */
import { describe, expect, it } from "vitest";
import { chooseConv } from "../../../../../src/devices/webgpu/lowering/conv.ts";
import {
  chooseRecurrentMode,
  type RecurrentMode,
} from "../../../../../src/devices/webgpu/lowering/recurrent-mode.ts";
import {
  chooseDirect,
  chooseProduct,
  chooseTiled,
  partOf,
  threadsOf,
  tiles,
} from "../../../../../src/devices/webgpu/lowering/tiles.ts";
import { DEFAULT_LIMITS } from "../../../../../src/devices/webgpu/target.ts";

const hardware = { isSoftware: false, limits: DEFAULT_LIMITS };
const software = { isSoftware: true, limits: DEFAULT_LIMITS };
const product = (m: number, k: number, n: number) => ({ m, k, n, batches: 1 });

describe("the choice of a matrix product's kernel", () => {
  it("takes the largest tile for a large square product", () => {
    for (const size of [2048, 4096]) {
      const choice = chooseProduct(hardware, product(size, size, size));
      expect(choice).toMatchObject({ kind: "tiled", tile: { bm: 128, bn: 128 }, splits: 1 });
    }
  });

  it("takes a narrow tile for few columns", () => {
    expect(chooseTiled(hardware, product(50000, 144, 32)).tile.bn).toBe(32);
  });

  it("splits a long sum with a small output until every core is busy, into parts of at least 128", () => {
    // Gradients of filters: 5 tiles of 32 × 32, and 9 of 64 × 64.
    for (const [m, k, n] of [
      [144, 200704, 32],
      [576, 200704, 64],
    ] as const) {
      const { tile, splits } = chooseTiled(hardware, product(m, k, n));
      const workgroups = Math.ceil(m / tile.bm) * Math.ceil(n / tile.bn) * splits;
      expect(workgroups).toBeGreaterThanOrEqual(512);
      expect(partOf(k, splits, tile.bk)).toBeGreaterThanOrEqual(128);
    }
  });

  it("does not split a sum that a second pass would make longer", () => {
    expect(chooseTiled(hardware, product(50000, 512, 64)).splits).toBe(1);
    expect(chooseTiled(hardware, product(1024, 64, 512)).splits).toBe(1);
    // The gradient to an LSTM's weights, whose sum is over the T · B rows.
    for (const rows of [1024, 2048, 4096, 8192]) {
      expect(chooseTiled(hardware, product(128, rows, 512)).splits).toBeGreaterThan(1);
    }
  });

  it("leaves no part of a split sum empty", () => {
    for (const k of [129, 1000, 4097, 12544, 50176]) {
      for (const target of [hardware, software]) {
        const choice = target.isSoftware
          ? chooseDirect(product(9, k, 16))
          : chooseTiled(target, product(9, k, 16));
        const bk = choice.kind === "tiled" ? choice.tile.bk : 1;
        expect((choice.splits - 1) * partOf(k, choice.splits, bk)).toBeLessThan(k);
      }
    }
  });

  it("takes gemv for a row or a column, and naive for what is tiny", () => {
    expect(chooseProduct(hardware, product(1, 512, 512)).kind).toBe("gemv");
    expect(chooseProduct(hardware, product(512, 512, 1)).kind).toBe("gemv");
    expect(chooseProduct(hardware, product(3, 3, 3)).kind).toBe("naive");
    expect(chooseProduct(hardware, product(3, 0, 3)).kind).toBe("naive");
  });

  it("takes no kernel with barriers on a software adapter", () => {
    for (const sizes of [
      product(512, 512, 512),
      product(1, 512, 512),
      product(64, 1568, 10),
      product(2, 2, 2),
    ]) {
      expect(chooseProduct(software, sizes).kind).toBe("direct");
    }
    expect(chooseConv(software, product(12544, 144, 32), 16, 1).kind).toBe("direct");
  });

  it("stays within the workgroups and memory that every GPU has", () => {
    for (const { tile } of tiles) {
      expect((tile.bm * tile.bn) / (tile.tm * tile.tn)).toBeLessThanOrEqual(256);
      expect(tile.bk * (tile.bm + tile.bn) * 4).toBeLessThanOrEqual(16384);
      expect(tile.bk % tile.unroll).toBe(0);
    }
    const weak = {
      isSoftware: false,
      limits: { ...DEFAULT_LIMITS, maxComputeInvocationsPerWorkgroup: 128 },
    };
    expect(threadsOf(chooseTiled(weak, product(4096, 4096, 4096)).tile)).toBeLessThanOrEqual(128);
  });

  it("takes the direct convolution for images of few channels", () => {
    expect(chooseConv(hardware, product(50176, 9, 16), 1, 1).kind).toBe("direct");
    expect(chooseConv(hardware, product(12544, 144, 32), 16, 1).kind).toBe("tiled");
  });

  it("gives a GPU's workgroup 32 invocations of a direct convolution", () => {
    const choice = chooseConv(hardware, product(802816, 9, 16), 1, 1);
    expect(choice).toMatchObject({ kind: "direct", tm: 8, tn: 4, wx: 4, wy: 8 });
  });

  it("chooses among tiles for the one part that a convolution runs in", () => {
    const long = product(144, 200704, 32);
    expect(chooseTiled(hardware, long).splits).toBeGreaterThan(1);
    expect(chooseTiled(hardware, { ...long, mostSplits: 1 }).splits).toBe(1);
  });

  it("takes the direct convolution for groups of channels", () => {
    expect(chooseConv(hardware, product(12544, 144, 32), 16, 2).kind).toBe("direct");
  });
});

/** What the kernels of shaders/lib declare for a mode, counted from their declarations. */
function constantsFit(
  mode: RecurrentMode,
  units: number,
  direction: "forward" | "backward",
  sums: number,
): { readonly invocations: number; readonly bytes: number } {
  const vector = 4 * (sums === 3 ? 4 : sums);
  if (mode.kind === "steps") {
    const { rows, slices, each, kept, held } = mode;
    const length = Math.ceil(units / slices);
    expect(units % each).toBe(0);
    expect(slices).toBeGreaterThanOrEqual(each);
    expect(kept + held).toBeLessThanOrEqual(length);
    const own =
      direction === "forward"
        ? 4 * rows * slices * length + vector * slices * rows * units
        : vector * rows * slices * length + 4 * rows * units * (slices + 1);
    return { invocations: (units / each) * slices, bytes: own + vector * held * slices * units };
  }
  if (mode.kind !== "step") return { invocations: 1, bytes: 0 };
  const { across, each, groups, slices, depth } = mode;
  expect(depth % slices).toBe(0);
  const invocations = across * groups * slices;
  const bytes =
    direction === "forward"
      ? 16 * (depth + 1) * groups + 4 * vector * each * invocations
      : 4 * vector * groups * depth + 16 * each * across * groups * (slices + 1);
  return { invocations, bytes };
}

describe("the choice of a recurrent mode", () => {
  const large = {
    isSoftware: false,
    limits: {
      ...DEFAULT_LIMITS,
      maxComputeWorkgroupStorageSize: 49152,
      maxComputeInvocationsPerWorkgroup: 1024,
    },
  };

  it("runs all steps in one dispatch up to 320 KB of weights and 256 units, and one a step above", () => {
    for (const target of [hardware, large])
      for (const direction of ["forward", "backward"] as const) {
        const mode = (units: number, sums: number) =>
          chooseRecurrentMode(target, { steps: 64, batch: 32, units }, direction, sums).kind;
        expect([1, 17, 128, 143].map((units) => mode(units, 4))).toEqual(
          new Array(4).fill("steps"),
        );
        expect([144, 192, 1024].map((units) => mode(units, 4))).toEqual(new Array(3).fill("step"));
        expect([251, 256, 257].map((units) => mode(units, 1))).toEqual(["steps", "steps", "step"]);
      }
  });

  it("keeps weights in registers and in workgroup memory, as far as they go", () => {
    const extent = { steps: 64, batch: 32, units: 128 };
    const mode = (target: typeof large, sums: number) =>
      chooseRecurrentMode(target, extent, "forward", sums);
    const four = { kind: "steps", rows: 1, slices: 8, each: 4, unroll: 2 };
    expect(mode(large, 4)).toEqual({ ...four, kept: 11, held: 1 });
    expect(mode(large, 1)).toEqual({ ...four, kept: 16, held: 0 });
    expect(mode(hardware, 4)).toMatchObject({ slices: 4, each: 2, kept: 4 });
  });

  it("gives a workgroup more rows for larger batches, as far as its memory goes", () => {
    const rows = (batch: number, units: number, sums: number) => {
      const mode = chooseRecurrentMode(large, { steps: 1, batch, units }, "backward", sums);
      return mode.kind === "steps" ? mode.rows : 0;
    };
    expect([1, 256, 512, 2048].map((batch) => rows(batch, 128, 1))).toEqual([1, 1, 2, 4]);
    expect(rows(2048, 8, 12)).toBe(4);
  });

  it("stays within every limit, whatever the cell and the batch", () => {
    for (const target of [hardware, large])
      for (const direction of ["forward", "backward"] as const)
        for (const sums of [1, 2, 3, 4, 5, 8, 12])
          for (const batch of [1, 7, 32, 1000])
            for (const units of [1, 2, 7, 33, 64, 100, 127, 128, 192, 251, 256, 257, 1000]) {
              const mode = chooseRecurrentMode(target, { steps: 4, batch, units }, direction, sums);
              const found = constantsFit(mode, units, direction, sums);
              expect(found.invocations).toBeLessThanOrEqual(
                target.limits.maxComputeInvocationsPerWorkgroup,
              );
              expect(found.bytes).toBeLessThanOrEqual(target.limits.maxComputeWorkgroupStorageSize);
            }
  });

  it("gives an invocation several units and rows on a software adapter", () => {
    const extent = { steps: 1, batch: 32, units: 128 };
    const mode = (sums: number) => chooseRecurrentMode(software, extent, "forward", sums);
    expect(mode(4)).toEqual({ kind: "softwareSteps", rows: 8, unitsEach: 4 });
    expect(mode(1)).toEqual({ kind: "softwareSteps", rows: 8, unitsEach: 8 });
  });

  it("leaves no lane of a software adapter without a unit", () => {
    for (const [units, unitsEach] of [
      [7, 1],
      [8, 2],
      [16, 4],
      [32, 8],
    ] as const) {
      const mode = chooseRecurrentMode(software, { steps: 1, batch: 1, units }, "backward", 1);
      expect(mode).toEqual({ kind: "softwareSteps", rows: 1, unitsEach });
    }
  });

  it("takes a dispatch a step where a software adapter has too few invocations", () => {
    for (const [units, kind] of [
      [1024, "softwareSteps"],
      [1028, "step"],
      [257, "step"],
    ] as const) {
      expect(chooseRecurrentMode(software, { steps: 1, batch: 8, units }, "forward", 4).kind).toBe(
        kind,
      );
    }
  });
});
