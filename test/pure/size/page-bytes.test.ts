import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { beforeAll, describe, expect, test } from "vitest";
import { type PageBytes, pageBytes } from "../../../bench/runner/page-bytes.ts";

/**
 * Bytes that a page may load, gzipped: what it loaded when this was written, and 5 %. A change that needs more raises
 * the bound, and says in its commit what the bytes are for; docs/architecture.md has the parts.
 */
const bounds: { readonly [entry: string]: PageBytes } = {
  "src/functions.ts": { start: 102_300, webgpu: 168_400, cpu: 163_600, all: 232_600 },
  "src/index.ts": { start: 178_700, webgpu: 244_500, cpu: 239_900, all: 322_300 },
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

/** The same of every other entry, before a device is opened (`npm run size`): what it loaded, and 5 %. */
const entries: Readonly<Record<string, number>> = {
  "src/nn/index.ts": 90_800,
  "src/optim/index.ts": 34_800,
  "src/losses/index.ts": 40_700,
  "src/metrics/index.ts": 27_600,
  "src/data/index.ts": 43_500,
  "src/io/index.ts": 84_300,
  "src/train/index.ts": 98_400,
  "src/worker/index.ts": 5_500,
  "src/devices/cpu/opener.ts": 77_400,
  "src/devices/webgpu/opener.ts": 90_800,
};

test.each(Object.entries(entries))(
  "a page of %s alone stays below its bound",
  async (entry, bound) => {
    expect((await pageBytes(entry)).start).toBeLessThan(bound);
  },
);

describe("a page that runs a trained model", () => {
  const page = "test/pure/size/pages/trained-model.ts";

  test("stays below its bound", async () => {
    const { start, webgpu, cpu } = await pageBytes(page);
    expect(start).toBeLessThan(106_000);
    expect(webgpu).toBeLessThan(172_700);
    expect(cpu).toBeLessThan(170_600);
  });

  test("loads no autodiff, optimizer, loss, metric or Trainer", async () => {
    const { metafile } = await build({
      absWorkingDir: fileURLToPath(new URL("../../..", import.meta.url)),
      entryPoints: [page],
      bundle: true,
      minify: true,
      write: false,
      format: "esm",
      platform: "neutral",
      target: "es2022",
      external: ["node:*", "webgpu"],
      conditions: ["gradgpu-source"],
      define: { __GRADGPU_DEBUG__: "false" },
      metafile: true,
    });
    const [output] = Object.values(metafile.outputs);
    const loaded = Object.entries(output?.inputs ?? {})
      .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
      .map(([file]) => file);
    expect(loaded).toContain("src/nn/lstm.ts");
    expect(
      loaded.filter((file) =>
        /^src\/(autodiff|optim|losses|metrics|train)\/|^src\/ops\/vjps/.test(file),
      ),
    ).toEqual([]);
  });
});
