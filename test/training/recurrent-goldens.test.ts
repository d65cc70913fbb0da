/** The recurrent layers against PyTorch's in float64, on every device and in Chrome: values, states and all gradients. */
import { describe, expect, it } from "vitest";
import { cellWalks } from "../../src/devices/webgpu/lowering/walk/index.ts";
import { compile, mean, square, sub, type Tensor, valueAndGrad } from "../../src/functions.ts";
import * as optim from "../../src/optim/index.ts";
import type { runGoldens } from "../browser/recurrent-page.ts";
import { callInPage, openPage } from "../support/chrome.ts";
import { openHardwareKernels } from "../support/hardware-kernels.ts";
import { goldenCases, goldenTrainings, rebuildTraining } from "../support/recurrent-goldens.ts";
import { recurrentKinds } from "../support/recurrent-layers.ts";
import { step } from "../support/recurrent-modes.ts";
import { runRecurrentGoldens } from "../support/run-recurrent-goldens.ts";
import { deviceNames, devices, use } from "./open.ts";

describe.each(deviceNames)("values, states and gradients are PyTorch's on %s", (name) => {
  it.each([...recurrentKinds, "lstm with projection"] as const)(
    "in every form of %s",
    async (kind) => {
      const runtime = use(await devices[name]());
      const cases = goldenCases.filter((golden) => golden.kind === kind);
      const { ran, failures } = await runRecurrentGoldens(cases);
      expect(failures).toEqual([]);
      expect(ran).toBe(kind === "lstm with projection" ? 16 : 17);
      await runtime.close();
    },
  );
});

describe.each(["cpu, one thread"] as const)(
  "with both of PyTorch's biases Adam takes its way on %s",
  (name) => {
    it.each(goldenTrainings.map((golden) => [golden.kind, golden] as const))(
      "for %s",
      async (_, golden) => {
        const runtime = use(await devices[name]());
        const { model, x, target } = rebuildTraining(golden);
        const optimizer = optim.adam({ learningRate: 0.01 });
        const step = compile((input: Tensor, wanted: Tensor) => {
          const [loss, gradients] = valueAndGrad(model.parameters(), () =>
            mean(square(sub(model(input), wanted))),
          );
          optimizer.update(gradients);
          return loss;
        });
        for (const expected of golden.losses) {
          const loss = await (await step(x, target)).item();
          // The figure; with one bias, which Adam moves half as far, it is 4e-3 after 15 steps.
          expect(Math.abs(loss - expected) / expected).toBeLessThan(1e-4);
        }
        await runtime.close();
      },
    );
  },
);

/** The smallest layers, as the largest ones are walked on a GPU: a dispatch a step, layers as a wavefront. */
describe("values, states and gradients are PyTorch's a dispatch a step", () => {
  it.each(recurrentKinds)("in every form of %s", async (kind) => {
    const { device, close } = await openHardwareKernels({
      instead: (target) => ({ walks: cellWalks(target, () => step) }),
    });
    use(device);
    const cases = goldenCases.filter((golden) => golden.kind === kind);
    const { ran, failures } = await runRecurrentGoldens(cases);
    expect(failures).toEqual([]);
    expect(ran).toBe(17);
    await close();
  });
});

describe("values, states and gradients are PyTorch's in Chrome", () => {
  it.each([
    { device: "cpu", isolated: true },
    { device: "cpu", isolated: false },
    { device: "webgpu", isolated: true },
  ])("on $device, isolated $isolated", async ({ device, isolated }) => {
    const chrome = await openPage({ isolated });
    try {
      const path = "/test/browser/recurrent-page.ts";
      const answer = await callInPage(chrome.page, path, "runGoldens", device);
      // JSON out of the page: its type is the return type of the function that was called there.
      const { ran, failures } = answer as Awaited<ReturnType<typeof runGoldens>>;
      expect(failures).toEqual([]);
      expect(ran).toBe(goldenCases.length);
      expect(chrome.errors).toEqual([]);
    } finally {
      await chrome.close();
    }
  });
});
