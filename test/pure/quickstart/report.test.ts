import { inflateSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { crc32, pngDataUri } from "../../../examples/quickstart/report/png.ts";
import { renderReport } from "../../../examples/quickstart/report/report.ts";
import { summaryJson, summaryRows } from "../../../examples/quickstart/summary.ts";
import { ticks } from "../../../examples/shared/scale.ts";
import { formatTable } from "../../../examples/shared/table.ts";
import { fakeResults } from "./fake-results.ts";

describe("renderReport", () => {
  const page = renderReport(fakeResults());

  test("the page needs nothing from anywhere else", () => {
    expect(page).not.toMatch(/<script|<link|@import|url\(|https?:/);
    for (const [source] of page.matchAll(/src="[^"]{0,22}/g))
      expect(source).toBe('src="data:image/png;base64,');
  });

  test("it shows what the run reached", () => {
    for (const shown of ["98.91 %", "1.842", "2.833", "SwiftShader", "seed 1", "4 taken for 9"])
      expect(page).toContain(shown);
    expect(page.match(/<svg class="chart"/g)).toHaveLength(2);
    expect(page.match(/aria-label="filter /g)).toHaveLength(16);
    expect(page.match(/<figure>/g)).toHaveLength(24);
    expect(page).not.toMatch(/NaN|undefined|Infinity/);
  });

  test("what the model writes is text, never markup", () => {
    expect(page).toContain("&#60;b&#62;whale&#60;/b&#62;");
    expect(page).not.toContain("<b>whale");
  });

  test("the same results give the same page", () => {
    expect(renderReport(fakeResults())).toBe(page);
  });

  test("a run with a single step and no mistakes still has a report", () => {
    const fake = fakeResults();
    const bare = renderReport({
      ...fake,
      digits: { ...fake.digits, losses: [{ step: 1, value: 2.3 }], mistakes: [] },
      text: { losses: [], heldOut: [] },
    });
    expect(bare).not.toMatch(/NaN|undefined|Infinity/);
    expect(bare).not.toContain("worst mistakes");
  });
});

describe("the report's parts", () => {
  test("a picture is a PNG whose rows unpack to its pixels", () => {
    const file = Buffer.from(
      pngDataUri(Uint8Array.of(0, 50, 100, 150, 200, 250), 3, 2).split(",")[1] ?? "",
      "base64",
    );
    expect([...file.subarray(1, 4)].map((byte) => String.fromCharCode(byte)).join("")).toBe("PNG");
    expect([file.readUInt32BE(16), file.readUInt32BE(20)]).toEqual([3, 2]);
    const length = file.readUInt32BE(33);
    expect([...inflateSync(file.subarray(41, 41 + length))]).toEqual([
      0, 0, 50, 100, 0, 150, 200, 250,
    ]);
  });

  test("the checksum is the one of the PNG specification", () => {
    expect(crc32(new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
  });

  test("ticks are round numbers inside the range", () => {
    expect(ticks(0, 100)).toEqual([0, 20, 40, 60, 80, 100]);
    expect(ticks(1.7, 4.6).map((n) => n.toFixed(1))).toEqual(["2.0", "3.0", "4.0"]);
    expect(ticks(0, 0.9).length).toBeGreaterThanOrEqual(4);
  });
});

describe("the summary", () => {
  test("it is JSON of the figures that were promised, without false digits", () => {
    const summary = fakeResults().summary;
    const parsed = JSON.parse(
      summaryJson({ ...summary, digits: { ...summary.digits, msPerStep: 12.345678901 } }),
    );
    expect(Object.keys(parsed)).toEqual(["device", "digits", "text"]);
    expect(Object.keys(parsed.digits)).toEqual(["testAccuracy", "steps", "msPerStep", "seconds"]);
    expect(Object.keys(parsed.text)).toEqual([
      "bitsPerChar",
      "trigramBitsPerChar",
      "steps",
      "msPerStep",
      "seconds",
      "sample",
    ]);
    expect(parsed.digits.msPerStep).toBe(12.3457);
  });

  test("the table at the end is aligned", () => {
    const lines = formatTable(summaryRows(fakeResults().summary, "no GPU here"))
      .trimEnd()
      .split("\n");
    expect(lines[0]).toBe("  device                    cpu (no GPU here)");
    expect(lines[1]).toBe("  digits: test accuracy     98.91 %");
    expect(lines).toHaveLength(6);
  });
});
