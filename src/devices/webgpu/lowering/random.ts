import { sizeOf } from "../../../tensor/shape.ts";
import type { Lowerings } from "../target.ts";
import { threadGrid } from "./grid.ts";
import { read, write } from "./operand.ts";

const THREADS = 128;

export const randomLowerings: Lowerings<"uniform"> = {
  uniform({ ins: { key }, outs: { out }, attrs: { stream } }) {
    const count = sizeOf(out.type.shape);
    return [
      {
        kernel: "random/uniform",
        constants: { THREADS },
        operands: [read(key), write(out)],
        words: [count, stream],
        grid: threadGrid(Math.ceil(count / 2), THREADS),
      },
    ];
  },
};
