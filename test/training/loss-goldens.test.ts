/** PyTorch's losses with their gradients on every device: all but CTC in one plan. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compile, type Tensor } from "../../src/functions.ts";
import { everyDevice, type OpenedDevice } from "../regressions/open.ts";
import { relativeError } from "../support/case-data.ts";
import { computed, lossGoldens, titleOf } from "../support/loss-goldens.ts";
import { use } from "./open.ts";

/** A few roundings of f32, of the largest element. */
const TOLERANCE = 2e-6;

const groups = {
  "one by one": lossGoldens.filter(({ name }) => name !== "ctc"),
  "by all paths": lossGoldens.filter(({ name }) => name === "ctc"),
};

describe.each(everyDevice)("losses are PyTorch's on %s", (_, open) => {
  let opened: OpenedDevice;
  beforeAll(async () => {
    opened = await open();
    use(opened.device);
  });
  afterAll(() => opened.close());

  it.each(Object.entries(groups))("%s", async (_, goldens) => {
    const expected = new Map<string, readonly number[]>();
    const step = compile(() => {
      const all: Record<string, Tensor> = {};
      for (const golden of goldens) {
        const { names, tensors, expected: values } = computed(golden);
        names.forEach((name, i) => {
          const [tensor, value] = [tensors[i], values[i]];
          if (tensor === undefined || value === undefined) return;
          all[`${titleOf(golden)}, ${name}`] = tensor;
          expected.set(`${titleOf(golden)}, ${name}`, value);
        });
      }
      return all;
    });
    const found = await step();
    expect(Object.keys(found)).toEqual([...expected.keys()]);
    for (const [name, tensor] of Object.entries(found)) {
      const error = relativeError(await tensor.data(), expected.get(name) ?? []);
      expect(error, name).toBeLessThanOrEqual(TOLERANCE);
    }
  });
});
