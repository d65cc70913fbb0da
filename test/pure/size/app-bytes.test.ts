import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type AppBytes, openApp } from "../../../bench/runner/app-bytes.ts";

type Bounds = Omit<AppBytes, "text">;

/** Pages of an app, as Vite builds them of what is published: what they loaded when this was written, and 5 %. */
const pages: Readonly<Record<string, Bounds & { readonly without: readonly string[] }>> = {
  convolutions: {
    start: 112_900,
    webgpu: 180_300,
    cpu: 172_800,
    // Layers, losses, data and cells that it does not name, by what their errors say.
    without: [
      "transformerBlock",
      "randomAffine",
      "stateful: ",
      "tripletMargin",
      "BytePairs",
      "slstm",
    ],
  },
  characters: {
    start: 117_800,
    webgpu: 185_100,
    cpu: 177_100,
    without: ["transformerBlock", "spectralNorm", "tripletMargin", "BytePairs", "slstm", "readIdx"],
  },
  transformer: {
    start: 113_400,
    webgpu: 180_700,
    cpu: 173_100,
    without: ["batchNorm", "randomAffine", "stateful: ", "reduceOnPlateau", "BytePairs", "slstm"],
  },
  "trained-model": {
    start: 99_300,
    webgpu: 165_700,
    cpu: 159_700,
    without: ["stateful: ", "Trainer", "valueAndGrad", "readTorch", "toOnnx"],
  },
  verbs: {
    start: 63_900,
    webgpu: 130_700,
    cpu: 124_600,
    without: ["einsum", "conv2d: ", "cropAndResize", "cumsum", "slstm", "Trainer"],
  },
};

let app: Awaited<ReturnType<typeof openApp>>;
beforeAll(async () => {
  app = await openApp();
});
afterAll(() => app.close());

describe.each(Object.entries(pages))("the page of %s", (name, { without, ...bounds }) => {
  test("loads what it uses, and stays below its bounds", async () => {
    const page = fileURLToPath(new URL(`pages/${name}.ts`, import.meta.url));
    const { text, ...bytes } = await app.bytes(page);
    expect(text).toContain("no device is open");
    expect(without.filter((part) => text.includes(part))).toEqual([]);
    for (const [what, bound] of Object.entries(bounds))
      expect(bytes[what as keyof Bounds], what).toBeLessThan(bound);
  });
});
