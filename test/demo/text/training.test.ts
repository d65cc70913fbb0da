import { type Opened as Device, init } from "gradgpu";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openPasted, openText, steps } from "./open-text.ts";

const VERSE =
  "산에는 꽃 피네 꽃이 피네\n갈 봄 여름 없이 꽃이 피네\n\n산에 산에 피는 꽃은\n저만치 혼자서 피어 있네\n\n";

describe("the text panel's training on the cpu device", () => {
  let device: Device | undefined;
  beforeAll(async () => {
    device = await init({ device: "cpu", seed: 1 });
  });
  afterAll(async () => {
    await device?.runtime.close();
  });

  test("gets below what counting triples comes to, on what it has not read", async () => {
    const training = await openText({ units: "64", window: 48 });
    const { length, characters } = await training.pictures.source({});
    expect(length).toBeGreaterThan(20_000);
    const taken = await steps(training, 400);
    const { bits = 0, heldOut = 0, trigram = 0, uniform = 0 } = taken.at(-1) ?? {};
    console.log(
      `text, 400 steps: ${bits.toFixed(2)} bits, held out ${heldOut.toFixed(2)}, trigram ${trigram.toFixed(2)}`,
    );
    expect(uniform).toBe(Math.log2(characters.length));
    expect(taken[0]?.bits).toBeGreaterThan(uniform - 0.3);
    expect(heldOut).toBeLessThan(trigram);
    expect(taken.filter(({ heldOut }) => heldOut !== undefined)).toHaveLength(8);
    training.dispose();
  });

  test("writes at steps 0, 10 and 30, better and better, and goes on from a saved state with the same bits", async () => {
    const training = await openText();
    await steps(training, 40);
    const { samples } = await training.pictures.samples({ from: 0 });
    expect(samples.map(({ step }) => step)).toEqual([0, 10, 30]);
    const sure = samples.map(({ probabilities, given }) => mean(probabilities.subarray(given)));
    expect(sure[2]).toBeGreaterThan(2 * (sure[0] ?? 1));
    for (const { letters, given, probabilities } of samples) {
      expect(letters.slice(0, given).join("")).toBe("Alice was ");
      expect(probabilities).toHaveLength(letters.length);
    }
    const [network] = training.networks;
    const saved = structuredClone(await network?.trainer.state());
    const ahead = network?.trainer.step;
    const on = await steps(training, 5);

    const again = await openText();
    const [resumed] = again.networks;
    if (saved === undefined || resumed === undefined) throw new Error("There is a network.");
    resumed.trainer.loadState(saved);
    expect(resumed.trainer.step).toBe(ahead);
    expect((await again.pictures.samples({ from: 0 })).samples).toEqual(samples);
    expect((await steps(again, 5)).map(({ bits }) => bits)).toEqual(on.map(({ bits }) => bits));
    training.dispose();
    again.dispose();
  });

  test("learns a pasted Korean text by its characters", async () => {
    const training = openPasted(VERSE.repeat(30).normalize("NFD"), { window: 12 });
    const { characters } = await training.pictures.source({});
    expect(characters).toContain("꽃");
    const { heldOut } = (await steps(training, 150)).at(-1) ?? {};
    expect(heldOut).toBeLessThan(Math.log2(characters.length) / 4);
    const { letters } = await training.pictures.write({
      beginning: "산에는 꽃 ",
      temperature: 0.2,
      seed: 1,
    });
    expect(letters.join("")).toContain("피네");
    training.dispose();
  });

  test("takes a text that is as short as one may be", async () => {
    const training = openPasted("abc ".repeat(100), { window: 96 });
    const taken = await steps(training, 50);
    expect(taken.every(({ bits }) => Number.isFinite(bits))).toBe(true);
    expect(taken.at(-1)?.heldOut).toBeGreaterThan(0);
    expect((await training.pictures.order({ by: "spaces" })).order).toHaveLength(32);
    training.dispose();
  });
});

test("a text of another browser is refused in words", async () => {
  await expect(openText({ text: "own-elsewhere" })).rejects.toThrow(
    "text: this text is not in this browser",
  );
});

function mean(values: Float32Array): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}
