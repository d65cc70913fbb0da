import * as g from "../../../src/functions.ts";
import type { VerbCases } from "./verb-case.ts";

export const lookUpVerbs: VerbCases = {
  take: (x, ids) => g.take(x, ids, 1),
  "take of rows": (x, ids) => g.take(x, ids),
  "take from the end": (x, ids) => g.take(x, ids, -1),
  "take of one": (x) => g.take(x, 2, 1),
  "take of the last": (x) => g.take(x, -1),
  "take of whole numbers": (x, ids) => g.take(x, ids),
  gather: (x, ids) => g.gather(x, ids, 1),
  "gather of fewer": (x, ids) => g.gather(x, ids, 2),
  gatherNd: (x, ids) => g.gatherNd(x, ids),
  scatterAdd: (x, ids, source) => g.scatterAdd(x, ids, source, 1),
  scatter: (x, ids, source) => g.scatter(x, ids, source, 1),
  scatterNd: (x, ids, source) => g.scatterNd(x, ids, source),
  oneHot: (ids) => g.oneHot(ids, 6),
  "oneHot along the first axis": (ids) =>
    g.oneHot(ids, 6, { axis: 0, on: 2, off: -1, dtype: "i32" }),
};
