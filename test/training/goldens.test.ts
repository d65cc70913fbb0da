/** Ten training steps on every device are PyTorch's. */
import { describe, it } from "vitest";
import { trainings } from "../support/training-goldens.ts";
import { deviceNames, devices, use } from "./open.ts";

describe.each(deviceNames)("ten steps are PyTorch's on %s", (name) => {
  it.each(Object.entries(trainings))("for the %s", async (_, train) => {
    const runtime = use(await devices[name]());
    await train();
    await runtime.close();
  });
});
