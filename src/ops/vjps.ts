import { attentionVjps } from "./attention.ts";
import { convVjps } from "./conv.ts";
import { elementwiseVjps } from "./elementwise.ts";
import { embeddingVjps } from "./embedding.ts";
import { matmulVjps } from "./matmul.ts";
import { movementVjps } from "./movement.ts";
import type { VjpTable } from "./op.ts";
import { poolVjps } from "./pool.ts";
import { randomVjps } from "./random.ts";
import { walkVjps } from "./recurrence.ts";
import { reduceVjps } from "./reduce.ts";
import { scanVjps } from "./scan.ts";
import { sortVjps } from "./sort.ts";
import { sourceVjps } from "./source.ts";

/** How every op is differentiated: a table of its own, so that what takes no gradient need not load it. */
export const vjps: VjpTable = {
  ...sourceVjps,
  ...randomVjps,
  ...elementwiseVjps,
  ...movementVjps,
  ...reduceVjps,
  ...sortVjps,
  ...matmulVjps,
  ...attentionVjps,
  ...convVjps,
  ...poolVjps,
  ...embeddingVjps,
  ...walkVjps,
  ...scanVjps,
};
