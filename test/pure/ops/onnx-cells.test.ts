/** What onnxruntime's own tests expect of RNN, LSTM and GRU, by cells that are described, on the reference device. */
import { describe, expect, it } from "vitest";
import { onnxCases, onnxError } from "../../support/onnx-recurrent.ts";
import { openCounting } from "../runtime/open.ts";

/** Relative L2. The literals have about seven digits. */
const TOLERANCE = 1e-5;

describe("onnxruntime's recurrent operators, as cells of one's own", () => {
  it.each(onnxCases.map((given) => [given.name, given] as const))("%s", async (_, given) => {
    openCounting();
    expect(await onnxError(given)).toBeLessThan(TOLERANCE);
  });
});
