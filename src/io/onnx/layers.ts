/** The layers that can be written as ONNX, by the names that model files have for them. */
import { isRecord } from "../../arguments.ts";
import type { Pool2dOptions } from "../../functions.ts";
import { isCell } from "../../internals.ts";
import type { StateDict } from "../../nn/module.ts";
import { knownCells } from "../model/description.ts";
import type { Attribute } from "./encode.ts";
import type { GraphWriter, Written } from "./graph.ts";
import { RECURRENT_KINDS, writeRecurrent } from "./recurrent.ts";
import { type WindowOptions, windowAttributes } from "./windows.ts";

interface LayerToWrite {
  /** Where it is in the model: "encoder.0". */
  readonly path: string;
  /** What it was made with. */
  readonly args: readonly unknown[];
  readonly weights: StateDict;
}

/** What it gives; undefined where its options have no counterpart. */
type Write = (graph: GraphWriter, x: Written, of: LayerToWrite) => Written | undefined;

const last = (name: string): Written => ({ name, isChannelsFirst: false });
const first = (name: string): Written => ({ name, isChannelsFirst: true });

/** Element by element: whichever way x lies. */
const elementwise =
  (
    op: string,
    attributes: (...args: never[]) => Readonly<Record<string, Attribute>> = () => ({}),
  ): Write =>
  (graph, x, { args }) => ({
    ...x,
    name: graph.node(op, [x.name], attributes(...(args as never[]))),
  });

const alongAxis =
  (op: string): Write =>
  (graph, x, { args: [axis = -1] }) =>
    last(graph.node(op, [graph.channelsLast(x)], { axis: Number(axis) }));

const float = (value: number) => ({ float: value });

const globalPool =
  (op: string): Write =>
  (graph, x) =>
    last(graph.node("Flatten", [graph.node(op, [graph.channelsFirst(x)])], { axis: 1 }));

const conv2d: Write = (graph, x, { args: [, , kernel, options], path, weights }) => {
  const {
    stride = 1,
    groups = 1,
    ...own
  } = optionsOf<WindowOptions & { groups?: number }>(options);
  const attributes = windowAttributes(kernel as number, stride, own);
  if (attributes === undefined) return undefined;
  const { weight, bias } = weights;
  if (weight === undefined) return undefined;
  const inputs = [
    graph.channelsFirst(x),
    graph.constant(`${path}.weight`, weight.shape, weight.data),
    ...(bias === undefined ? [] : [graph.constant(`${path}.bias`, bias.shape, bias.data)]),
  ];
  return first(graph.node("Conv", inputs, { ...attributes, group: groups }));
};

const maxPool2d: Write = (graph, x, { args: [window, options] }) => {
  const { stride, ceilMode = false, ...own } = optionsOf<Pool2dOptions>(options);
  const attributes = windowAttributes(window as number, stride ?? (window as number), own);
  if (attributes === undefined || (ceilMode && "auto_pad" in attributes)) return undefined;
  const ceil = ceilMode ? { ceil_mode: 1 } : {};
  return first(graph.node("MaxPool", [graph.channelsFirst(x)], { ...attributes, ...ceil }));
};

const avgPool2d: Write = (graph, x, { args: [window, options] }) => {
  const {
    stride,
    ceilMode = false,
    countIncludePad = true,
    dilation = 1,
    ...own
  } = optionsOf<Pool2dOptions>(options);
  const windows = windowAttributes(window as number, stride ?? (window as number), own);
  // Runtimes disagree on what hangs over, and this version of ONNX's operator has no dilation.
  if (windows === undefined || ceilMode || [dilation].flat().some((one) => one !== 1))
    return undefined;
  const { dilations: _, ...attributes } = windows;
  const include = { count_include_pad: countIncludePad ? 1 : 0 };
  return first(graph.node("AveragePool", [graph.channelsFirst(x)], { ...attributes, ...include }));
};

