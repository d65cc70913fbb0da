/**
 * Which kernel computes a matrix product (or a convolution seen as one), and with which tiles: a score in
 * multiply-adds for every candidate, the smallest wins. The scores are rough on purpose. They have to be right
 * about orders of magnitude: padding, idle cores, second passes, loads on software adapters.
 */
import type { WebgpuTarget } from "../target.ts";

/** The sizes of a product [m, k] · [k, n], `batches` times. */
export interface Product {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly batches: number;
  /** Parts of k at most; as many as pay where it is left out. */
  readonly mostSplits?: number;
}

/** Tiles of matmul/tiled and conv/tiled: bm · bn / (tm · tn) invocations. */
export interface Tile {
  readonly bm: number;
  readonly bn: number;
  readonly bk: number;
  readonly tm: number;
  readonly tn: number;
  /** Steps of k that are unrolled, a divisor of bk; all of them on a GPU, few where compiling is what costs. */
  readonly unroll: number;
}

/** One kernel with the tile it is specialised by; `splits` parts of k are summed by a second pass. */
export type Choice =
  | { readonly kind: "naive" }
  | { readonly kind: "gemv"; readonly columns: number; readonly slices: number }
  | {
      readonly kind: "direct";
      readonly tm: number;
      readonly tn: number;
      readonly wx: number;
      readonly wy: number;
      readonly splits: number;
    }
  | { readonly kind: "tiled"; readonly tile: Tile; readonly splits: number };

export type DirectChoice = Extract<Choice, { kind: "direct" }>;
export type TiledChoice = Extract<Choice, { kind: "tiled" }>;

/**
 * Share of a core's peak that each tile reaches when it fills the core, by times of convolutions on an H100 relative to
 * the largest tile's. RDNA2's inner loops are 90.7, 90, 87.5, 81, 83 and 81 % FMA by tools/isa. `ofMatrices`, where a
 * product of matrices makes less of a tile: 2048³ took 735 µs in 128 × 64, 445 in 128 × 128.
 */
export const tiles: readonly {
  readonly tile: Tile;
  readonly efficiency: number;
  readonly ofMatrices?: number;
}[] = [
  { tile: { bm: 128, bn: 128, bk: 16, tm: 8, tn: 8, unroll: 16 }, efficiency: 1 },
  {
    tile: { bm: 128, bn: 64, bk: 16, tm: 8, tn: 8, unroll: 16 },
    efficiency: 0.92,
    ofMatrices: 0.6,
  },
  { tile: { bm: 64, bn: 64, bk: 16, tm: 8, tn: 4, unroll: 16 }, efficiency: 0.85 },
  { tile: { bm: 64, bn: 32, bk: 16, tm: 4, tn: 4, unroll: 16 }, efficiency: 0.65 },
  { tile: { bm: 32, bn: 32, bk: 32, tm: 4, tn: 4, unroll: 32 }, efficiency: 0.6 },
  { tile: { bm: 128, bn: 16, bk: 16, tm: 8, tn: 4, unroll: 16 }, efficiency: 0.42 },
];

/** Cores of a large GPU. On one of fewer, more workgroups than it has use cost a second pass's partial sums at most. */
export const CORES = 128;
/** Invocations that a core needs to be busy: with fewer it waits for their loads and barriers. */
const BUSY_THREADS = 256;
/** What a core waits at the end for others, in workgroups: how they spread over cores of unknown number. */
const TAIL = 0.5;
/**
 * What a second pass costs in multiply-adds of one core, at 128 a nanosecond: 8 µs until the first pass has drained and
 * the second has started, and for each partial sum the 8 bytes that it is written and read by, at 1 TB/s.
 */
const PASS_COST = 8000 * 128;
const PARTIAL_COST = 1;
/** No part of a split k is shorter. */
const SHORTEST_PART = 128;
const MOST_SPLITS = 512;

/**
 * Invocations of a SwiftShader workgroup run four at a time. There a loaded component, whatever the width of the load,
 * costs 12 ns and a multiply-add 3 (2.2 without spills); with its share of the index arithmetic it is as dear as 8.
 */
const LOAD_COST = 8;
/** Workgroups that keep a software adapter's threads evenly busy. */
export const SOFTWARE_WORKGROUPS = 16;

export function chooseProduct(target: WebgpuTarget, product: Product): Choice {
  // Operands without elements are bound as scalars, which is all that naive reads.
  if (product.k === 0) return { kind: "naive" };
  if (target.isSoftware) return chooseDirect(product);
  if (product.n <= 4 || product.m <= 4) {
    // The caller turns a product with few columns around, so that few rows remain.
    if (product.k >= 32) return chooseGemv(target, product);
    return { kind: "naive" };
  }
  if (product.n < 8 || product.k < 8 || product.m < 8) return { kind: "naive" };
  return chooseTiled(target, product);
}

/**
 * The workgroup-tiled variant with the smallest score, within the limits of the target: for matrices, or for windows that
 * are gathered.
 */
