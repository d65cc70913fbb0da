/** Pictures that are changed by chance while training: what may come out, how often, and the same for one seed. */
import { beforeEach, describe, expect, it, test } from "vitest";
import { ArgumentError, DTypeError, ShapeError } from "../../../src/errors.ts";
import {
  compile,
  gradientsOf,
  mul,
  sum,
  type Tensor,
  tensor,
  variable,
  zeros,
} from "../../../src/functions.ts";
import { betaQuantiles } from "../../../src/nn/augment/beta.ts";
import { sampled } from "../../../src/nn/augment/sample.ts";
import * as nn from "../../../src/nn/index.ts";
import { openCounting } from "../runtime/open.ts";

beforeEach(() => {
  openCounting();
});

/** n pictures of h × w, pixel (i, j) being 100 i + j + 1 in all of them. */
function pictures(n: number, h: number, w: number): Tensor {
  const data = Float32Array.from({ length: n * h * w }, (_, k) => {
    const at = k % (h * w);
    return 100 * Math.floor(at / w) + (at % w) + 1;
  });
  return tensor(data, [n, h, w, 1]);
}

/** Each picture of y as rows. */
async function rowsOf(y: Tensor): Promise<number[][][]> {
  const [n = 0, h = 0, w = 0] = y.shape;
  const data = [...(await y.data())];
  return Array.from({ length: n }, (_, k) =>
    Array.from({ length: h }, (_, i) => data.slice((k * h + i) * w, (k * h + i + 1) * w)),
  );
}

describe("randomFlip", () => {
  it("mirrors about half of the pictures, and none or all where it is told so", async () => {
    const [plain] = await rowsOf(pictures(1, 2, 3));
    const mirrored = plain?.map((row) => row.toReversed());
    const found = await rowsOf(nn.randomFlip()(pictures(400, 2, 3)));
    const flipped = found.filter((one) => JSON.stringify(one) === JSON.stringify(mirrored)).length;
    const same = found.filter((one) => JSON.stringify(one) === JSON.stringify(plain)).length;
    expect(flipped + same).toBe(400);
    // σ = 10.
    expect(Math.abs(flipped - 200)).toBeLessThan(50);
    const upside = nn.randomFlip({ horizontal: 0, vertical: 1 });
    expect(await rowsOf(upside(pictures(1, 2, 3)))).toEqual([plain?.toReversed()]);
  });
});

describe("randomCrop", () => {
  it("takes parts from everywhere, each whole", async () => {
    const found = await rowsOf(nn.randomCrop([2, 3])(pictures(200, 4, 4)));
    const seen = new Set<number>();
    for (const one of found) {
      const from = one[0]?.[0] ?? 0;
      seen.add(from);
      expect(one).toEqual([0, 100].map((row) => [0, 1, 2].map((column) => from + row + column)));
    }
    expect([...seen].sort((a, b) => a - b)).toEqual([1, 2, 101, 102, 201, 202]);
  });

  it("pads while training, and takes the middle in evaluation", async () => {
    const crop = nn.randomCrop([2, 2], { padding: 1, fill: 7 });
    const found = await rowsOf(crop(pictures(200, 2, 2)));
    const corners = new Set(found.map((one) => one[0]?.[0]));
    expect([...corners].sort()).toEqual([1, 101, 102, 2, 7]);
    crop.eval();
    expect(await rowsOf(crop(pictures(1, 4, 4)))).toEqual([
      [
        [102, 103],
        [202, 203],
      ],
    ]);
    expect(() => crop(zeros([1, 1, 4, 1]))).toThrow(
      "randomCrop: the part must be no larger than the pictures; got 2 × 2 of f32[1, 1, 4, 1].",
    );
  });
});

describe("cutout", () => {
  it("hides a square that may hang over the edge, anywhere", async () => {
    const found = await rowsOf(nn.cutout(3)(pictures(300, 5, 6)));
    const sizes = new Set<string>();
    for (const one of found) {
      const hidden = one.map((row) => row.filter((value) => value === 0).length);
      const rows = hidden.filter((n) => n > 0);
      sizes.add(`${rows.length} ${rows[0]}`);
      // All rows of a square are alike.
      expect(new Set(rows).size).toBe(1);
      one.forEach((row, i) => {
        row.forEach((value, j) => {
          if (value !== 0) expect(value).toBe(100 * i + j + 1);
        });
      });
    }
    expect([...sizes].sort()).toEqual(["2 2", "2 3", "3 2", "3 3"]);
  });
});

