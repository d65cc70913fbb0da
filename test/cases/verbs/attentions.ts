import { attention } from "../../../src/functions.ts";
import type { VerbCases } from "./verb-case.ts";

export const attentionVerbs: VerbCases = {
  attention: (q, k, v) => attention(q, k, v),
  "attention, causal": (q, k, v) => attention(q, k, v, { causal: true }),
  "attention with a mask": (q, k, v, mask) => attention(q, k, v, { mask }),
  "attention with what is added": (q, k, v, mask) => attention(q, k, v, { mask, scale: 0.3 }),
};
