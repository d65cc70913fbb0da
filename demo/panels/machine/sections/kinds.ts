import type { ColourName } from "../../../draw/colours.ts";
import type { Kernel } from "../step-clock.ts";

export type Kind = "product" | "walk" | "group" | "fallback";

export const KINDS: Readonly<Record<Kind, ColourName>> = {
  product: "s0",
  walk: "s2",
  group: "s1",
  fallback: "s4",
};

export function kindOf({ ops, isFallback }: Kernel): Kind {
  if (isFallback) return "fallback";
  const has = (pattern: RegExp) => ops.some((op) => pattern.test(op));
  if (has(/recurrence/i)) return "walk";
  return has(/matmul|conv|attention/i) ? "product" : "group";
}