describe("gaussianNoise", () => {
  it("has the mean and the deviation that it says, and is new in every step", async () => {
    const step = compile(nn.gaussianNoise(2));
    const n = 20_000;
    const first = [...(await (await step(zeros([n]))).data())];
    const second = [...(await (await step(zeros([n]))).data())];
    expect(second).not.toEqual(first);
    const mean = first.reduce((a, b) => a + b) / n;
    const variance = first.reduce((a, b) => a + b * b) / n;
    // Five deviations of the mean, and of the mean square.
    expect(Math.abs(mean)).toBeLessThan((5 * 2) / Math.sqrt(n));
    expect(Math.abs(variance - 4)).toBeLessThan(5 * 4 * Math.sqrt(2 / n));
    const beyond = first.filter((x) => Math.abs(x) > 4).length / n;
    expect(Math.abs(beyond - 0.0455)).toBeLessThan(0.008);
  });
});

describe("randomAffine", () => {
  /** Which places of the picture the pixels (i, j) come from: the two of 100 row + column + 1. */
  const gradient = (n: number, size: number, of: "row" | "column") =>
    tensor(
      Float32Array.from({ length: n * size * size }, (_, k) => {
        const at = k % (size * size);
        return of === "row" ? Math.floor(at / size) : at % size;
      }),
      [n, size, size, 1],
    );

  const placesOf = async (options: nn.AffineOptions, n: number, size: number) => {
    const places = async (of: "row" | "column") => {
      openCounting();
      return rowsOf(nn.randomAffine({ ...options, fill: -50 })(gradient(n, size, of)));
    };
    return { rows: await places("row"), columns: await places("column") };
  };

  it("moves by up to the share it is told, all of a picture alike", async () => {
    const { rows, columns } = await placesOf({ shift: [0.25, 0.125] }, 200, 8);
    const moved = (found: number[][][], d: 0 | 1) =>
      found.map((one) => {
        const shifts = [3, 4].flatMap((i) => [3, 4].map((j) => (one[i]?.[j] ?? 0) - (d ? j : i)));
        const [first = 0] = shifts;
        for (const shift of shifts) expect(shift).toBeCloseTo(first, 4);
        return first;
      });
    for (const [shifts, most] of [
      [moved(rows, 0), 2],
      [moved(columns, 1), 1],
    ] as const) {
      const far = Math.max(...shifts.map(Math.abs));
      expect(far).toBeLessThanOrEqual(most + 1e-5);
      expect(far).toBeGreaterThan(0.9 * most);
      expect(Math.abs(shifts.reduce((a, b) => a + b) / 200)).toBeLessThan(5 * (most / 24.5));
    }
  });

  it("turns about the centre: distances from it stay, the angles are up to what it is told", async () => {
    const { rows, columns } = await placesOf({ rotate: 30 }, 100, 9);
    let widest = 0;
    for (const [k, one] of rows.entries()) {
      const angles = [
        [4, 6],
        [2, 4],
        [3, 5],
      ].map(([i = 0, j = 0]) => {
        const [y, x] = [(one[i]?.[j] ?? 0) - 4, (columns[k]?.[i]?.[j] ?? 0) - 4];
        expect(Math.hypot(y, x)).toBeCloseTo(Math.hypot(i - 4, j - 4), 4);
        return Math.atan2(y, x) - Math.atan2(i - 4, j - 4);
      });
      const [first = 0] = angles;
      for (const angle of angles) expect(angle).toBeCloseTo(first, 4);
      widest = Math.max(widest, Math.abs(first));
    }
    expect(widest).toBeLessThanOrEqual(Math.PI / 6 + 1e-5);
    expect(widest).toBeGreaterThan(0.9 * (Math.PI / 6));
  });

  it("makes pictures larger about their centre", async () => {
    const twice = nn.randomAffine({ scale: [2, 2] });
    // Centre 1.5; place 0 comes from 0.75, place 3 from 2.25.
    const [found] = await rowsOf(twice(gradient(1, 4, "column")));
    expect(found?.[1]?.map((x) => Number(x.toFixed(5)))).toEqual([0.75, 1.25, 1.75, 2.25]);
  });

  it("leaves pictures as they are where nothing is to be done", async () => {
    const x = pictures(2, 3, 5);
    expect([...(await nn.randomAffine({})(x).data())]).toEqual([...(await x.data())]);
  });
});

