import { type Lowerings, maxBytes, type WebgpuTarget } from "../target.ts";
import { linesOf } from "./divide.ts";
import { threadGrid } from "./grid.ts";
import { write } from "./operand.ts";

const THREADS = 128;

export function sourceLowerings({ limits }: WebgpuTarget): Lowerings<"iota"> {
  return {
    iota: ({ outs: { out }, attrs: { dtype } }) =>
      linesOf(out, maxBytes(limits)).map(({ region, first, length }) => ({
        kernel: "source/iota",
        constants: { TYPE: dtype, THREADS },
        operands: [write(region)],
        words: [length, first],
        grid: threadGrid(length, THREADS),
      })),
  };
}
