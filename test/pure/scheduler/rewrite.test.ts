/** What slices of padded and of joined tensors become when a graph is rewritten, and that they mean the same. */
import { beforeEach, expect, it } from "vitest";
import { concat, pad, slice, Tensor, tensor } from "../../../src/functions.ts";
import { reachable } from "../../../src/graph/graph.ts";
import { rewrite } from "../../../src/scheduler/rewrite.ts";
import { evaluateTensor } from "../../support/evaluate-tensor.ts";
import { openCounting } from "../runtime/open.ts";

beforeEach(() => {
  openCounting();
});

const rows = (n: number, from = 1) =>
  tensor(
    Array.from({ length: n }, (_, i) => [from + 2 * i, from + 2 * i + 1]),
    [n, 2],
  );
const padded = () =>
  pad(rows(3), [
    [2, 1],
    [0, 0],
  ]);
const joined = () => concat([rows(2), rows(3, 10), rows(1, 20)], 0);

const cases: Readonly<Record<string, readonly [sliced: () => Tensor, ops: readonly string[]]>> = {
  "of a padded tensor alone is that tensor": [() => slice(padded(), [2, 0], [3, 2]), []],
  "of a padded tensor's part is its slice": [() => slice(padded(), [3, 1], [2, 1]), ["slice"]],
  "of zeros around a tensor is zeros": [
    () => slice(padded(), [0, 0], [2, 2]),
    ["literal", "broadcastTo"],
  ],
  "of the whole tensor has fewer zeros around it": [() => slice(padded(), [1, 0], [5, 2]), ["pad"]],
  "of zeros and a part stays": [() => slice(padded(), [1, 0], [3, 2]), ["pad", "slice"]],
  "of one that was joined is that one": [() => slice(joined(), [2, 0], [3, 2]), []],
  "of a part of one that was joined is its slice": [
    () => slice(joined(), [3, 1], [2, 1]),
    ["slice"],
  ],
  "of nothing is one of nothing": [() => slice(joined(), [2, 0], [0, 2]), ["slice"]],
  "of several that were joined stays": [() => slice(joined(), [1, 0], [3, 2]), ["concat", "slice"]],
};

it.each(Object.entries(cases))("a slice %s", (_, [sliced, ops]) => {
  const before = sliced();
  const after = rewrite([before.value]).get(before.value) ?? before.value;
  const made = [...reachable([after])].map(({ op }) => op).filter((op) => op !== "source");
  expect(made).toEqual(ops);
  expect(after.type).toEqual(before.type);
  expect(evaluateTensor(new Tensor(after))).toEqual(evaluateTensor(before));
});
