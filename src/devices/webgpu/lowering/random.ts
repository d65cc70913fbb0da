import { type Lowerings, maxBytes, type WebgpuTarget } from "../target.ts";
import { linesOf } from "./divide.ts";
import { lineCall } from "./grid.ts";
import { read, write } from "./operand.ts";

export function randomLowerings({ limits }: WebgpuTarget): Lowerings<"uniform"> {
  return {
    uniform: ({ ins: { key }, outs: { out }, attrs: { stream } }) =>
      // Parts begin at even elements, as blocks of two do.
      linesOf(out, maxBytes(limits)).map(({ region, first, length }) =>
        lineCall("random/uniform", Math.ceil(length / 2), {
          operands: [read(key), write(region)],
          words: [length, stream, first / 2],
        }),
      ),
  };
}