describe("sampled", () => {
  /** The same in float64. */
  function expected(picture: number[][], r: number, c: number, fill: number | "edge"): number {
    const [h, w] = [picture.length, picture[0]?.length ?? 0];
    const clamp = (x: number, n: number) => Math.min(n - 1, Math.max(0, x));
    const [row, column] = fill === "edge" ? [clamp(r, h), clamp(c, w)] : [r, c];
    const at = (i: number, j: number) => picture[i]?.[j] ?? (fill === "edge" ? 0 : fill);
    const [i, j] = [Math.floor(row), Math.floor(column)];
    const [b, a] = [row - i, column - j];
    const upper = a === 0 ? at(i, j) : (1 - a) * at(i, j) + a * at(i, j + 1);
    const lower = a === 0 ? at(i + 1, j) : (1 - a) * at(i + 1, j) + a * at(i + 1, j + 1);
    return b === 0 ? upper : (1 - b) * upper + b * lower;
  }

  it.each([0, 7, "edge"] as const)(
    "is bilinear inside and outside, filled with %s",
    async (fill) => {
      const places = [-3.5, -1, -0.25, 0, 0.5, 1.75, 2, 2.5, 3, 3.5, 90];
      const pairs = places.flatMap((r) => places.map((c) => [r, c] as const));
      const [picture = []] = await rowsOf(pictures(1, 3, 4));
      const y = sampled(
        pictures(1, 3, 4),
        tensor(
          pairs.map(([r]) => r),
          [1, pairs.length, 1],
        ),
        tensor(
          pairs.map(([, c]) => c),
          [1, pairs.length, 1],
        ),
        fill,
      );
      const found = [...(await y.data())];
      // Four products of numbers below 256, rounded to 24 bits.
      pairs.forEach(([r, c], k) => {
        expect(Math.abs((found[k] ?? 0) - expected(picture, r, c, fill))).toBeLessThan(2e-4);
      });
    },
  );
});

describe("mixup", () => {
  it("mixes examples with others, and their targets alike", async () => {
    const n = 6;
    const x = tensor(
      Float32Array.from({ length: n }, (_, i) => 10 ** i),
      [n, 1],
    );
    const mixed = nn.mixup(x, tensor([0, 1, 2, 3, 4, 5], [n], "i32"), { alpha: 1, classes: 6 });
    const [found, targets] = [[...(await mixed.x.data())], [...(await mixed.y.data())]];
    expect(mixed.y.shape).toEqual([6, 6]);
    for (let i = 0; i < n; i++) {
      const row = targets.slice(i * 6, i * 6 + 6);
      const share = row[i] ?? 0;
      expect((row[5 - i] ?? 0) + share).toBeCloseTo(1, 6);
      const expected = share * 10 ** i + (1 - share) * 10 ** (5 - i);
      expect((found[i] ?? 0) / expected).toBeCloseTo(1, 5);
    }
    expect(new Set(found).size).toBe(n);
  });

  it("leaves x alone in evaluation, with the same kind of targets", async () => {
    const x = tensor([[1], [2]]);
    const plain = nn.mixup(x, tensor([1, 0], [2], "i32"), { classes: 2, isTraining: false });
    expect(plain.x).toBe(x);
    expect([...(await plain.y.data())]).toEqual([0, 1, 1, 0]);
  });

  it.each([0.2, 0.5, 1, 4])("shares are of the beta distribution with alpha %d", async (alpha) => {
    const n = 20_000;
    const mixed = nn.mixup(
      tensor(new Float32Array(n).fill(0), [n]),
      tensor(
        Float32Array.from({ length: n }, (_, i) => (i < n / 2 ? 1 : 0)),
        [n],
      ),
      { alpha },
    );
    const shares = [...(await mixed.y.data())].slice(0, n / 2);
    const count = shares.length;
    const mean = shares.reduce((a, b) => a + b) / count;
    const variance = shares.reduce((a, b) => a + (b - 0.5) ** 2, 0) / count;
    const right = 1 / (4 * (2 * alpha + 1));
    expect(Math.abs(mean - 0.5)).toBeLessThan(5 * Math.sqrt(right / count));
    // (λ − ½)² is at most ¼.
    expect(Math.abs(variance - right)).toBeLessThan((5 * 0.25) / 2 / Math.sqrt(count));
  });

  it("refuses what cannot be mixed", () => {
    const x = zeros([2, 3]);
    expect(() => nn.mixup(x, zeros([3]))).toThrow(ShapeError);
    expect(() => nn.mixup(x, zeros([2], "i32"))).toThrow(
      "mixup: classes must be a whole number of 1 or more; got undefined. Labels become a target for each of them.",
    );
    expect(() => nn.mixup(zeros([2], "i32"), zeros([2]))).toThrow(DTypeError);
    expect(() => nn.mixup(x, zeros([2]), { alpha: 0 })).toThrow(ArgumentError);
  });
});

