/** Attention, transformer blocks and convolutions of all kinds, with their gradients, against PyTorch's in float64. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  compile,
  mul,
  sub,
  sum,
  type Tensor,
  tensor,
  valueAndGrad,
  variable,
} from "../../src/functions.ts";
import { nn } from "../../src/index.ts";
import { layoutOf, toEntries } from "../../src/nn/state-layout.ts";
import { join, pathsOf } from "../../src/nn/tree.ts";
import { type Shape, sizeOf } from "../../src/tensor/shape.ts";
import { everyDevice, type OpenedDevice } from "../regressions/open.ts";
import { relativeError } from "../support/case-data.ts";
import { shifted, waveOf } from "../support/norm-goldens.ts";
import { use } from "./open.ts";

interface LayerGolden {
  readonly layer: string;
  readonly args: readonly unknown[];
  readonly options: Readonly<Record<string, unknown>>;
  readonly run: { readonly lengths?: readonly number[] };
  readonly state: Readonly<Record<string, Shape>>;
  readonly x: Shape;
  readonly y: { readonly shape: Shape; readonly data: readonly number[] };
  readonly gradients: Readonly<Record<string, readonly number[]>>;
}

interface Entry {
  readonly shape: Shape;
  readonly data: readonly number[];
}

/** A layer whose weight is made of other parameters, before and after three steps. */
interface NormedGolden {
  readonly layer: string;
  readonly args: readonly unknown[];
  readonly options: object;
  readonly norm: "weightNorm" | "spectralNorm";
  readonly how: object;
  readonly rate: number;
  readonly state: Readonly<Record<string, Entry>>;
  readonly x: Shape;
  readonly losses: readonly number[];
  readonly gradients: Readonly<Record<string, readonly number[]>>;
  readonly after: Readonly<Record<string, Entry>>;
  readonly evaluated: Entry;
}

const url = new URL("../goldens/layers.json", import.meta.url);
// The file is made by our own script.
const { cases: goldens, normed } = JSON.parse(readFileSync(url, "utf8")) as {
  readonly cases: LayerGolden[];
  readonly normed: NormedGolden[];
};

/** Of the largest; sums of up to 24 products, and a softmax or norm between. */
const TOLERANCE = 3e-6;

type Layer = nn.Module & { run?(x: Tensor, options: object): Tensor };
const layers: Readonly<Record<string, (...args: never[]) => Layer>> = {
  multiHeadAttention: nn.multiHeadAttention,
  transformerBlock: nn.transformerBlock,
  conv1d: nn.conv1d,
  conv2d: nn.conv2d,
  conv2dTranspose: nn.conv2dTranspose,
  conv1dTranspose: nn.conv1dTranspose,
  prelu: nn.prelu,
  linear: nn.linear,
};

function build({ layer, args, options, state }: LayerGolden): Layer {
  const own = layer === "transformerBlock" ? { ...options, dropout: 0 } : options;
  const made = layers[layer]?.(...([...args, own] as never[]));
  if (made === undefined) throw new Error(`no layer ${layer}`);
  const saved = Object.entries(state).map(([name, shape], i) => {
    const data = shifted(waveOf(sizeOf(shape), 10 + i), 0, 0.4);
    return [name, { shape, data }] as const;
  });
  made.loadStateDict(Object.fromEntries(saved));
  return made;
}

async function check(golden: LayerGolden): Promise<void> {
  const model = build(golden);
  const held = variable(waveOf(sizeOf(golden.x), 1), golden.x, "x");
  const weights = tensor(waveOf(golden.y.data.length, 2), golden.y.shape);
  const step = compile(() => {
    let y: Tensor = held;
    const [, gradients] = valueAndGrad([held, ...model.parameters()], () => {
      y = golden.run.lengths === undefined ? model(held) : (model.run?.(held, golden.run) ?? held);
      return sum(mul(y, weights));
    });
    return [y, ...gradients.values()];
  });
  const [y, x, ...gradients] = await step();
  const close = async (own: ArrayLike<number>, expected: readonly number[], name: string) => {
    expect(own.length, name).toBe(expected.length);
    expect(relativeError(own, expected), name).toBeLessThanOrEqual(TOLERANCE);
  };
  expect(y?.shape).toEqual(golden.y.shape);
  await close((await y?.data()) ?? [], golden.y.data, "y");
  await close((await x?.data()) ?? [], golden.gradients.x ?? [], "x");
  const names: string[] = [];
  for (const [i, { prefix, name, parameter }] of pathsOf(model).entries()) {
    const layout = layoutOf(name, parameter);
    const elements = Float32Array.from((await gradients[i]?.data()) ?? []);
    const [entry] = toEntries(elements, parameter.variable.shape, layout);
    const path = join(prefix, layout.names[0] ?? "");
    names.push(path);
    await close(entry?.data ?? [], golden.gradients[path] ?? [], path);
  }
  expect(names.sort()).toEqual(Object.keys(golden.state).sort());
}

async function checkNormed(golden: NormedGolden): Promise<void> {
  const layer = layers[golden.layer]?.(...([...golden.args, golden.options] as never[]));
  if (layer === undefined) throw new Error(`no layer ${golden.layer}`);
  const model = nn[golden.norm](layer, golden.how);
  model.loadStateDict(golden.state);
  const x = tensor(waveOf(sizeOf(golden.x), 1), golden.x);
  const weights = tensor(waveOf(sizeOf(golden.evaluated.shape), 2), golden.evaluated.shape);
  const step = compile(() => {
    const [loss, gradients] = valueAndGrad(model.parameters(), () => sum(mul(model(x), weights)));
    for (const [own, g] of gradients) own.assign(sub(own, mul(g, golden.rate)));
    return [loss, ...gradients.values()];
  });
  const close = (own: ArrayLike<number>, expected: readonly number[], name: string) => {
    expect(own.length, name).toBe(expected.length);
    expect(relativeError(own, expected), name).toBeLessThanOrEqual(TOLERANCE);
  };
  const losses: number[] = [];
  for (const [n] of golden.losses.entries()) {
    const [loss, ...gradients] = await step();
    losses.push((await loss?.item()) ?? Number.NaN);
    if (n > 0) continue;
    for (const [i, { name, parameter }] of pathsOf(model).entries()) {
      const elements = Float32Array.from((await gradients[i]?.data()) ?? []);
      const [entry] = toEntries(elements, parameter.variable.shape, layoutOf(name, parameter));
      close(entry?.data ?? [], golden.gradients[name] ?? [], name);
    }
  }
  close(losses, golden.losses, "losses");
  const after = await model.stateDict();
  expect(Object.keys(after).sort()).toEqual(Object.keys(golden.after).sort());
  for (const [name, { shape, data }] of Object.entries(golden.after)) {
    expect(after[name]?.shape).toEqual(shape);
    close(after[name]?.data ?? [], data, name);
  }
  model.eval();
  close(await model(x).data(), golden.evaluated.data, "evaluated");
}

describe.each(everyDevice)("layers are PyTorch's on %s", (_, open) => {
  let opened: OpenedDevice;
  beforeAll(async () => {
    opened = await open();
    use(opened.device);
  });
  afterAll(() => opened.close());

  it.each(
    goldens.map(
      (one) => [`${one.layer} ${JSON.stringify([one.args, one.options, one.run])}`, one] as const,
    ),
  )("%s", (_, golden) => check(golden));

  it.each(
    normed.map(
      (one) => [`${one.norm} of ${one.layer} ${JSON.stringify([one.args, one.how])}`, one] as const,
    ),
  )("%s, for three steps", (_, golden) => checkNormed(golden));
});
