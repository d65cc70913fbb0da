/**
 * The layers of test/goldens/make_recurrent_goldens.py, rebuilt: their parameters, inputs, loss and gradients under
 * PyTorch's names. Free of the test runner and of Node, so that it also runs inside a page.
 */
import {
  add,
  gradients,
  mul,
  type Shape,
  sizeOf,
  sum,
  type Tensor,
  tensor,
} from "../../src/functions.ts";
import type * as nn from "../../src/nn/index.ts";
import { layoutOf, permuted, piecesOf } from "../../src/nn/state-layout.ts";
import goldens from "../goldens/recurrent.json" with { type: "json" };
import { type GoldenKind, PROJECTION, recurrentLayers } from "./recurrent-layers.ts";

export interface GoldenCase {
  readonly kind: GoldenKind;
  readonly steps: number;
  readonly batch: number;
  readonly inputs: number;
  readonly hidden: number;
  readonly layers: number;
  readonly bidirectional: boolean;
  /** Whether the initial states are given; zeros otherwise. */
  readonly hasStates: boolean;
  readonly lengths: readonly number[] | null;
  readonly loss: number;
  /** Values and gradients by name. */
  readonly results: Readonly<Record<string, Digest>>;
}

interface Digest {
  readonly norm: number;
  /** Σ of the elements, weighted by the formula. */
  readonly sum: number;
  readonly all?: readonly number[];
}

// The file is made by our own script; that `kind` is one of ours is not in the type of a JSON file.
export const goldenCases = goldens.cases as unknown as readonly GoldenCase[];

/** A layer's losses over steps of Adam. */
export interface GoldenTraining
  extends Pick<GoldenCase, "kind" | "steps" | "batch" | "inputs" | "hidden"> {
  readonly losses: readonly number[];
}
export const goldenTrainings = goldens.training as unknown as readonly GoldenTraining[];

/** What a golden training trains: the layer, its input and what y is to become. */
export function rebuildTraining({ kind, steps, batch, inputs, hidden }: GoldenTraining): {
  readonly model: nn.RecurrentModule;
  readonly x: Tensor;
  readonly target: Tensor;
} {
  const model = recurrentLayers[kind](inputs, hidden, { layers: 2, secondBias: true });
  model.loadStateDict(parametersOf(model));
  const x = given(NUMBER.input, [steps, batch, inputs]);
  return { model, x, target: given(NUMBER.loss, [steps, batch, hidden]) };
}

/** The script's numbers of what is no parameter. */
const NUMBER = { input: 100, state: 200, loss: 300, sum: 400 };

/** Element i of the tensor with number p, a multiple of 1/128 in (-1/2, 1/2): f32 holds it exactly. */
function elements(index: number, size: number): Float32Array {
  return Float32Array.from(
    { length: size },
    (_, i) => (((31 * i * i + 17 * i + 53 * index + 7) % 127) - 63) / 128,
  );
}

function given(index: number, shape: Shape): Tensor {
  return tensor(elements(index, sizeOf(shape)), shape);
}

export function titleOf(golden: GoldenCase): string {
  const { kind, steps, batch, inputs, hidden, layers, bidirectional, hasStates, lengths } = golden;
  return [
    kind,
    `of ${layers} layer${layers === 1 ? "" : "s"} in ${bidirectional ? "both directions" : "one direction"}`,
    `on [${steps}, ${batch}, ${inputs}] to ${hidden}`,
    hasStates ? "from given states" : "from zeros",
    ...(lengths === null ? [] : [`with lengths ${lengths.join(" ")}`]),
  ].join(", ");
}

/** A layer with the golden parameters, and what its loss is computed from. */
export interface Rebuilt {
  readonly model: nn.RecurrentModule;
  /** x, the lengths where there are any, then the states where they are given. */
  readonly inputs: readonly Tensor[];
  /** The loss, y, the final states, then the gradients of x, of the states and of all parameters. */
  compute(...inputs: readonly Tensor[]): readonly Tensor[];
}

/** `secondBias`: two biases, as PyTorch has them, rather than one that is their sum. */
export function rebuild(golden: GoldenCase, secondBias = false): Rebuilt {
  const { steps, batch, inputs: features, hidden, layers, bidirectional } = golden;
  const { kind, hasStates, lengths } = golden;
  const model = recurrentLayers[kind](features, hidden, { layers, bidirectional, secondBias });
  model.loadStateDict(parametersOf(model));
  const parts = kind.startsWith("lstm") ? 2 : 1;
  const count = layers * (bidirectional ? 2 : 1) * parts;
  const seen = kind === "lstm with projection" ? PROJECTION : hidden;
  const states = Array.from({ length: hasStates ? count : 0 }, (_, k) =>
    given(NUMBER.state + k, [batch, k % parts === 0 ? seen : hidden]),
  );
  const counts = lengths === null ? [] : [tensor(Int32Array.from(lengths), [batch])];
  return {
    model,
    inputs: [given(NUMBER.input, [steps, batch, features]), ...counts, ...states],
    compute(x, ...rest) {
      if (x === undefined) throw new Error("there is no input");
      const initial = rest.slice(counts.length);
      const { y, state } = model.run(x, {
        lengths: rest.slice(0, counts.length)[0],
        state: hasStates ? initial : undefined,
      });
      const loss = [y, ...state]
        .map((value, k) => sum(mul(value, given(NUMBER.loss + k, value.shape))))
        .reduce((a, b) => add(a, b));
      const found = gradients(loss, [x, ...initial, ...model.parameters()]);
      return [loss, y, ...state, ...found];
    },
  };
}

