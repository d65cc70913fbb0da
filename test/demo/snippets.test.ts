import { readdirSync } from "node:fs";
import { afterEach, describe, expect, test, vi } from "vitest";

const panels = new URL("../../demo/panels/", import.meta.url);
const files = readdirSync(panels).flatMap((panel) =>
  readdirSync(new URL(`${panel}/`, panels)).includes("snippets")
    ? readdirSync(new URL(`${panel}/snippets/`, panels)).map((name) => `${panel}/snippets/${name}`)
    : [],
);

describe('what is behind "Show the code"', () => {
  afterEach(() => vi.restoreAllMocks());

  test.each(files)("%s runs as it stands, and tells what it has found", async (file) => {
    const lines: string[] = [];
    vi.spyOn(console, "log").mockImplementation((...said) => {
      lines.push(said.map(String).join(" "));
    });
    await import(new URL(file, panels).href);
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.join("\n")).not.toMatch(/NaN|undefined|\[object/);
  });
});
