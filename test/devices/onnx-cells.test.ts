/** What onnxruntime's own tests expect of RNN, LSTM and GRU, by the walks of described cells. */
import { describe, expect, it } from "vitest";
import { compile } from "../../src/functions.ts";
import { onnxCases, onnxError, runOnnx } from "../support/onnx-recurrent.ts";
import { type DeviceName, devices, use } from "../training/open.ts";

/** Relative L2. The literals have about seven digits. */
const TOLERANCE = 1e-5;

describe.each(["cpu, two threads", "webgpu"] satisfies DeviceName[])("on %s", (name) => {
  it("onnxruntime's recurrent operators are walks of described cells", async () => {
    const device = await devices[name]();
    use(device);
    for (const given of onnxCases) {
      expect(await onnxError(given), given.name).toBeLessThan(TOLERANCE);
      const step = compile(() => runOnnx(given)[0]);
      await (await step())?.data();
      const plan = String(await step.explain());
      expect(plan, given.name).toContain(" recurrence");
    }
    await device.close();
  });
});
