import { check, count, isListOf, rule } from "../../arguments.ts";
import { ArgumentError } from "../../errors.ts";
import { type Shape, zeros } from "../../functions.ts";
import type { AnyModule, Module } from "../../nn/module.ts";
import { type Dimension, encodeModel } from "./encode.ts";
import { GraphWriter, type Written } from "./graph.ts";
import { LAYERS } from "./layers.ts";

const aModule = rule("a module", (value) => typeof value === "function" && "stateDict" in value);
const aShape = rule("a list of whole numbers of 1 or more, and of names", (value) =>
  isListOf(value, (size) => (typeof size === "string" ? size !== "" : count.holds(size))),
);

/**
 * A model as an ONNX file (operator set 17, IR version 8), for onnxruntime and whatever else runs ONNX: what it does in
 * evaluation mode. Its input is called `input`, f32 or i32 as the model takes it, of `shape`, as gradgpu's: images are [N, H,
 * W, C]. A name in the shape is a size that is free: `toOnnx(model, ["N", 28, 28, 1])`. Its output is called `output`.
 *
 * What can be written is `sequential`, at any depth, of conv2d, maxPool2d, avgPool2d, globalAvgPool2d, globalMaxPool2d, flatten,
 * linear, embedding, rnn, gru, lstm (and `recurrent` of their cells), lastStep, dropout (1d, 2d), relu, sigmoid, tanh, softplus,
 * softsign, selu, hardSwish, hardSigmoid, leakyRelu, elu, softmax and logSoftmax. Recurrent layers start from zeros. Ids of an
 * embedding are to be from 0 on: ONNX counts those below from the end.
 * @throws ArgumentError for a layer that is none of these, by its path, or has options that ONNX does not have; whatever
 *   the model throws where the shape is not one that it takes
 */
export async function toOnnx(
  model: Module,
  shape: readonly (number | string)[],
): Promise<Uint8Array> {
  check("toOnnx", "the model", model, aModule, "Make it by a layer, or by nn.sequential.");
  check("toOnnx", "the shape", shape, aShape, 'A name is a free size: ["N", 28, 28, 1].');
  const dtype = model.inputDType === "i32" ? "i32" : "f32";
  const graph = new GraphWriter();
  const from: Written = { name: "input", isChannelsFirst: false };
  const written = graph.channelsLast(await writeModule(graph, from, model, ""));
  const nodes = [...graph.nodes, { op: "Identity", inputs: [written], outputs: ["output"] }];
  return encodeModel({
    name: model.kind,
    nodes,
    constants: graph.constants,
    inputs: [{ name: "input", shape, dtype }],
    outputs: [{ name: "output", shape: outputOf(model, shape, dtype) }],
  });
}

async function writeModule(
  graph: GraphWriter,
  x: Written,
  module: AnyModule,
  path: string,
): Promise<Written> {
  const [name = module.kind, ...args] = module.made ?? [];
  if (name === "sequential") {
    let y = x;
    for (const [child, own] of module.children)
      y = await writeModule(graph, y, own, path === "" ? child : `${path}.${child}`);
    return y;
  }
  const write = module.made && Object.hasOwn(LAYERS, name) ? LAYERS[name] : undefined;
  const weights = await module.stateDict();
  const y = write?.(graph, x, { path: path === "" ? name : path, args, weights });
  if (y !== undefined) return y;
  const what = write === undefined ? "" : ", with options that ONNX does not have";
  throw new ArgumentError(
    `toOnnx: every layer must be one that is written as ONNX; got ${module.description ?? name} at "${path}"${what}. Written are sequential, ${Object.keys(LAYERS).join(", ")}; saveModel writes every layer.`,
  );
}

/** Free sizes while shapes are found out, twice: what becomes of them is seen by what differs. */
const STAND_INS = [61, 67] as const;

/** What the model gives, size by size; a graph is made for it, and nothing is computed. */
function outputOf(
  model: Module,
  shape: readonly (number | string)[],
  dtype: "f32" | "i32",
): Dimension[] {
  const names = [...new Set(shape.filter((size) => typeof size === "string"))];
  const sizeOf = (base: number, name: string) => base + 10 * names.indexOf(name);
  const [once = [], again = []] = STAND_INS.map(
    (base): Shape =>
      model(
        zeros(
          shape.map((size) => (typeof size === "number" ? size : sizeOf(base, size))),
          dtype,
        ),
      ).shape,
  );
  return once.map((size, axis) => {
    if (size === again[axis]) return size;
    return names.find((name) =>
      STAND_INS.every((base, i) => [once, again][i]?.[axis] === sizeOf(base, name)),
    );
  });
}
