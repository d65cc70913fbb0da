import { expect, it } from "vitest";
import { moveUnreleased } from "../../../scripts/changelog-version.ts";

it("what is unreleased becomes part of the version that has just been made", () => {
  const before =
    "# Changelog\n\n## 0.2.0\n\n### Minor Changes\n\n- abc: New.\n\n## Unreleased\n- One.\n- Two.\n\n## 0.1.0\n- First.\n";
  expect(moveUnreleased(before)).toBe(
    "# Changelog\n\n## 0.2.0\n\n### Minor Changes\n\n- abc: New.\n- One.\n- Two.\n\n## 0.1.0\n- First.\n",
  );
  const nothing = "# Changelog\n\n## 0.2.0\n- New.\n";
  expect(moveUnreleased(nothing)).toBe(nothing);
  const early = "# Changelog\n\n## Unreleased\n- One.\n\n## 0.1.0\n";
  expect(moveUnreleased(early)).toBe(early);
});
