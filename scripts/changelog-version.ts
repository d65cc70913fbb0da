/** The lines under "Unreleased" become those of the version that `changeset version` has just put above them. */
import { readFileSync, writeFileSync } from "node:fs";
import { argv } from "node:process";
import { fileURLToPath } from "node:url";

/** CHANGELOG.md after `changeset version`, with what was under "Unreleased" in its newest version. */
export function moveUnreleased(changelog: string): string {
  const parts = changelog.split(/^(?=## )/m);
  const at = parts.findIndex((part) => /^## Unreleased\b/.test(part));
  const [, newest] = parts;
  const unreleased = parts[at];
  if (unreleased === undefined || newest === undefined || at === 1) return changelog;
  const lines = unreleased.replace(/^## Unreleased.*\n/, "").trim();
  const rest = parts.filter((_, i) => i !== at);
  const joined = lines === "" ? newest : `${newest.trimEnd()}\n${lines}\n\n`;
  return rest.map((part, i) => (i === 1 ? joined : part)).join("");
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const file = new URL("../CHANGELOG.md", import.meta.url);
  writeFileSync(file, moveUnreleased(readFileSync(file, "utf8")));
}
