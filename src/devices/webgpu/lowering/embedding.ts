import type { KernelCall, Site } from "../../../scheduler/lowering.ts";
import { sizeOf } from "../../../tensor/shape.ts";
import type { Lowerings, WebgpuTarget } from "../target.ts";
import { lineCall, lineGrid } from "./grid.ts";
import { read, write } from "./operand.ts";
import { sorted } from "./sort.ts";

/** Small workgroups: the columns of a small table must still be spread over the cores of a software adapter. */
const COLUMN_THREADS = 16;
/** Invocations that are enough for a software adapter, or for a few ids. */
const FILLING = 128;
/** Features and ids that a workgroup of the grouped gradient takes at a time. */
const GROUP_THREADS = 64;
/** Comparisons of rows with ids from which on ids are put in order, which takes about log₂ of their number dispatches. */
const MOST_COMPARISONS = 2 ** 28;

export function embeddingLowerings(target: WebgpuTarget): Lowerings<"embedding" | "embeddingGrad"> {
  return { embedding: lowerEmbedding, embeddingGrad: (site) => lowerGrad(target, site) };
}

function lowerEmbedding({
  ins: { table, ids },
  outs: { out },
}: Site<"embedding">): readonly KernelCall[] {
  const [rows = 0, features = 0] = table.type.shape;
  const size = sizeOf(out.type.shape);
  const width = features % 4 === 0 && rows > 0 ? 4 : 1;
  return [
    lineCall("embedding/gather", size / width, {
      constants: { VALUE: width === 4 ? "vec4<u32>" : "u32" },
      operands: [read(table), read(ids), write(out)],
      words: [size / width, rows, features / width],
    }),
  ];
}

function lowerGrad(
  target: WebgpuTarget,
  { ins: { ids, g }, outs: { out }, scratch }: Site<"embeddingGrad">,
): readonly KernelCall[] {
  const [rows = 0, features = 0] = out.type.shape;
  const count = sizeOf(ids.type.shape);
  const operands = [read(ids), read(g), write(out)];
  if (rows * features === 0) return [];
  if (target.isSoftware || count < GROUP_THREADS) {
    // Every block reads every id: as few of them as fill the device.
    const blockRows = Math.ceil(rows / Math.max(1, Math.min(rows, Math.floor(FILLING / features))));
    const blocks = Math.ceil(rows / blockRows);
    const words = [rows, features, count, blocks, blockRows];
    const elements = blocks * features;
    return [lineCall("embedding/grad_columns", elements, { operands, words }, COLUMN_THREADS)];
  }
  if (rows * count >= MOST_COMPARISONS) {
    const line = { ...ids, type: { dtype: ids.type.dtype, shape: [1, count] } };
    const [order, keys] = [scratch(line.type), scratch({ dtype: "u32", shape: [1, count] })];
    return [
      ...sorted(line, order, { descending: false, keys, scratch }),
      lineCall("embedding/grad_sorted", rows * features, {
        operands: [read(keys), read(order), read(g), write(out)],
        words: [rows, features, count],
      }),
    ];
  }
  const blocks = Math.ceil(features / GROUP_THREADS);
  return [
    {
      kernel: "embedding/grad_groups",
      constants: { THREADS: GROUP_THREADS },
      operands,
      words: [rows, features, count, blocks],
      grid: lineGrid(rows * blocks),
    },
  ];
}
