/**
 * Matrix products. Leading dimensions are reduced to one batch dimension with strides; where b has none they are
 * folded into the rows of a, and what cannot be merged becomes a call for each outer index. The kernel is chosen by
 * `chooseProduct`.
 */
import type { OpNode } from "../../../graph/graph.ts";
import type { KernelCall, Operand, Region, Site } from "../../../scheduler/lowering.ts";
import { broadcastStrides, type Shape, sizeOf } from "../../../tensor/shape.ts";
import type { Lowerings, WebgpuTarget } from "../target.ts";
import { type Destination, sumPartials, sumsConstant } from "./destination.ts";
import { printEpilogue } from "./epilogue.ts";
import { lineGrid, threadGrid } from "./grid.ts";
import { read, write, written } from "./operand.ts";
import { type Choice, chooseProduct, coverOf, type Product, partOf } from "./tiles.ts";

/** The kernel and tile for a product; tests hand in their own to reach every variant. */
export type ChooseProduct = (target: WebgpuTarget, product: Product) => Choice;

export function matmulLowerings(
  target: WebgpuTarget,
  choose: ChooseProduct = chooseProduct,
): Lowerings<"matmul"> {
  return { matmul: (site) => lowerMatmul(site, target, choose) };
}

/** A product of matrices that lie in `a` and `b` at `base`, `batch` elements from one to the next. */
interface Operation extends Product {
  readonly a: Placed;
  readonly b: Placed;
  readonly outBase: number;
}
interface Placed {
  readonly region: Region;
  readonly transposed: boolean;
  readonly base: number;
  readonly batch: number;
}

/** Whether the sums of the right operand's columns can ride along in the kernel for a product. */
export function sumsColumns(
  target: WebgpuTarget,
  { ins, outs, attrs }: OpNode<"matmul">,
  choose: ChooseProduct = chooseProduct,
): boolean {
  const [k = 0, n = 0] = ins.b.type.shape;
  const [m = 0] = outs.out.type.shape;
  const isPlain = outs.out.type.shape.length === 2 && attrs.transposeA && !attrs.transposeB;
  return isPlain && choose(target, { m, n, k, batches: 1 }).kind === "tiled";
}

function lowerMatmul(
  site: Site<"matmul">,
  target: WebgpuTarget,
  choose: ChooseProduct,
): KernelCall[] {
  const { outs, epilogue } = site;
  const operations = operationsOf(site);
  return operations.flatMap((operation) => {
    const choice = choose(target, operation);
    const turned = choice.kind === "gemv" && operation.n < operation.m && operation.n === 1;
    const { columnSums: sums, scratch } = site;
    const to = { out: outs.out, epilogue, sums, scratch };
    return callsOf(turned ? turnedAround(operation) : operation, choice, to);
  });
}

/** [m, k] · [k, 1] as [1, k] · [k, m]: the same numbers in the same places. */
function turnedAround({ a, b, m, n, ...rest }: Operation): Operation {
  return {
    ...rest,
    m: n,
    n: m,
    a: { ...b, transposed: !b.transposed },
    b: { ...a, transposed: !a.transposed },
  };
}

function operationsOf({ ins, outs, attrs }: Site<"matmul">): Operation[] {
  const [aShape, bShape, outShape] = [ins.a.type.shape, ins.b.type.shape, outs.out.type.shape];
  const m = outShape.at(-2) ?? 1;
  const n = outShape.at(-1) ?? 1;
  const k = aShape.at(attrs.transposeA ? -2 : -1) ?? 1;
  const leading = outShape.slice(0, -2);
  const a = { region: ins.a, transposed: attrs.transposeA };
  const b = { region: ins.b, transposed: attrs.transposeB };
  const isShared = sizeOf(bShape.slice(0, -2)) === 1 && !attrs.transposeA;
  const runs =
    isShared && sizeOf(aShape.slice(0, -2)) === sizeOf(leading)
      ? [
          {
            rows: sizeOf(leading),
            batches: 1,
            a: { base: 0, batch: 0 },
            b: { base: 0, batch: 0 },
            first: 0,
          },
        ]
      : batchesOf(aShape, bShape, leading, [m * k, k * n]);
  return runs.map((run) => ({
    m: m * run.rows,
    n,
    k,
    batches: run.batches,
    a: { ...a, ...run.a },
    b: { ...b, ...run.b },
    outBase: run.first * m * n,
  }));
}

/** Products that one call can make: `rows` matrices of a on top of each other, `batches` times, from the `first` of all on. */
interface Run extends Pick<Operation, "batches"> {
  readonly rows: number;
  readonly first: number;
  readonly a: Pick<Placed, "base" | "batch">;
  readonly b: Pick<Placed, "base" | "batch">;
}