/** y = x · W + b over the last dimension, of whatever rank x is. */
const linear: Write = (graph, x, { path, weights: { weight, bias } }) => {
  const [outputs = 0, inputs = 0] = weight?.shape ?? [];
  const turned = new Float32Array(inputs * outputs);
  weight?.data.forEach((value, i) => {
    turned[(i % inputs) * outputs + Math.floor(i / inputs)] = value;
  });
  const w = graph.constant(`${path}.weight`, [inputs, outputs], turned);
  const product = graph.node("MatMul", [graph.channelsLast(x), w]);
  if (bias === undefined) return last(product);
  return last(graph.node("Add", [product, graph.constant(`${path}.bias`, bias.shape, bias.data)]));
};

const embedding: Write = (graph, x, { path, weights: { weight } }) => {
  if (weight === undefined) return undefined;
  const table = graph.constant(`${path}.weight`, weight.shape, weight.data);
  return last(graph.node("Gather", [table, graph.channelsLast(x)], { axis: 0 }));
};

interface WalkOptions {
  readonly layers?: number;
  readonly bidirectional?: boolean;
  readonly batchFirst?: boolean;
  readonly projection?: number;
}

const recurrent =
  (name: (args: readonly unknown[]) => string | undefined, firstSize = 0): Write =>
  (graph, x, { args, path, weights }) => {
    const kind = RECURRENT_KINDS[name(args) ?? ""];
    const options = optionsOf<WalkOptions>(args[firstSize + 2]);
    const { layers = 1, bidirectional = false, batchFirst = false, projection } = options;
    if (kind === undefined || projection !== undefined) return undefined;
    const turn = (of: string) =>
      batchFirst ? graph.node("Transpose", [of], { perm: [1, 0, 2] }) : of;
    const hidden = Number(args[firstSize + 1]);
    const directions = bidirectional ? 2 : 1;
    const of = { kind, path, hidden, layers, directions, weights } as const;
    return last(turn(writeRecurrent(graph, turn(graph.channelsLast(x)), of)));
  };

const lastStep: Write = (graph, x, { args: [options] }) => {
  const { batchFirst = false } = optionsOf<WalkOptions>(options);
  const index = graph.constant("last", [], [-1]);
  return last(graph.node("Gather", [graph.channelsLast(x), index], { axis: batchFirst ? 1 : 0 }));
};

function optionsOf<T extends object>(given: unknown): Partial<T> {
  return (isRecord(given) ? given : {}) as Partial<T>;
}

const nameOfCell = ([cell]: readonly unknown[]) =>
  isCell.holds(cell) ? [...knownCells].find(([, known]) => known === cell)?.[0] : undefined;
const nameOfRnn = ([, , options]: readonly unknown[]) =>
  `rnn.${optionsOf<{ activation: string }>(options).activation ?? "tanh"}`;

export const LAYERS: Readonly<Record<string, Write>> = {
  conv2d,
  maxPool2d,
  avgPool2d,
  globalAvgPool2d: globalPool("GlobalAveragePool"),
  globalMaxPool2d: globalPool("GlobalMaxPool"),
  flatten: (graph, x) => last(graph.node("Flatten", [graph.channelsLast(x)], { axis: 1 })),
  linear,
  embedding,
  rnn: recurrent(nameOfRnn),
  gru: recurrent(() => "gru"),
  lstm: recurrent(() => "lstm"),
  recurrent: recurrent(nameOfCell, 1),
  lastStep,
  // Nothing is dropped while a model is used.
  dropout: (_, x) => x,
  dropout1d: (_, x) => x,
  dropout2d: (_, x) => x,
  relu: elementwise("Relu"),
  sigmoid: elementwise("Sigmoid"),
  tanh: elementwise("Tanh"),
  softplus: elementwise("Softplus"),
  softsign: elementwise("Softsign"),
  selu: elementwise("Selu"),
  hardSwish: elementwise("HardSwish"),
  hardSigmoid: elementwise("HardSigmoid", () => ({ alpha: float(1 / 6), beta: float(0.5) })),
  leakyRelu: elementwise("LeakyRelu", (slope = 0.01) => ({ alpha: float(slope) })),
  elu: elementwise("Elu", (alpha = 1) => ({ alpha: float(alpha) })),
  softmax: alongAxis("Softmax"),
  logSoftmax: alongAxis("LogSoftmax"),
};
