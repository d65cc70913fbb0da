import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Results } from "../../examples/memory/results.ts";
import { type Ended, startNode } from "./run-node.ts";

const MAIN = "examples/memory/main.ts";
const OWN = "examples/memory/my-cell.ts";

describe("npm run experiment:memory -- --quick", () => {
  let folder = "";
  let ended: Ended;
  let results: Results;
  let page = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "gradgpu-memory-"));
    // A user's file lies where no gradgpu is installed.
    await copyFile(OWN, join(folder, "unit.ts"));
    const args = ["--quick", "--device", "cpu", "--cell", "unit.ts", "--out", "pages/report.html"];
    ended = await startNode(MAIN, args, folder).ended;
    expect(`${ended.code} ${ended.stderr}`).toMatch(/^0 /);
    results = JSON.parse(await readFile(join(folder, "pages/report.json"), "utf8"));
    page = await readFile(join(folder, "pages/report.html"), "utf8");
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const curve = (curves: Results["flow"]["atStart"], cell: string) => {
    const found = curves.find((one) => one.cell === cell);
    if (found === undefined) throw new Error(`no curve of ${cell}`);
    return found;
  };
  const left = (norms: readonly number[] | undefined, distance: number) =>
    (norms?.[distance] ?? Number.NaN) / (norms?.[0] ?? Number.NaN);

  test("leaves a page with every chart, and a table in the terminal", () => {
    expect(page.match(/<svg class="chart plot"/g)).toHaveLength(9);
    expect(page).toContain("seed 1");
    expect(page).not.toMatch(/NaN|undefined|Infinity|<script|<link|url\(|https?:/);
    const rows = [
      "recall, LSTM",
      "adding, RNN",
      "recall, leaky unit",
      "whole sequence",
      "checkpointed",
    ];
    for (const row of rows) expect(ended.stdout).toContain(row);
    expect(results.accuracy).toHaveLength(2 * 4 * results.settings.lags.length);
  });

  test("a cell of one's own is a fourth line, in a colour of its own", () => {
    const line = '<path class="s5" d="M0 3H26"/></svg>leaky unit</span>';
    expect(page.split(line)).toHaveLength(3);
    expect(page.split('<path class="s5" d="M0 3H26"/></svg>leaky unit, h</span>')).toHaveLength(3);
    expect(page).toContain('<th scope="row">leaky unit</th>');
    const own = curve(results.flow.atStart, "leaky unit");
    // Its memory forgets over 1 … 40 steps, and is seen through a tanh.
    expect(left(own.h, 30)).toBeGreaterThan(1e3 * left(curve(results.flow.atStart, "rnn").h, 30));
  });

  test("the tanh RNN's gradient vanishes with the distance", () => {
    const { h } = curve(results.flow.atStart, "rnn");
    // Weights U(−1/√H, 1/√H) have a spectral radius of about 1/√3: each step leaves 0.58 of the gradient, or less.
    expect(left(h, 10)).toBeLessThan(0.05);
    expect(left(h, 30)).toBeLessThan(1e-6);
    expect(left(h, 40)).toBeLessThan(left(h, 30));
  });

  test("the LSTM's cell state carries a gradient back that the RNN has lost", () => {
    const lstm = curve(results.flow.atStart, "lstm");
    const rnn = curve(results.flow.atStart, "rnn");
    // The mean forget gate of biases log U(1, 40) is 0.91 … 0.97; 0.9 to the power of 30 is 0.04.
    expect(left(lstm.c, 30)).toBeGreaterThan(0.04);
    expect(left(lstm.c, 30) / left(rnn.h, 30)).toBeGreaterThan(1e4);
    expect(left(lstm.h, 30) / left(rnn.h, 30)).toBeGreaterThan(1e4);
  });

  test("the more a forget gate is open at the start, the further its gradient reaches", () => {
    const [closed, one, wide] = results.flow.biases.map(({ c }) => left(c, results.flow.lag));
    expect(one).toBeGreaterThan(10 * (closed ?? Number.NaN));
    expect(wide).toBeGreaterThan(10 * (one ?? Number.NaN));
  });

  test("gates learn at a lag where the RNN only guesses", () => {
    const at = Math.max(...results.settings.lags);
    const recalled = (cell: string) =>
      results.accuracy.find((row) => row.task === "recall" && row.cell === cell && row.lag === at)
        ?.accuracy;
    expect(recalled("lstm")).toBeGreaterThan(0.9);
    expect(recalled("gru")).toBeGreaterThan(0.9);
    // One of eight is guessing.
    expect(recalled("rnn")).toBeLessThan(0.25);
  });

  test("windows that end before the word leave nothing but guessing, those that reach it do not", () => {
    const distance = results.settings.truncation.half - 1;
    const blind = results.truncation.filter(({ window }) => window <= distance);
    const seeing = results.truncation.filter(({ window }) => window > distance);
    expect([blind.length, seeing.length]).toEqual([2, 2]);
    // One of eight is guessing. The last window may read what trace of the word an untrained state still holds: 0.12 to
    // 0.20 over five seeds.
    for (const { accuracy } of blind) expect(accuracy).toBeLessThan(0.3);
    for (const { accuracy } of seeing) expect(accuracy).toBeGreaterThan(0.9);
  });

  test("memory grows with the window, not with the sequence that is cut", () => {
    const truncated = results.cost.filter(({ kind }) => kind === "truncated");
    const bytes = [...truncated.map((row) => row.bytes)];
    expect(bytes).toEqual(bytes.toSorted((a, b) => a - b));
    const whole = results.cost.find(({ kind }) => kind === "whole");
    const checkpointed = results.cost.find(({ kind }) => kind === "checkpointed");
    expect(whole?.bytes).toBeGreaterThan(2 * Math.max(...bytes));
    expect(checkpointed?.bytes).toBeLessThan(0.6 * (whole?.bytes ?? 0));
    const grown = (kind: string) => {
      const own = results.growth.filter((row) => row.kind === kind);
      return (own.at(-1)?.bytes ?? Number.NaN) / (own[0]?.bytes ?? Number.NaN);
    };
    expect(grown("truncated")).toBe(1);
    expect(grown("whole")).toBeGreaterThan(8);
    expect(grown("checkpointed")).toBeLessThan(0.7 * grown("whole"));
    for (const { msPerStep } of results.cost) expect(msPerStep).toBeGreaterThan(0);
  });
});

