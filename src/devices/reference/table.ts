import type { ReferenceTable } from "./kernel.ts";
import { convKernels } from "./kernels/conv.ts";
import { elementwiseKernels } from "./kernels/elementwise.ts";
import { embeddingKernels } from "./kernels/embedding.ts";
import { matmulKernels } from "./kernels/matmul.ts";
import { movementKernels } from "./kernels/movement.ts";
import { poolKernels } from "./kernels/pool.ts";
import { randomKernels } from "./kernels/random.ts";
import { reduceKernels } from "./kernels/reduce.ts";
import { sortKernels } from "./kernels/sort.ts";
import { sourceKernels } from "./kernels/source.ts";

/** A plain loop for every op: what all other kernels are measured against. */
export const referenceKernels: ReferenceTable = {
  ...sourceKernels,
  ...randomKernels,
  ...elementwiseKernels,
  ...movementKernels,
  ...reduceKernels,
  ...sortKernels,
  ...matmulKernels,
  ...convKernels,
  ...poolKernels,
  ...embeddingKernels,
};
