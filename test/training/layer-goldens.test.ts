/** Attention, transformer blocks and convolutions of all kinds, with their gradients, against PyTorch's in float64. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  compile,
  mul,
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

const url = new URL("../goldens/layers.json", import.meta.url);
// The file is made by our own script.
const goldens = (JSON.parse(readFileSync(url, "utf8")) as { readonly cases: LayerGolden[] }).cases;

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
});
