/** Sums over rows that are made on the way, where the rows are walked anyway. Values are checked against the ops one by one. */
import { describe, expect, it } from "vitest";
import { referenceTraits } from "../../../src/devices/reference/device.ts";
import { exp, max, mean, mul, sub, sum, type Tensor } from "../../../src/functions.ts";
import type { DeviceTraits } from "../../../src/scheduler/lowering.ts";
import { normGradients, row } from "../../support/norm-gradients.ts";
import { input, labels, planned } from "../../support/plans.ts";

const x = input("x", [4, 5, 7]);
const over = { axis: [0, 1] };
const traits: DeviceTraits = {
  ...referenceTraits,
  groups: { ...referenceTraits.groups, sumsRows: true },
};

async function steps(...outputs: readonly Tensor[]): Promise<string[]> {
  return labels(await planned({ outputs }, traits));
}

describe("a walk over rows", () => {
  it("adds up over the rows what it makes of each, whichever comes first", async () => {
    const softened = mul(x, sum(exp(x), row));
    expect(await steps(softened, sum(softened, over))).toHaveLength(1);
    expect(await steps(sum(exp(x), over), max(x, row))).toHaveLength(1);
    expect(await steps(max(x, row), sum(exp(x), over))).toHaveLength(1);
  });

  it("makes all gradients of a norm", async () => {
    expect(await steps(...normGradients([4, 5, 7]))).toHaveLength(1);
  });

  it("leaves to others what is no sum, goes over other rows, or is read again", async () => {
    const rows = max(x, row);
    expect(await steps(rows, max(x, over))).toHaveLength(2);
    expect(await steps(rows, mean(x, over))).toHaveLength(2);
    expect(await steps(rows, sum(x, { axis: 0 }))).toHaveLength(2);
    const even = input("even", [5, 5]);
    const total = sum(even, { axis: 0 });
    expect(await steps(max(sub(even, total), { axis: 1 }), max(even, row))).toHaveLength(2);
  });

  it("does so only on a device that has it", async () => {
    const plan = await planned({ outputs: [max(x, row), sum(x, over)] });
    expect(labels(plan)).toHaveLength(2);
  });
});
