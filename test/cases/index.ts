import { attentionCases } from "./attention.ts";
import type { CaseTable, VerbTable } from "./case.ts";
import { convCases } from "./conv.ts";
import { elementwiseCases } from "./elementwise.ts";
import { embeddingCases } from "./embedding.ts";
import { matmulCases } from "./matmul.ts";
import { movementCases } from "./movement.ts";
import { poolCases } from "./pool.ts";
import { randomCases } from "./random.ts";
import { reduceCases } from "./reduce.ts";
import { scanCases } from "./scan.ts";
import { softmaxCases } from "./softmax.ts";
import { sortCases } from "./sort.ts";
import { sourceCases } from "./source.ts";
import { walkCases } from "./walks.ts";

/** What is true of every op, on every device: the one list that all of them are tested with. */
export const caseTable: CaseTable = {
  ...sourceCases,
  ...randomCases,
  ...elementwiseCases,
  ...movementCases,
  ...reduceCases,
  ...sortCases,
  ...matmulCases,
  ...attentionCases,
  ...convCases,
  ...poolCases,
  ...embeddingCases,
  ...walkCases,
  ...scanCases,
};

/** The same of verbs that are made of several ops. */
export const verbTable: VerbTable = softmaxCases;
