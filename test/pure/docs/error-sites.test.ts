/** Every error has a row that holds its text, or stands in the list of those that take a host. */
import { expect, test } from "vitest";
import { ofHosts } from "../../support/error-sites/known.ts";
import { errorSites, isNamed, textsOfTests } from "../../support/error-sites/sites.ts";

const inTests = textsOfTests();
const sites = errorSites();
const longest = (texts: readonly string[]) =>
  texts.toSorted((a, b) => b.length - a.length)[0] ?? "";
const unnamed = sites
  .filter((site) => !isNamed(site, inTests))
  .map(({ file, texts }) => ({ file, text: longest(texts) }));
const known = new Set(Object.keys(ofHosts));

test("there are errors to look at", () => {
  expect(sites.length).toBeGreaterThan(500);
  expect(inTests.length).toBeGreaterThan(100_000);
});

test("a test names the text of every error, but of those that take a host", () => {
  expect(unnamed.filter(({ text }) => !known.has(text))).toEqual([]);
});

test("the list has no error that a test names, or that there is no longer", () => {
  const still = new Set(unnamed.map(({ text }) => text));
  expect([...known].filter((text) => !still.has(text))).toEqual([]);
});
