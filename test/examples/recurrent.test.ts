import { beforeEach, describe, expect, test } from "vitest";
import { datePairs } from "../../examples/recurrent/data/dates.ts";
import { sentences } from "../../examples/recurrent/data/sentences.ts";
import * as generateText from "../../examples/recurrent/generate-text.ts";
import * as readDigits from "../../examples/recurrent/read-digits.ts";
import * as tagWords from "../../examples/recurrent/tag-words.ts";
import * as translateDates from "../../examples/recurrent/translate-dates.ts";
import { init } from "../../src/index.ts";
import { startNode } from "./run-node.ts";

// One seed gives one result on one machine; the bounds leave room for one that rounds otherwise.
describe("the recurrent examples, quick", () => {
  beforeEach(async () => {
    const { runtime } = await init({ device: "cpu", seed: 1 });
    return () => runtime.close();
  });

  test("generate-text predicts unseen text, and writes with less variety at a lower temperature", async () => {
    const { bits, texts } = await generateText.main(generateText.QUICK);
    // Knowing only how often each character occurs takes about 4.5.
    expect(bits).toBeLessThan(3.4);
    const [cautious = "", bold = ""] = texts;
    expect([cautious.length, bold.length]).toEqual([120, 120]);
    // Drawn with care, fewer different words come.
    const different = (text: string) => new Set(text.split(/\s+/)).size;
    expect(different(cautious)).toBeLessThan(different(bold));
  });

  test("generate-text writes what the seed decides", async () => {
    const short = { ...generateText.QUICK, characters: 8000, epochs: 1, length: 40 };
    const write = async (seed: number) => {
      const { runtime } = await init({ device: "cpu", seed });
      const { texts } = await generateText.main(short);
      await runtime.close();
      return texts;
    };
    const first = await write(3);
    expect(await write(3)).toEqual(first);
    expect(await write(4)).not.toEqual(first);
  });

  test("read-digits names unseen digits that it read row by row", async () => {
    const { accuracy } = await readDigits.main(readDigits.QUICK);
    expect(accuracy).toBeGreaterThan(0.9);
  });

  test("tag-words tags sentences that it has not seen, and needs what comes later for it", async () => {
    const { bothWays, forward } = await tagWords.main(tagWords.QUICK);
    expect(bothWays).toBeGreaterThan(0.99);
    expect(forward).toBeLessThan(0.97);
  });

  test("translate-dates writes dates of unseen days, right to the last digit", async () => {
    const { exact } = await translateDates.main(translateDates.QUICK);
    expect(exact).toBeGreaterThan(0.9);
  });
});

describe("the examples' data", () => {
  test("no sentence comes twice, and words and tags are as many", () => {
    const all = sentences(1000);
    expect(new Set(all.map(({ words }) => words.join(" "))).size).toBe(1000);
    expect(all.every(({ words, tags }) => words.length === tags.length)).toBe(true);
    expect(all.every(({ tags }) => tags.filter((tag) => tag === "verb").length === 1)).toBe(true);
  });

  test("no day comes twice, in any way of writing", () => {
    const pairs = datePairs(3000);
    expect(new Set(pairs.map(({ iso }) => iso)).size).toBe(3000);
    const ways = [/^\d+ [A-Z][a-z]+ \d{4}$/, /^[A-Z][a-z]{2} \d+, \d{4}$/, /^\d\d\/\d\d\/\d\d$/];
    const counts = ways.map((way) => pairs.filter(({ written }) => way.test(written)).length);
    expect(counts.reduce((sum, count) => sum + count)).toBe(3000);
    for (const count of counts) expect(count).toBeGreaterThan(900);
  });
});

describe("npm run example", () => {
  test("runs an example by its name and says what it reached", async () => {
    const args = ["tag-words", "--quick", "--device", "cpu"];
    const { code, stdout, stderr } = await startNode("examples/run.ts", args, ".").ended;
    expect(`${code} ${stderr}`).toMatch(/^0 /);
    expect(stdout).toContain("Device: cpu (");
    expect(stdout).toMatch(/from both ends: loss [\d.]+, [\d.]+ % of the words right/);
  });

  test("lists the names where none of them is given", async () => {
    const { code, stderr } = await startNode("examples/run.ts", ["tag-word"], ".").ended;
    expect(code).toBe(2);
    for (const name of ["generate-text", "read-digits", "tag-words", "translate-dates"])
      expect(stderr).toContain(name);
  });
});