test("quantiles of beta distributions that are known in closed form", () => {
  const n = 64;
  for (const [alpha, exact] of [
    [1, (u: number) => u],
    [0.5, (u: number) => Math.sin((Math.PI * u) / 2) ** 2],
  ] as const) {
    betaQuantiles(alpha, n).forEach((q, i) => {
      expect(Math.abs(q - exact(i / n))).toBeLessThan(1e-8);
    });
  }
  betaQuantiles(2, n).forEach((q, i) => {
    expect(Math.abs(3 * q ** 2 - 2 * q ** 3 - i / n)).toBeLessThan(1e-7);
  });
});

describe("augmentations", () => {
  const layers = () =>
    nn.sequential(
      nn.randomFlip(),
      nn.randomAffine({ shift: 0.1, rotate: 10, scale: [0.9, 1.1], fill: "edge" }),
      nn.randomCrop([4, 4], { padding: 1 }),
      nn.gaussianNoise(0.1),
      nn.cutout(2),
    );

  it("give the same pictures for the same seed, and others in the next step", async () => {
    const run = async (seed: number) => {
      openCounting({ seed });
      const step = compile(layers());
      const x = pictures(3, 4, 4);
      return [[...(await (await step(x)).data())], [...(await (await step(x)).data())]];
    };
    const first = await run(5);
    expect(await run(5)).toEqual(first);
    expect(await run(6)).not.toEqual(first);
    expect(first[0]).not.toEqual(first[1]);
  });

  it("leave pictures as they are in evaluation", async () => {
    const model = layers();
    model.eval();
    const x = pictures(3, 4, 4);
    expect([...(await model(x).data())]).toEqual([...(await x.data())]);
    expect(model.parameters()).toEqual([]);
  });

  it("let a gradient through to what lies before them", async () => {
    const w = variable([2], [1], "w");
    const step = compile((x: Tensor) => {
      const y = nn.randomAffine({ shift: 0.2 })(nn.randomCrop([2, 2])(mul(x, w)));
      // Linear in w: its gradient is the sum divided by w.
      return { y: sum(y), slope: gradientsOf(sum(y), [w]).get(w) };
    });
    const found = await step(pictures(2, 3, 3));
    const [value = 0, slope = 1] = [(await found.y.data())[0], (await found.slope?.data())?.[0]];
    expect(slope).toBeCloseTo(value / 2, 3);
  });

  it.each([
    () => nn.randomFlip({ horizontal: 2 }),
    () => nn.randomFlip({ p: 0.5 } as never),
    () => nn.randomAffine({ shift: [0.1] as never }),
    () => nn.randomAffine({ scale: [2, 1] }),
    () => nn.randomAffine({ scale: [0, 1] }),
    () => nn.randomAffine({ rotate: -5 }),
    () => nn.randomAffine({ fill: "zeros" as never }),
    () => nn.randomCrop([0, 2]),
    () => nn.randomCrop(3 as never),
    () => nn.randomCrop([2, 2], { padding: -1 }),
    () => nn.cutout(0),
    () => nn.cutout(2, Number.NaN),
    () => nn.gaussianNoise(-1),
  ])("refuse options that are none: %#", (make) => {
    expect(make).toThrow(ArgumentError);
  });

  it("refuse what are no pictures", () => {
    expect(() => nn.randomFlip()(zeros([2, 3]))).toThrow(
      "randomFlip: the input must be pictures f32[N, H, W, C]; got f32[2, 3]. Grey pictures have C = 1.",
    );
    expect(() => nn.cutout(1)(zeros([1, 2, 2, 1], "i32"))).toThrow(ShapeError);
  });
});
