import { beforeAll, describe, expect, test } from "vitest";
import { type PageBytes, pageBytes } from "../../../bench/runner/page-bytes.ts";

/**
 * Bytes that a page may load, gzipped: what it loaded when this was written, and 5 %. A change that needs more raises
 * the bound, and says in its commit what the bytes are for; docs/architecture.md has the parts.
 */
const bounds: { readonly [entry: string]: PageBytes } = {
  "src/functions.ts": { start: 105_000, webgpu: 175_000, cpu: 175_000, all: 245_000 },
  "src/index.ts": { start: 190_000, webgpu: 260_000, cpu: 262_000, all: 330_000 },
};

describe.each(Object.entries(bounds))("a page that uses all of %s", (entry, bound) => {
  let bytes: PageBytes;
  beforeAll(async () => {
    bytes = await pageBytes(entry);
  });

  test("loads little before it opens a device", () => {
    expect(bytes.start).toBeLessThan(bound.start);
  });

  test("loads no WebAssembly where there is a GPU, and no WGSL where there is none", () => {
    expect(bytes.webgpu).toBeLessThan(bound.webgpu);
    expect(bytes.cpu).toBeLessThan(bound.cpu);
  });

  test("would not load more than the bound if it opened both devices and fell back", () => {
    expect(bytes.all).toBeLessThan(bound.all);
  });
});
