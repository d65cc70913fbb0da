import { type Lowerings, maxBytes, type WebgpuTarget } from "../target.ts";
import { lowerMap } from "./group/map-parts.ts";

export function sourceLowerings({ limits }: WebgpuTarget): Lowerings<"iota"> {
  const line = { offset: 0, strides: [1] };
  return {
    iota: ({ outs: { out }, attrs: { dtype } }) =>
      lowerMap(
        {
          shape: out.type.shape,
          kept: 1,
          inputs: [],
          indices: [line],
          instructions: [{ kind: "index", index: 0, dtype }],
          stores: [{ ...line, register: 0 }],
        },
        [],
        [out],
        maxBytes(limits),
      ),
  };
}
