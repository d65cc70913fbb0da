import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { ArgumentError, ShapeError } from "../../../src/errors.ts";
import { cell, cells, mul, type Tensor } from "../../../src/functions.ts";
import { toOnnx } from "../../../src/io/index.ts";
import * as nn from "../../../src/nn/index.ts";
import { givenInput, type OnnxGolden, onnxModels } from "../../support/onnx-models.ts";
import { openCounting } from "../runtime/open.ts";

const { models }: { readonly models: Readonly<Record<string, OnnxGolden>> } = JSON.parse(
  readFileSync(new URL("../../goldens/onnx-models.json", import.meta.url), "utf8"),
);
const bytesOf = async (model: nn.Module, shape: readonly (number | string)[]) =>
  Buffer.from(await toOnnx(model, shape));

async function digestOf(file: Uint8Array<ArrayBuffer>): Promise<string> {
  return Buffer.from(await crypto.subtle.digest("SHA-256", file)).toString("hex");
}

beforeAll(() => {
  openCounting();
});

describe("a model as an ONNX file", () => {
  test("every model has an answer of onnxruntime's", () => {
    expect(Object.keys(models)).toEqual(Object.keys(onnxModels));
  });

  // The file is the one that onnxruntime ran: what it answered holds for this one. test/goldens/make-onnx-goldens.ts
  test.each(Object.entries(onnxModels))("says what the model says: %s", async (name, model) => {
    const golden = models[name];
    const own = model.make();
    own.eval();
    const y = own(givenInput(model));
    expect(y.shape).toEqual(golden?.shape);
    const given = await y.data();
    const output = golden?.output ?? [];
    const furthest = Math.max(...output.map((one, i) => Math.abs(one - (given[i] ?? Number.NaN))));
    // Sums of up to 48 products of numbers up to 2, and two implementations of exp and tanh, in f32.
    expect(furthest).toBeLessThan(48 * 2 * 2 ** -23);
    const file = new Uint8Array(await toOnnx(own, model.shape));
    expect(await digestOf(file)).toBe(golden?.digest);
  });

  test("free sizes keep their names in the input and, where they come through, in the output", async () => {
    const model = nn.sequential(nn.conv2d(1, 2, 3, { stride: 2 }), nn.flatten());
    const file = (await bytesOf(model, ["images", 9, 9, 1])).toString("latin1");
    expect(file.split("images")).toHaveLength(3);
    const over = nn.sequential(nn.lstm(2, 3), nn.lastStep());
    const walked = (await bytesOf(over, ["steps", "sequences", 2])).toString("latin1");
    expect(walked.split("steps")).toHaveLength(2);
    expect(walked.split("sequences")).toHaveLength(3);
  });

  test.each<readonly [string, () => nn.Module, readonly number[], RegExp]>([
    [
      "a layer that there is no operator for",
      () => nn.sequential({ a: nn.linear(2, 2), b: nn.sequential(nn.layerNorm(2)) }),
      [1, 2],
      /toOnnx: every layer must be one that is written as ONNX; got layerNorm.* at "b\.0"\. Written are sequential, conv2d/,
    ],
    [
      "a module of one's own",
      () => nn.module("twice", { forward: (x: Tensor) => mul(x, 2) }),
      [1, 2],
      /got twice at ""/,
    ],
    [
      "a cell of one's own",
      () =>
        nn.recurrent(
          cell({
            name: "leaky",
            states: ["h"],
            sums: ["a"],
            step: (m, { a }, { h }) => ({ h: m.add(m.mul(h, 0.5), a) }),
          }),
          2,
          3,
        ),
      [4, 1, 2],
      /got leaky\(2, 3\).* with options that ONNX does not have/,
    ],
    [
      "another cell of gradgpu's",
      () => nn.recurrent(cells.peepholeLstm, 2, 3),
      [4, 1, 2],
      /with options that ONNX does not have/,
    ],
    [
      "projected states",
      () => nn.lstm(2, 4, { projection: 2 }),
      [4, 1, 2],
      /got lstm\(2, 4\).*options/,
    ],
    [
      "padding that depends on the size",
      () => nn.conv2d(1, 1, 3, { padding: "same", stride: 2, dilation: 2 }),
      [1, 9, 9, 1],
      /got conv2d\(1, 1, 3 × 3\).*options/,
    ],
    [
      "means that hang over",
      () => nn.avgPool2d(2, { ceilMode: true }),
      [1, 5, 5, 1],
      /got avgPool2d\(2 × 2\).*options/,
    ],
  ])("refuses %s, by where it is", async (_, make, shape, message) => {
    const refused = toOnnx(make(), shape);
    await expect(refused).rejects.toThrow(ArgumentError);
    await expect(refused).rejects.toThrow(message);
  });

  test("refuses shapes that the model does not take, and what is no shape or model", async () => {
    await expect(toOnnx(nn.linear(3, 2), [1, 4])).rejects.toThrow(ShapeError);
    await expect(toOnnx(nn.linear(3, 2), [0, 3])).rejects.toThrow(/toOnnx: the shape must be/);
    await expect(toOnnx(nn.linear(3, 2), ["", 3])).rejects.toThrow(/toOnnx: the shape must be/);
    await expect(toOnnx((() => 1) as never, [3])).rejects.toThrow(/toOnnx: the model must be/);
  });
});
