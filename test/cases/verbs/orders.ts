import * as g from "../../../src/functions.ts";
import type { VerbCases } from "./verb-case.ts";

const pairOf = ({ values, indices }: ReturnType<typeof g.topK>) => [values, indices];

export const orderVerbs: VerbCases = {
  sort: (x) => g.sort(x, { axis: 1 }),
  "sort, descending": (x) => g.sort(x, { axis: 0, descending: true }),
  "sort with NaN": (x) => g.sort(x),
  "argsort of equals": (x) => g.argsort(x),
  "argsort of equals, descending": (x) => g.argsort(x, { descending: true }),
  "argsort of whole numbers": (x) => g.argsort(x),
  topK: (x) => pairOf(g.topK(x, 3, { axis: 1 })),
  "topK of the smallest": (x) => pairOf(g.topK(x, 2, { axis: 0, smallest: true })),
};