export function chooseTiled(
  { limits }: WebgpuTarget,
  product: Product,
  of: "matrices" | "windows" = "matrices",
): TiledChoice {
  const candidates = tiles.filter(
    ({ tile }) =>
      threadsOf(tile) <= limits.maxComputeInvocationsPerWorkgroup &&
      tile.bk * (tile.bm + tile.bn) * 4 <= limits.maxComputeWorkgroupStorageSize,
  );
  const scored = candidates.flatMap(({ tile, efficiency: share, ofMatrices = share }) => {
    const efficiency = of === "matrices" ? ofMatrices : share;
    const workgroups = tilesOver(product, tile.bm, tile.bn).tiles * product.batches;
    // As many as keep a core busy take no longer than one alone.
    const abreast = Math.max(1, BUSY_THREADS / threadsOf(tile));
    const counts = [0, 1, 2, 4].map((rounds) =>
      chooseSplits(product, workgroups, rounds * abreast * CORES, tile.bk),
    );
    return [...new Set(counts)].map((splits) => {
      const part = partOf(product.k, splits, tile.bk);
      const each = Math.max(abreast, (workgroups * splits) / CORES + TAIL);
      const partials = splits * product.m * product.n * product.batches;
      const secondPass = splits === 1 ? 0 : PASS_COST + PARTIAL_COST * partials;
      return { tile, splits, score: (each * tile.bm * tile.bn * part) / efficiency + secondPass };
    });
  });
  const best = smallest(scored);
  return { kind: "tiled", tile: best.tile, splits: best.splits };
}

/** The barrier-free variant: few loads for each multiply-add, little padding, enough workgroups. */
export function chooseDirect(product: Product): DirectChoice {
  const scored = directTiles.map(([tm, tn]) => {
    const invocations = Math.ceil(product.m / tm) * Math.ceil(product.n / tn);
    return { tm, tn, score: invocations * (tm * tn + LOAD_COST * (tm + tn)) };
  });
  const { tm, tn } = smallest(scored);
  const across = Math.ceil(product.n / tn);
  const wx = across >= 4 ? 4 : across >= 2 ? 2 : 1;
  const wy = 16 / wx;
  const workgroups = Math.ceil(across / wx) * Math.ceil(product.m / (tm * wy)) * product.batches;
  return {
    kind: "direct",
    tm,
    tn,
    wx,
    wy,
    splits: chooseSplits(product, workgroups, SOFTWARE_WORKGROUPS, 1),
  };
}

/**
 * The barrier-free variant on a GPU. The first layer of 1024 images of 28 × 28 × 1 took 0.24 ms on an H100, 0.35 with
 * workgroups of 16 invocations, 8 × 8 each.
 */
export function chooseDirectOnGpu(product: Product): DirectChoice {
  const [tm, tn] = [8, 4];
  const across = Math.ceil(product.n / tn);
  const wx = across >= 4 ? 4 : across >= 2 ? 2 : 1;
  const wy = 32 / wx;
  const workgroups = Math.ceil(across / wx) * Math.ceil(product.m / (tm * wy)) * product.batches;
  const splits = chooseSplits(product, workgroups, 4 * CORES, 1);
  return { kind: "direct", tm, tn, wx, wy, splits };
}

/**
 * Few sizes on purpose: every one is a pipeline to compile. 1024 × 64 · 64 × 512 took 48 ms of processor time in tiles
 * of 8 × 8, 64 in 4 × 8, 58 in 4 × 16, 48 in 8 × 16 and 44 in 16 × 8, which is twice the code.
 */
const directTiles = [
  [8, 8],
  [8, 4],
  [4, 8],
  [1, 8],
  [1, 4],
] as const;
function chooseGemv({ limits }: WebgpuTarget, { k }: Product): Choice {
  const slices = k >= 512 ? 32 : 8;
  const columns = Math.min(256, limits.maxComputeInvocationsPerWorkgroup) / slices;
  return { kind: "gemv", columns, slices };
}

/** Parts of k that bring `workgroups` up to `wanted`, none shorter than it is worth. */
function chooseSplits(product: Product, workgroups: number, wanted: number, bk: number): number {
  const { mostSplits = MOST_SPLITS } = product;
  const worth = Math.floor(product.k / Math.max(SHORTEST_PART, 4 * bk));
  const splits = Math.max(1, Math.min(Math.floor(wanted / workgroups), worth, mostSplits));
  // Rounding a part up to whole tiles can leave the last parts with nothing to do.
  return Math.max(1, Math.ceil(product.k / partOf(product.k, splits, bk)));
}

/** Steps of k in each of `splits` parts, a multiple of `bk`. */
export function partOf(k: number, splits: number, bk: number): number {
  return Math.max(1, Math.ceil(k / splits / bk)) * bk;
}

/** How a kernel that is not one invocation an output is specialised by its choice, and its tiles over [m, n]: all, and along n. */
export function coverOf(choice: DirectChoice | TiledChoice, { m, n }: Pick<Product, "m" | "n">) {
  if (choice.kind === "direct") {
    const { tm, tn, wx, wy } = choice;
    const constants: Record<string, number> = { TM: tm, TN: tn, WX: wx, WY: wy };
    return { constants, ...tilesOver({ m, n }, tm * wy, tn * wx) };
  }
  const { bm, bn, bk, tm, tn, unroll } = choice.tile;
  const constants: Record<string, number> = {
    ...{ BM: bm, BN: bn, BK: bk, TM: tm, TN: tn, UNROLL: unroll },
    // How many blocks of 4 × 4 elements of both operands an invocation stages.
    ROUNDS: Math.ceil(((bm + bn) * bk) / 16 / threadsOf(choice.tile)),
  };
  return { constants, ...tilesOver({ m, n }, bm, bn) };
}

export function threadsOf({ bm, bn, tm, tn }: Tile): number {
  return (bm * bn) / (tm * tn);
}

function tilesOver({ m, n }: Pick<Product, "m" | "n">, rows: number, columns: number) {
  const tilesN = Math.ceil(n / columns);
  return { tilesN, tiles: Math.ceil(m / rows) * tilesN };
}

function smallest<T extends { readonly score: number }>(candidates: readonly T[]): T {
  return candidates.reduce((best, next) => (next.score < best.score ? next : best));
}
