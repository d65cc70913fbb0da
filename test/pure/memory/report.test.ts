import { describe, expect, test } from "vitest";
import {
  accuracyFacts,
  costFacts,
  gradientFacts,
  growthFacts,
  truncationFacts,
} from "../../../examples/memory/report/facts.ts";
import { renderReport } from "../../../examples/memory/report/report.ts";
import { summaryRows } from "../../../examples/memory/report/summary.ts";
import { small } from "../../../examples/memory/report/words.ts";
import { plotChart } from "../../../examples/shared/plot.ts";
import { shareOf, ticksOf } from "../../../examples/shared/scale.ts";
import { fakeResults } from "./fake-results.ts";

describe("the memory report", () => {
  const page = renderReport(fakeResults());

  test("needs nothing from anywhere else, and holds no hole", () => {
    expect(page).not.toMatch(/<script|<link|@import|url\(|https?:|src=/);
    expect(page).not.toMatch(/NaN|undefined|Infinity/);
    expect(page.match(/<svg class="chart plot"/g)).toHaveLength(9);
    expect(page).toContain("a &#60;device&#62;");
  });

  test("the same results give the same page", () => {
    expect(renderReport(fakeResults())).toBe(page);
  });

  test("a run of one lag, with gradients that reach zero, still has a report", () => {
    const fake = fakeResults();
    const gone = fake.flow.atStart.map((curve) => ({
      ...curve,
      h: curve.h.map((n, d) => (d > 5 ? 0 : n)),
    }));
    const bare = renderReport({
      ...fake,
      settings: { ...fake.settings, lags: [10] },
      accuracy: fake.accuracy.filter(({ lag }) => lag === 10),
      flow: { ...fake.flow, atStart: gone },
    });
    expect(bare).not.toMatch(/NaN|undefined|Infinity/);
    expect(bare).toContain("its square underflows");
  });

  test("its summary has a row for every cell and window", () => {
    const rows = summaryRows(fakeResults());
    expect(rows).toContainEqual(["recall, LSTM", "10: 99.0 %  500: 12.3 %"]);
    expect(rows).toContainEqual(["window 10", "12.0 %"]);
    expect(rows).toContainEqual(["checkpointed", "36 µs, 8.0 MiB held"]);
  });
});

describe("sentences follow from the numbers", () => {
  const fake = fakeResults();
  const recalled = fake.accuracy.filter(({ task }) => task === "recall");

  test("of accuracy: what was learned, what was not, and what was a guess", () => {
    expect(accuracyFacts(recalled, 0.125)).toEqual([
      "Within the budget the RNN learns it at lag 10 and is no better than chance at lag 500 (at most 13.0 %).",
      "The GRU learns it at every lag that was tried.",
      "Within the budget the LSTM learns it at lag 10 and is no better than chance at lag 500 (at most 12.3 %).",
    ]);
    const some = recalled.map((row) => ({ ...row, accuracy: 0.6 }));
    expect(accuracyFacts(some, 0.125)[2]).toBe(
      "Within the budget the LSTM learns it at no lag and reaches 60.0 % at 10 and 60.0 % at 500.",
    );
  });

  test("of gradients: shares of the last step's, and who learned", () => {
    const facts = gradientFacts(fake.flow);
    expect(facts[0]).toContain(
      "9.3·10⁻¹⁰ in the RNN, 0.55 in the GRU and 0.4 in the LSTM's cell state",
    );
    expect(facts).toContain("The RNN has not learned the task (13.0 %).");
  });

  test("of truncation: a blind window that does better than guessing is not hidden", () => {
    expect(truncationFacts(fake.truncation, 99, 0.125)).toEqual([
      "Where the word lies beyond the window's border the LSTM gets 12.0 % with windows of 10; guessing gets 12.5 %.",
      "Where one window holds both it gets 99.0 % with windows of 100 and 100.0 % with the whole sequence.",
    ]);
    const other = fake.truncation.map((row) => ({ ...row, accuracy: 0.5 }));
    const facts = truncationFacts(other, 99, 0.125).join(" ");
    expect(facts).toContain("50.0 % with windows of 10 is more than guessing");
    expect(facts).toContain("with the whole sequence is short of 90.0 % within the budget");
  });

  test("of cost: time, memory, and memory by length", () => {
    const [time, memory, checkpointed] = costFacts(fake.cost);
    expect(time).toContain("24 µs to 58 µs with windows of 10 to 500 steps and 27 µs without");
    expect(memory).toContain("0.50 MiB with windows of 10 to 8.0 MiB with windows of 500");
    expect(memory).toContain("32.0 MiB, 64 times as much as the shortest");
    expect(checkpointed).toContain("8.0 MiB and 1.3 times the time");
    expect(growthFacts(fake.growth, 100)).toEqual([
      "Windows of 100 steps take 1.0 MiB for 200 steps and 1.0 MiB for 4000: just as much for 20 times the steps.",
      "The whole sequence takes 4.0 MiB for 200 steps and 80.0 MiB for 4000: 20 times as much for 20 times the steps.",
    ]);
  });

  test("small numbers are written as powers of ten", () => {
    expect([small(0.284), small(1), small(8.71e-10)]).toEqual(["0.28", "1", "8.7·10⁻¹⁰"]);
  });
});

describe("the charts' scales", () => {
  test("a logarithmic one has decades at equal distances, eight at most", () => {
    const scale = { kind: "log", low: 1e-12, high: 1 } as const;
    expect(shareOf(scale, 1e-6)).toBeCloseTo(0.5, 12);
    expect(shareOf(scale, 1e-20)).toBe(0);
    expect(ticksOf(scale).map((value) => Math.round(Math.log10(value)))).toEqual([
      -12, -10, -8, -6, -4, -2, 0,
    ]);
    expect(ticksOf({ kind: "log", low: 0.1, high: 100 })).toHaveLength(4);
  });

  test("a chart writes powers of ten as such and leaves names as text", () => {
    const chart = plotChart({
      title: "a < b",
      x: { kind: "linear", low: 0, high: 4, unit: "steps" },
      y: { kind: "log", low: 1e-4, high: 1, unit: "share" },
      series: [
        {
          name: "<i>",
          colour: 0,
          points: [
            [0, 1],
            [4, 1e-4],
          ],
        },
      ],
    });
    expect(chart).toContain(">10⁻⁴</text>");
    expect(chart).toContain("&#60;i&#62;");
    expect(chart).toContain('d="M64 14L614 238"');
  });
});
