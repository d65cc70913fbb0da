/** docs/ops.md is what the sources say, and nothing in it has no case, nor a fallback that is not known. */
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { knownFallbacks, testedElsewhere } from "../../support/ops-page/known.ts";
import { fallbacks } from "../../support/ops-page/ops.ts";
import { type Coverage, readCoverage } from "../../support/ops-page/page.ts";
import { verbCaseNames, verbOf } from "../../support/ops-page/verbs.ts";

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");

let coverage: Coverage;
beforeAll(() => {
  coverage = readCoverage();
  // The compiler reads all sources, which takes a busy machine a while.
}, 120_000);

test("docs/ops.md is what `npm run coverage:ops` writes", () => {
  expect(coverage.page).toBe(read("docs/ops.md"));
});

describe("a case", () => {
  test("of every op there is one", () => {
    expect(coverage.ops.filter(({ cases }) => cases === 0).map(({ op }) => op)).toEqual([]);
  });

  test("of every verb there is one, but for those that are known to be tested elsewhere", () => {
    const without = coverage.verbs.filter(({ cases }) => cases === 0).map(({ name }) => name);
    expect(without.sort()).toEqual(Object.keys(testedElsewhere).sort());
  });

  test("is named by its verb", () => {
    const verbs = new Set(coverage.verbs.map(({ name }) => name));
    expect(verbCaseNames().filter((name) => !verbs.has(verbOf(name)))).toEqual([]);
  });

  test.each(Object.entries(testedElsewhere))("%s is called in %s", (verb, file) => {
    // Under its own name, or as tensor/random.ts has it.
    const own = verb.replace(
      /^draw(.)/,
      (_, first: string) => `(?:draw${first}|${first.toLowerCase()})`,
    );
    expect(read(`test/${file}`)).toMatch(new RegExp(`\\b${own}\\b`));
  });
});

test("the list of fallbacks is the one that is known, and no longer", () => {
  const found = fallbacks().map(({ device, op }) => `${device} ${op}`);
  const known = Object.entries(knownFallbacks).flatMap(([device, reasons]) =>
    Object.keys(reasons).map((op) => `${device} ${op}`),
  );
  expect(found.sort()).toEqual(known.sort());
});

test("every public name has a docstring", () => {
  expect(coverage.silent).toEqual([]);
});
