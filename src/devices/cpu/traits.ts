import type { DeviceTraits } from "../../scheduler/lowering.ts";
import { attention } from "./lowering/attention.ts";
import { lowerConvolutions } from "./lowering/conv.ts";
import { lowerEmbedding } from "./lowering/embedding.ts";
import { takesEpilogue } from "./lowering/epilogue.ts";
import { lowerGroup, MAX_OPERANDS, takesGroup } from "./lowering/group.ts";
import { lowerProducts } from "./lowering/matmul.ts";
import { lowerCopy, lowerMovement } from "./lowering/movement.ts";
import { lowerPools } from "./lowering/pool.ts";
import { lowerSources } from "./lowering/random.ts";
import { lowerReductions } from "./lowering/reduce.ts";
import { lowerSort } from "./lowering/sort.ts";
import { walks } from "./lowering/walk.ts";

/** What the scheduler has to know of the cpu device; needs no WebAssembly, so that plans can be made anywhere. */
export const cpuTraits: DeviceTraits = {
  name: "cpu",
  // Any element: vectors are loaded from wherever they lie.
  viewAlignment: 1,
  maxElementwiseOperands: MAX_OPERANDS,
  // Kernels count bytes of a tensor in 31 bits.
  maxRegionBytes: 2 ** 31 - 4,
  lower: {
    ...lowerSources,
    ...lowerMovement,
    ...lowerReductions,
    ...lowerSort,
    ...lowerEmbedding,
    ...lowerProducts,
    ...lowerConvolutions,
    ...lowerPools,
  },
  walks,
  attention,
  groups: { sumsRows: true, takes: takesGroup, lower: lowerGroup },
  hosts: ({ outs: { out } }, epilogue) => takesEpilogue(out, epilogue),
  copy: lowerCopy,
};
