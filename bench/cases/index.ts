/** All cases, by name and by group. */
import type { BenchCase } from "../contract.ts";
import { growthCases } from "./growth.ts";
import { kernelCases } from "./kernels.ts";
import { overheadCases } from "./overheads.ts";
import { stepCases } from "./steps.ts";

export const GROUPS: Readonly<Record<string, readonly BenchCase[]>> = {
  overheads: overheadCases,
  steps: stepCases,
  kernels: kernelCases,
  growth: growthCases,
};

/** Every case once; a step that is also a point of a growth curve says so. */
export const allCases: readonly BenchCase[] = [
  ...new Map(
    Object.values(GROUPS)
      .flat()
      .map((benchCase) => [benchCase.name, benchCase]),
  ).values(),
];

/** The cases whose name begins with one of `prefixes`, or that belong to a group of that name; all without any. */
export function chooseCases(prefixes: readonly string[]): BenchCase[] {
  if (prefixes.length === 0) return [...allCases];
  const unknown = prefixes.find(
    (prefix) =>
      !Object.hasOwn(GROUPS, prefix) && !allCases.some(({ name }) => name.startsWith(prefix)),
  );
  if (unknown !== undefined) {
    throw new Error(
      `--only: no case's name begins with "${unknown}", and no group is called so. npm run bench -- --list shows them.`,
    );
  }
  return allCases.filter(({ name }) =>
    prefixes.some(
      (prefix) =>
        name.startsWith(prefix) || GROUPS[prefix]?.some((benchCase) => benchCase.name === name),
    ),
  );
}