test("experiment:memory ends with 2 and names the option that was meant", async () => {
  const { code, stderr } = await startNode(MAIN, ["--lag", "5"], tmpdir()).ended;
  expect(code).toBe(2);
  expect(stderr).toContain("Unknown option --lag. Did you mean --lags?");
});

test.each([
  ["nothing.ts", undefined, "the file must be there; got nothing.ts"],
  ["named.ts", "export const cell = 1;", "must have a cell as its default export; got only cell."],
  ["five.ts", "export default 5;", "the default export of five.ts must be a cell; got "],
  [
    "taken.ts",
    'import { cell } from "gradgpu";\nexport default cell({ name: "gru", states: ["h"], sums: ["a"], step: (m, { a }) => ({ h: m.tanh(a) }) });',
    'must have a name of its own; got "gru"',
  ],
])("experiment:memory --cell %s says what is wrong", async (name, source, said) => {
  const folder = await mkdtemp(join(tmpdir(), "gradgpu-memory-"));
  if (source !== undefined) await writeFile(join(folder, name), source);
  const { code, stderr } = await startNode(MAIN, ["--quick", "--cell", name], folder).ended;
  expect(stderr).toContain(said);
  expect(stderr).toMatch(/^experiment:memory: /);
  expect(code).toBe(1);
  await rm(folder, { recursive: true, force: true });
});
