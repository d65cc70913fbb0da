import { einsum } from "../../../src/functions.ts";
import type { VerbCases } from "./verb-case.ts";

// biome-ignore format: a list of patterns
const PATTERNS = [
  "bij,bjk->bik", "ij,jk", "ij->ji", "ijk->j", "ii->i", "ii", "iji->j", "i,j->ij", "i,i->", "ij,ij->i",
  "bhqd,bhkd->bhqk", "ijk,kl,lm->ijm", "...ij,...jk->...ik", "b...,b...->b", "...i->...", "ijk,ljk->li", "ij,k->",
  "ia,ab->ib", "aab,ba->a", "abc,cd,ad->bd",
];

export const einsumVerbs: VerbCases = Object.fromEntries(
  PATTERNS.map((pattern) => [
    `einsum ${pattern}`,
    (...xs) => einsum(pattern, ...xs.filter((x) => x !== undefined)),
  ]),
);
