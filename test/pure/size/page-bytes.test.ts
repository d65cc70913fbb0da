import { beforeAll, describe, expect, test } from "vitest";
import { type PageBytes, pageBytes } from "../../../bench/runner/page-bytes.ts";

/**
 * Bytes that a page may load, gzipped: what it loaded when this was written, and 5 %. A change that needs more raises
 * the bound, and says in its commit what the bytes are for; docs/architecture.md has the parts.
 */
const bounds: { readonly [entry: string]: PageBytes } = {
  "src/functions.ts": { start: 94_600, webgpu: 156_200, cpu: 157_900, all: 222_700 },
  "src/index.ts": { start: 167_900, webgpu: 229_500, cpu: 231_000, all: 308_100 },
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