/** PyTorch's parameters, numbered in its order: the two biases of a layer are neighbours there. */
function parametersOf(model: nn.Module): nn.StateDict {
  const shapes = new Map<string, Shape>();
  for (const [name, parameter] of Object.entries(model.own)) {
    const layout = layoutOf(name, parameter);
    for (const [i, { shape }] of piecesOf(layout).entries()) {
      shapes.set(layout.names[i] ?? "", shape);
    }
  }
  return Object.fromEntries(
    [...shapes].map(([name, shape], index) => [
      name,
      { shape, data: elements(index, sizeOf(shape)) },
    ]),
  );
}

/** A result that differs from PyTorch's, relative to what it is measured by. */
export interface Difference {
  readonly name: string;
  readonly error: number;
}

/**
 * How far each result of `compute` is from PyTorch's: its norm and its elements relative to the norm; its sum, and the
 * loss, relative to what they may come to where nothing cancels, the norm times that of the weights.
 */
export function differences(
  golden: GoldenCase,
  { model }: Rebuilt,
  [loss = [], ...found]: readonly ArrayLike<number>[],
): Difference[] {
  const named = nameResults(golden, model, found);
  const expected = Object.entries(golden.results);
  if ([...named.keys()].join() !== expected.map(([name]) => name).join()) {
    throw new Error(`results ${[...named.keys()].join()} where PyTorch has others`);
  }
  const differing = expected.map(([name, digest]) => {
    const own = Array.from(named.get(name) ?? []);
    const weights = elements(NUMBER.sum, own.length);
    const weighted = own.reduce((total, value, i) => total + value * (weights[i] ?? 0), 0);
    const errors = [
      Math.abs(Math.hypot(...own) - digest.norm),
      Math.abs(weighted - digest.sum) / Math.hypot(...weights),
      ...(digest.all?.map((value, i) => Math.abs((own[i] ?? Number.NaN) - value)) ?? []),
    ];
    // NaN where one of them is.
    return { name, error: Math.max(...errors) / digest.norm };
  });
  const error = Math.abs((loss[0] ?? Number.NaN) - golden.loss) / lossScale(golden, found);
  return [{ name: "loss", error }, ...differing];
}

/** What the loss may come to where nothing cancels: Σ norm · norm of the weights, over y and the final states. */
function lossScale({ results }: GoldenCase, found: readonly ArrayLike<number>[]): number {
  const names = Object.keys(results);
  const weighed = names.slice(0, names.indexOf("x"));
  return weighed.reduce((total, name, k) => {
    const weights = elements(NUMBER.loss + k, found[k]?.length ?? 0);
    return total + (results[name]?.norm ?? Number.NaN) * Math.hypot(...weights);
  }, 0);
}

function nameResults(
  { results }: GoldenCase,
  model: nn.Module,
  found: readonly ArrayLike<number>[],
): Map<string, ArrayLike<number>> {
  const names = Object.keys(results);
  const simple = names.slice(0, names.indexOf("weight_ih_l0"));
  const named = new Map(simple.map((name, i) => [name, found[i] ?? []] as const));
  const own = entriesOf(model, found.slice(simple.length));
  for (const [name, values] of own) named.set(name, values);
  return named;
}

/** Gradients of parameters as those of PyTorch's: a parameter that is a sum there has one gradient for all addends. */
function entriesOf(
  model: nn.Module,
  found: readonly ArrayLike<number>[],
): Map<string, Float64Array> {
  const entries = new Map<string, Float64Array>();
  for (const [n, [name, parameter]] of Object.entries(model.own).entries()) {
    const layout = layoutOf(name, parameter);
    // Positions are turned, which f32 holds exactly, and not the elements, which may be float64.
    const { size, shape: ownShape } = parameter.variable;
    const positions = Float32Array.from({ length: size }, (_, i) => i);
    const turned = Float64Array.from(
      permuted(positions, ownShape, layout.permutation),
      (position) => found[n]?.[position] ?? Number.NaN,
    );
    for (const [i, { shape, start, count }] of piecesOf(layout).entries()) {
      const path = layout.names[i] ?? "";
      const entry = entries.get(path) ?? new Float64Array(sizeOf(shape));
      entry.set(turned.subarray(0, count), start);
      entries.set(path, entry);
    }
  }
  return entries;
}
