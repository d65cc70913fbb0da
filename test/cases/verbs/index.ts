import { arrangementVerbs } from "./arrangements.ts";
import { attentionVerbs } from "./attentions.ts";
import { einsumVerbs } from "./einsums.ts";
import { imageVerbs } from "./images.ts";
import { lookUpVerbs } from "./look-ups.ts";
import { orderVerbs } from "./orders.ts";
import { reductionVerbs } from "./reductions.ts";
import { scalarVerbs } from "./scalars.ts";
import type { VerbCases } from "./verb-case.ts";

export type { Verb, VerbCases } from "./verb-case.ts";

/** By families, whose cases are run together: what is fused with what is part of the test. */
export const verbFamilies: Readonly<Record<string, VerbCases>> = {
  scalars: scalarVerbs,
  reductions: reductionVerbs,
  arrangements: arrangementVerbs,
  "look-ups": lookUpVerbs,
  images: imageVerbs,
  orders: orderVerbs,
  einsums: einsumVerbs,
  attentions: attentionVerbs,
};
