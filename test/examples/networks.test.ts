import { describe, expect, test } from "vitest";
import * as smallResnet from "../../examples/networks/small-resnet.ts";
import * as spokenDigits from "../../examples/networks/spoken-digits.ts";
import * as tinyGpt from "../../examples/networks/tiny-gpt.ts";
import { init } from "../../src/index.ts";

// One seed gives one result on one machine; the bounds leave room for one that rounds otherwise.
describe("examples of other networks, quick", () => {
  test("tiny-gpt predicts unseen text", async () => {
    const { runtime } = await init({ device: "cpu", seed: 1 });
    const { bits } = await tinyGpt.main(tinyGpt.QUICK);
    // Knowing only how often each character occurs takes about 4.5.
    expect(bits).toBeLessThan(3.1);
    await runtime.close();
  });

  test("small-resnet names digits that it has not seen", async () => {
    const { runtime } = await init({ device: "cpu", seed: 1 });
    const { accuracy } = await smallResnet.main(smallResnet.QUICK);
    expect(accuracy).toBeGreaterThan(0.9);
    await runtime.close();
  });

  test("spoken-digits hears what is said, without being told when", async () => {
    const { runtime } = await init({ device: "cpu", seed: 1 });
    const { exact } = await spokenDigits.main(spokenDigits.QUICK);
    expect(exact).toBeGreaterThan(0.9);
    await runtime.close();
  });
});
