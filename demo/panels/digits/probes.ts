/** What the networks make of one digit, as steps that are compiled once: each has one shape. */
import { compile, grad, mul, type nn, softmax, sum, type Tensor, tensor, transpose } from "gradgpu";
import type { Models } from "./networks.ts";
import {
  CLASSES,
  type Filters,
  type Flat,
  type Ink,
  type Layers,
  type Maps,
  PIXELS,
  type Probabilities,
  REACH,
  type Shifted,
  SIDE,
  type Slid,
} from "./pictures.ts";
import { shiftedInk } from "./shift.ts";

const LAYERS = ["conv1", "pool1", "conv2", "pool2"] as const;

export class Probes {
  readonly #cnn: nn.Module;
  readonly #probabilities;
  readonly #layers;
  readonly #saliency;
  readonly #shifted;

  constructor({ cnn, dense }: Models) {
    this.#cnn = cnn;
    const both = (x: Tensor) => ({ cnn: softmax(cnn(x)), dense: softmax(dense(x)) });
    this.#probabilities = compile(both);
    this.#shifted = compile(both);
    this.#layers = compile((x) => layersOf(cnn, x));
    this.#saliency = compile((x, wanted) => grad((ink) => sum(mul(cnn(ink), wanted)), x));
  }

  async probabilities({ ink }: { readonly ink: Ink }): Promise<Probabilities> {
    const { cnn, dense } = await this.#probabilities(picturesOf(ink));
    return { cnn: await read(cnn), dense: await read(dense) };
  }

  /** Filters as a state dict has them: [filters, inputs, size, size]. */
  async filters(): Promise<{ readonly conv1: Filters; readonly conv2: Filters }> {
    const state = await this.#cnn.stateDict();
    return { conv1: filtersOf(state, "conv1"), conv2: filtersOf(state, "conv2") };
  }

  async slid({ ink, filter }: { readonly ink: Ink; readonly filter: number }): Promise<Slid> {
    const [layers, state] = await Promise.all([
      this.#layers(picturesOf(ink)),
      this.#cnn.stateDict(),
    ]);
    const { count, size, weights, bias } = filtersOf(state, "conv1");
    const { values } = await mapsOf(layers.conv1);
    const one = filter % count;
    return {
      size,
      weights: weights.slice(one * size * size, (one + 1) * size * size),
      bias: bias[one] ?? 0,
      map: values.slice(one * PIXELS, (one + 1) * PIXELS),
    };
  }

  async layers({ ink }: { readonly ink: Ink }): Promise<Layers> {
    const { conv1, pool1, conv2, pool2 } = await this.#layers(picturesOf(ink));
    const [first, second, third, fourth] = await Promise.all(
      [conv1, pool1, conv2, pool2].map(mapsOf),
    );
    return { conv1: given(first), pool1: given(second), conv2: given(third), pool2: given(fourth) };
  }

  async flat({ ink, digit }: { readonly ink: Ink; readonly digit: number }): Promise<Flat> {
    const [{ pool2, logits }, state] = await Promise.all([
      this.#layers(picturesOf(ink)),
      this.#cnn.stateDict(),
    ]);
    const [maps, answers] = await Promise.all([mapsOf(pool2), read(logits)]);
    const all = given(state["linear.weight"]).data;
    const size = maps.values.length;
    return {
      features: maps.values,
      weights: mapByMap(all.subarray(digit * size, (digit + 1) * size), maps.count),
      bias: given(state["linear.bias"]).data[digit] ?? 0,
      logit: answers[digit] ?? 0,
    };
  }

  async saliency({ ink, digit }: { readonly ink: Ink; readonly digit: number }) {
    const wanted = new Float32Array(CLASSES);
    wanted[digit] = 1;
    const [gradient] = await this.#saliency(picturesOf(ink), tensor(wanted, [CLASSES]));
    return { gradient: await read(given(gradient)) };
  }

  async shifted({ ink, digit }: { readonly ink: Ink; readonly digit: number }): Promise<Shifted> {
    const side = 2 * REACH + 1;
    const all = new Uint8Array(side * side * PIXELS);
    for (let i = 0; i < side * side; i++) {
      const [dx, dy] = [(i % side) - REACH, Math.floor(i / side) - REACH];
      all.set(shiftedInk(ink, dx, dy), i * PIXELS);
    }
    const { cnn, dense } = await this.#shifted(picturesOf(all));
    const of = (p: Float32Array) =>
      Float32Array.from({ length: side * side }, (_, i) => p[i * CLASSES + digit] ?? 0);
    return { cnn: of(await read(cnn)), dense: of(await read(dense)) };
  }

  dispose(): void {
    for (const step of [this.#probabilities, this.#layers, this.#saliency, this.#shifted])
      step.dispose();
  }
}

/** f32[N, 28, 28, 1] in [0, 1]. */
export function picturesOf(ink: Ink): Tensor {
  const values = Float32Array.from(ink, (byte) => byte / 255);
  return tensor(values, [ink.length / PIXELS, SIDE, SIDE, 1]);
}

export async function read(x: Tensor): Promise<Float32Array> {
  return Float32Array.from(await x.data());
}

/** The outputs of the layers that are shown, those of a convolution behind its ReLU, and the logits. */
function layersOf(model: nn.Module, x: Tensor) {
  const seen: Record<string, Tensor> = {};
  let y = x;
  for (const [name, layer] of model.children) {
    // Of a chain of layers, each takes and gives one tensor.
    y = (layer as nn.Module)(y);
    seen[name.replace("relu", "conv")] = y;
  }
  const [conv1, pool1, conv2, pool2] = LAYERS.map((name) =>
    transpose(given(seen[name]), [0, 3, 1, 2]),
  );
  return {
    conv1: given(conv1),
    pool1: given(pool1),
    conv2: given(conv2),
    pool2: given(pool2),
    logits: y,
  };
}

async function mapsOf(x: Tensor): Promise<Maps> {
  const [, count = 0, rows = 0, columns = 0] = x.shape;
  return { count, rows, columns, values: await read(x) };
}

function filtersOf(state: nn.StateDict, layer: string): Filters {
  const { shape, data } = given(state[`${layer}.weight`]);
  const [count = 0, inputs = 0, size = 0] = shape;
  const bias = given(state[`${layer}.bias`]).data.slice();
  return { count, inputs, size, weights: data.slice(), bias };
}

/** A layer's weights are in the order of [rows, columns, maps]: in that of [maps, rows, columns]. */
function mapByMap(weights: Float32Array, maps: number): Float32Array {
  const places = weights.length / maps;
  return weights.map((_, i) => weights[(i % places) * maps + Math.floor(i / places)] ?? 0);
}

function given<T>(value: T | undefined): T {
  if (value === undefined)
    throw new Error("The network is not the one that this panel is made for.");
  return value;
}
