import type { Lowerings } from "../target.ts";
import { threadGrid } from "./grid.ts";
import { write } from "./operand.ts";

const THREADS = 128;

export const sourceLowerings: Lowerings<"iota"> = {
  iota: ({ outs: { out }, attrs: { length, dtype } }) => [
    {
      kernel: "source/iota",
      constants: { TYPE: dtype, THREADS },
      operands: [write(out)],
      words: [length],
      grid: threadGrid(length, THREADS),
    },
  ],
};
