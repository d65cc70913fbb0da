import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import { startNode } from "./run-node.ts";

test("a minimal gated unit with layer normalisation, written with scan, learns to remember", async () => {
  const { code, stdout, stderr } = await startNode(
    "examples/cells/minimal-gated-unit.ts",
    [],
    tmpdir(),
  ).ended;
  expect(`${code} ${stderr}`).toBe("0 ");
  const accuracies = [...stdout.matchAll(/accuracy ([\d.]+)/g)].map(([, text]) => Number(text));
  expect(accuracies.length).toBe(5);
  // What the example says of itself; without memory it is the share of the most frequent symbol, about 0.25.
  expect(accuracies.at(-1)).toBeGreaterThanOrEqual(0.98);
});

test("a cell of one's own, described once, learns to remember", async () => {
  const { code, stdout, stderr } = await startNode("examples/cells/own-cell.ts", [], tmpdir())
    .ended;
  expect(`${code} ${stderr}`).toBe("0 ");
  const accuracies = [...stdout.matchAll(/accuracy ([\d.]+)/g)].map(([, text]) => Number(text));
  expect(accuracies.length).toBe(6);
  expect(accuracies.at(-1)).toBeGreaterThanOrEqual(0.98);
});
