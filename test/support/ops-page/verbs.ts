/** Every verb: what it is made of, and how many cases it is tested with. A case is named by its verb: "topK of the smallest". */
import type { OpName } from "../../../src/ops/vocabulary.ts";
import { verbTable } from "../../cases/index.ts";
import { verbFamilies } from "../../cases/verbs/index.ts";
import { verbGoldens } from "../verb-goldens.ts";
import { casesOf, hasGradient } from "./ops.ts";
import type { Applied, VerbSource } from "./sources.ts";

export interface VerbRow {
  readonly name: string;
  readonly call: string;
  readonly says: string;
  /** The op that has its name, and which function of it: what a primitive is, or a composition's plainest case. */
  readonly own: Applied | undefined;
  readonly isPrimitive: boolean;
  /** Ops by name, scalar functions and reductions by their own. */
  readonly parts: readonly string[];
  /** What its gradients are compared with. */
  readonly gradient: string;
  readonly cases: number;
}

/** Cases of table and goldens whose verb has another name than they. */
const NAMED: Readonly<Record<string, string>> = {
  crossEntropy: "crossEntropyLoss",
  crossEntropyGrad: "crossEntropyLoss",
};

/** Which verb a case is of: the first word of its name. */
export function verbOf(name: string): string {
  const [first = ""] = /^\w+/.exec(name) ?? [];
  return NAMED[first] ?? first;
}

/** Names of cases that are not held in the table of ops. */
export function verbCaseNames(): string[] {
  const composed = Object.values(verbFamilies).flatMap((family) => Object.keys(family));
  const listed = Object.entries(verbTable).flatMap(([verb, cases]) => cases.map(() => verb));
  return [...composed, ...listed];
}

export function verbRow(source: VerbSource): VerbRow {
  const { name, call, says, ops, isMade, differentiates } = source;
  // A number among the operands is a literal: of what is made of them that says nothing.
  const takesNumbers = ops.some(({ op }) => op === "binary" || op === "where");
  const parts = ops.filter(({ op }) => op !== "literal" || !takesNumbers);
  const [only] = parts;
  const own = isMade ? only : parts.find(({ op }) => op === name);
  const ownCases = own === undefined ? [] : casesOf(own.op, own.fn);
  return {
    name,
    call,
    says,
    own,
    isPrimitive: own !== undefined && parts.length === 1,
    parts: [...(differentiates ? ["autodiff"] : []), ...parts.map(partText)],
    gradient: gradientOf(name, own),
    cases: ownCases.length + verbCaseNames().filter((one) => verbOf(one) === name).length,
  };
}

function partText({ op, fn }: Applied): string {
  return op === "reduce" ? `reduce ${fn}` : (fn ?? op);
}

function gradientOf(name: string, own: Applied | undefined): string {
  const goldens = Object.entries(verbGoldens).filter(([title]) => verbOf(title) === name);
  const isGolden = goldens.some(([, { gradients }]) => gradients.some((one) => one !== null));
  const listed = Object.entries(verbTable).filter(([verb]) => verbOf(verb) === name);
  const isListed = listed.some(([, cases]) => cases.some((one) => one.checkGradient !== false));
  const isOwn = own !== undefined && hasOwnGradient(own);
  const against = [...(isOwn || isListed ? ["differences"] : []), ...(isGolden ? ["PyTorch"] : [])];
  return against.join(", ") || "–";
}

function hasOwnGradient({ op, fn }: Applied): boolean {
  return casesOf(op, fn).some((one) => one.checkGradient !== false && hasGradient<OpName>(op, one));
}
