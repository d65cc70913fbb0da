import { type Opened as Device, init } from "gradgpu";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { featureOf } from "../../../demo/panels/text/features.ts";
import type { Reading } from "../../../demo/panels/text/pictures.ts";
import { drawn, softmaxOf } from "../../../demo/panels/text/samples.ts";
import { byHand } from "./lstm-by-hand.ts";
import { type Opened, openText, steps } from "./open-text.ts";

/** Sums of 32 + 32 products of f32, and 40 letters that each hang on the one before. */
const TOLERANCE = 1e-4;
const PASSAGE = "“Curiouser!” cried Alice (she was so\nmuch";

describe("the text panel's pictures on the cpu device", () => {
  let device: Device | undefined;
  let training: Opened;
  let characters: readonly string[];

  beforeAll(async () => {
    device = await init({ device: "cpu", seed: 1 });
    training = await openText();
    await steps(training, 30);
    ({ characters } = await training.pictures.source({}));
  });
  afterAll(async () => {
    training.dispose();
    await device?.runtime.close();
  });

  const model = () => training.networks[0]?.trainer.model ?? expect.fail();
  const idsOf = (letters: readonly string[]) => letters.map((letter) => characters.indexOf(letter));

  test("gates and cells of every letter are those of an lstm written by hand", async () => {
    const reading = await training.pictures.read({ passage: PASSAGE });
    expect(reading.letters.join("")).toBe(PASSAGE);
    const { gates } = await byHand(model(), idsOf(reading.letters));
    for (const quantity of ["i", "f", "o", "c"] as const) {
      expect(furthest(reading.steps[quantity], gates[quantity].flat()), quantity).toBeLessThan(
        TOLERANCE,
      );
    }
    // They are no constants: what is compared has something to tell.
    expect(spread(reading.steps.c)).toBeGreaterThan(0.1);
  });

  test("what is expected after each letter, and the bits of what came, are softmax's by hand", async () => {
    const { letters, expected, probabilities, bits } = await training.pictures.read({
      passage: PASSAGE,
    });
    const ids = idsOf(letters);
    const { logits } = await byHand(model(), ids);
    const shares = logits.map((own) => softmaxOf(Float32Array.from(own), 1));
    shares.forEach((own, t) => {
      const ranked = [...own.keys()].sort((a, b) => (own[b] ?? 0) - (own[a] ?? 0)).slice(0, 5);
      const top = ranked.map((id) => own[id] ?? 0);
      expect(furthest(probabilities.subarray(t * 5, t * 5 + 5), top)).toBeLessThan(TOLERANCE);
      expect(own[expected[t * 5] ?? -1]).toBeCloseTo(top[0] ?? 0, 3);
      if (t > 0) expect(bits[t]).toBeCloseTo(-Math.log2(shares[t - 1]?.[ids[t] ?? 0] ?? 0), 3);
    });
    expect(bits[0]).toBeNaN();
  });

  test("the influence of the letters before one is the gradient of its logit by differences", async () => {
    const at = 12;
    const { norms } = await training.pictures.influence({ passage: PASSAGE, at });
    expect(norms).toHaveLength(at);
    const ids = idsOf(Array.from(PASSAGE)).slice(0, at + 1);
    const logit = async (t: number, d: number, by: number) =>
      (await byHand(model(), ids, { t, d, by })).logits[at - 1]?.[ids[at] ?? 0] ?? 0;
    for (const t of [0, 5, at - 1]) {
      let squares = 0;
      for (let d = 0; d < 32; d++)
        squares += (((await logit(t, d, 1e-4)) - (await logit(t, d, -1e-4))) / 2e-4) ** 2;
      // Differences of float64 err by 1e-8, the gradient is one of f32.
      expect(Math.abs((norms[t] ?? 0) - Math.sqrt(squares))).toBeLessThan(
        1e-4 * (1 + Math.sqrt(squares)),
      );
    }
  });

  test("what is written is drawn letter by letter from what the network expects", async () => {
    const temperature = 0.8;
    const written = await training.pictures.write({ beginning: "Alice Ж", temperature, seed: 3 });
    const { letters, given, unknown, logits, draws } = written;
    expect({ given, unknown, text: letters.slice(0, 6).join("") }).toEqual({
      given: 6,
      unknown: ["Ж"],
      text: "Alice ",
    });
    const ids = idsOf(letters);
    const first = characters.indexOf("\n");
    const hand = await byHand(model(), [first, ...ids.slice(0, -1)]);
    expect(furthest(logits, hand.logits.flat())).toBeLessThan(1e-3);
    const size = characters.length;
    const again = ids.map((_, t) =>
      drawn(logits.subarray(t * size, (t + 1) * size), temperature, draws[t] ?? 0),
    );
    // The device adds up shares in another order, so a draw on the border may fall to either side.
    const others = again.filter((id, t) => t >= given && id !== ids[t]);
    expect(others.length).toBeLessThan(2);
    const same = await training.pictures.write({ beginning: "Alice Ж", temperature, seed: 3 });
    expect(same.letters).toEqual(letters);
    const other = await training.pictures.write({ beginning: "Alice Ж", temperature, seed: 4 });
    expect(other.letters).not.toEqual(letters);
  });

  test("units are ordered by how far they move with what the letters say", async () => {
    const { order, correlations, swings } = await training.pictures.order({ by: "spaces" });
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 32 }, (_, unit) => unit));
    const strengths = [...order].map((unit) => Math.abs(swings[unit] ?? 0));
    // A correlation times a standard deviation of what lies between −1 and 1.
    for (const [unit, swing] of swings.entries()) {
      expect(Math.sign(swing)).toBe(Math.sign(correlations[unit] ?? 0));
      expect(Math.abs(swing)).toBeLessThanOrEqual(Math.abs(correlations[unit] ?? 0));
    }
    expect(strengths).toEqual(strengths.toSorted((a, b) => b - a));
    // A space is what an lstm has learned first, and the best unit shows it in a passage that was not among the letters compared.
    expect(strengths[0]).toBeGreaterThan(0.3);
    const reading = await training.pictures.read({ passage: undefined });
    const unit = order[0] ?? 0;
    expect(Math.sign(correlationOf(reading, unit))).toBe(Math.sign(correlations[unit] ?? 0));
  });

  test("the passage that is read has quotation marks and brackets", async () => {
    const { letters } = await training.pictures.read({ passage: undefined });
    expect(letters).toHaveLength(256);
    expect(letters.join("")).toMatch(/“.*”/s);
    expect(letters.join("")).toMatch(/\(.*\)/s);
  });
});

function correlationOf({ steps, letters, units }: Reading, unit: number): number {
  const feature = featureOf("spaces", letters);
  const mean = (of: readonly number[]) => of.reduce((a, b) => a + b, 0) / of.length;
  const states = letters.map((_, t) => steps.c[t * units + unit] ?? 0);
  const [a, b] = [mean(states), mean([...feature])];
  return mean(states.map((state, t) => (state - a) * ((feature[t] ?? 0) - b)));
}

function furthest(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  return Math.max(...Array.from(a, (value, i) => Math.abs(value - (b[i] ?? Number.NaN))));
}

function spread(values: Float32Array): number {
  return Math.max(...values) - Math.min(...values);
}