/** The matrices of a batch as runs of evenly spaced ones, as long as both operands and the grid allow. */
function batchesOf(
  aShape: Shape,
  bShape: Shape,
  leading: Shape,
  [aSize, bSize]: readonly [number, number],
): Run[] {
  const aStrides = broadcastStrides(aShape.slice(0, -2), leading);
  const bStrides = broadcastStrides(bShape.slice(0, -2), leading);
  const places: { a: number; b: number }[] = [];
  const count = sizeOf(leading);
  for (let i = 0; i < count; i++) {
    let rest = i;
    const place = { a: 0, b: 0 };
    for (let d = leading.length - 1; d >= 0; d--) {
      const size = leading[d] ?? 1;
      place.a += (rest % size) * (aStrides[d] ?? 0) * aSize;
      place.b += (rest % size) * (bStrides[d] ?? 0) * bSize;
      rest = Math.floor(rest / size);
    }
    places.push(place);
  }
  const runs: Run[] = [];
  for (let first = 0; first < count; ) {
    const { a, b } = places[first] ?? { a: 0, b: 0 };
    const next = places[first + 1] ?? { a, b };
    const [aStep, bStep] = [next.a - a, next.b - b];
    let end = first + 1;
    const isEven = (i: number) =>
      places[i]?.a === a + (i - first) * aStep && places[i]?.b === b + (i - first) * bStep;
    // Strides are unsigned: a broadcast dimension that starts again ends a run.
    while (end < count && end - first < MAX_BATCHES && aStep >= 0 && bStep >= 0 && isEven(end))
      end++;
    const batches = end - first;
    const placed = (base: number, step: number) => ({ base, batch: batches === 1 ? 0 : step });
    runs.push({ rows: 1, batches, first, a: placed(a, aStep), b: placed(b, bStep) });
    first = end;
  }
  return runs;
}

/** Leaves room in the grid's z for the parts of a split k. */
const MAX_BATCHES = 1023;

function callsOf(operation: Operation, choice: Choice, to: Destination): KernelCall[] {
  const { a, b, m, n, k, batches } = operation;
  const splits = choice.kind === "direct" || choice.kind === "tiled" ? choice.splits : 1;
  const rows = to.sums === undefined ? m : m + 1;
  const partials =
    splits === 1 ? undefined : to.scratch({ dtype: "f32", shape: [splits, batches, rows, n] });
  const shape = shapeOf(choice, operation);
  const isByElement = choice.kind === "naive" || choice.kind === "gemv";
  const own = printEpilogue(partials === undefined ? to.epilogue : undefined, {
    binding: 2,
    width: isByElement ? 1 : 4,
    isAligned: n % 4 === 0,
    columns: n,
  });
  const operands: Operand[] = [
    read(a.region),
    read(b.region),
    ...own.operands,
    ...(partials === undefined ? [write(to.out), ...written(to.sums)] : [write(partials)]),
  ];
  const call: KernelCall = {
    kernel: `matmul/${choice.kind}`,
    constants: {
      ...shape.constants,
      TRANSPOSE_A: Number(a.transposed),
      TRANSPOSE_B: Number(b.transposed),
      SUMS: sumsConstant(to.sums, partials),
      ...own.constants,
    },
    operands,
    words: [
      ...[m, n, k, a.batch, b.batch, a.base, b.base],
      ...[partials === undefined ? operation.outBase : 0, shape.tilesN, shape.kPart],
      ...[batches, ...own.words],
    ],
    grid: shape.grid,
  };
  if (partials === undefined) return [call];
  return [call, sumPartials(partials, operation.outBase, splits, m * n * batches, n, to)];
}

interface Mapping {
  readonly constants: Readonly<Record<string, number>>;
  readonly tilesN: number;
  readonly kPart: number;
  readonly grid: readonly [number, number, number];
}

/** For kernels that bind their operands an element at a time. */
const SCALARS = { VECTOR_A: 0, VECTOR_B: 0, VECTOR_OUT: 0 } as const;

function shapeOf(choice: Choice, { a, b, m, n, k, batches }: Operation): Mapping {
  const isVector = Number(n % 4 === 0);
  switch (choice.kind) {
    case "naive": {
      const [x, y] = threadGrid(m * n, 64);
      return { constants: SCALARS, tilesN: 1, kPart: k, grid: [x, y, batches] };
    }
    case "gemv": {
      const { columns, slices } = choice;
      const tilesN = Math.ceil(n / columns);
      const [x, y] = lineGrid(m * tilesN);
      return {
        constants: { ...SCALARS, COLUMNS: columns, SLICES: slices },
        tilesN,
        kPart: k,
        grid: [x, y, batches],
      };
    }
    case "direct":
    case "tiled": {
      const { splits } = choice;
      const { constants, tilesN, tiles } = coverOf(choice, { m, n });
      const [x, y] = lineGrid(tiles);
      const isTiled = choice.kind === "tiled";
      const bk = isTiled ? choice.tile.bk : 1;
      return {
        constants: {
          ...constants,
          SPLITS: splits,
          VECTOR_A: Number(isTiled && (a.transposed ? m : k) % 4 === 0),
          VECTOR_B: b.transposed ? Number(isTiled && k % 4 === 0) : isVector,
          VECTOR_OUT: isVector,
          K_TAIL: Number(k % bk !== 0),
        },
        tilesN,
        kPart: partOf(k, splits, bk),
        grid: [x, y, batches * splits],
      };
    }
  }
}
