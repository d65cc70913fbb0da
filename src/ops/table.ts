import { attentionOps } from "./attention.ts";
import { convOps } from "./conv.ts";
import { elementwiseOps } from "./elementwise.ts";
import { embeddingOps } from "./embedding.ts";
import { matmulOps } from "./matmul.ts";
import { movementOps } from "./movement.ts";
import type { Op, OpTable } from "./op.ts";
import { poolOps } from "./pool.ts";
import { randomOps } from "./random.ts";
import { walkOps } from "./recurrence.ts";
import { reduceOps } from "./reduce.ts";
import { scanOps } from "./scan.ts";
import { sortOps } from "./sort.ts";
import { sourceOps } from "./source.ts";
import type { Attrs, OpName } from "./vocabulary.ts";

/** The meaning of every op. The type makes the table complete: a new name in the vocabulary is an error here. */
export const ops: OpTable = {
  ...sourceOps,
  ...randomOps,
  ...elementwiseOps,
  ...movementOps,
  ...reduceOps,
  ...sortOps,
  ...matmulOps,
  ...attentionOps,
  ...convOps,
  ...poolOps,
  ...embeddingOps,
  ...walkOps,
  ...scanOps,
};

/** Of a node's outputs, by name, the inputs whose places they take. */
export function overwritesOf<K extends OpName>(
  op: K,
  attrs: Attrs<K>,
): Readonly<Record<string, string | undefined>> {
  const { overwrites = {} } = ops[op] as Op<K>;
  return (typeof overwrites === "function" ? overwrites(attrs) : overwrites) as Readonly<
    Record<string, string | undefined>
  >;
}
