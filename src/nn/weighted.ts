/** Layers with one weight, which may be made of other parameters before it is used: by weightNorm, by spectralNorm. */
import { check, rule } from "../arguments.ts";
import { InternalError } from "../errors.ts";
import type { Shape, Tensor, Variable } from "../functions.ts";
import { module } from "./define.ts";
import type { Definition, Mode, Module, StateLayout } from "./module.ts";

/** What such a layer is made of. */
export interface Weighted {
  readonly weight: Variable;
  /** PyTorch's, by the name of `weight`. */
  readonly layout: StateLayout;
  readonly bias: Variable | undefined;
  /** Which dimension of PyTorch's weight counts the outputs. */
  readonly outputs: 0 | 1;
  apply(x: Tensor, weight: Tensor): Tensor;
}

export type LayerDescription = Pick<Definition, "description" | "timeAxis" | "made">;

const layers = new WeakMap<object, Weighted>();

/** The layer that applies its weight as it is. */
export function weightedLayer(kind: string, described: LayerDescription, of: Weighted): Module {
  const { weight, layout, bias } = of;
  const made = module(kind, {
    ...described,
    parameters: { weight: { variable: weight, layout }, ...(bias && { bias }) },
    forward: (x) => of.apply(x, weight),
  });
  layers.set(made, of);
  return made;
}

const aWeightedLayer = rule(
  "a linear layer, a convolution or a transposed one",
  (value) => typeof value === "function" && layers.has(value),
);

/** @throws ArgumentError where `layer` is no such layer */
export function weightedOf(caller: string, layer: unknown): Weighted {
  check(caller, "the layer", layer, aWeightedLayer);
  const of = layers.get(layer as Module);
  if (of === undefined) throw new InternalError(`${caller}: the layer has no weight.`);
  return of;
}

/** `layer` with a weight that is made of `parameters` and `buffers` whenever it is applied. */
export function reparametrised(
  kind: string,
  layer: Module,
  { bias, apply }: Weighted,
  own: Pick<Definition, "parameters" | "buffers" | "made">,
  weightOf: (mode: Mode) => Tensor,
): Module {
  return module(kind, {
    description: `${kind}(${layer.description})`,
    ...(layer.timeAxis !== undefined && { timeAxis: layer.timeAxis }),
    ...own,
    parameters: { ...(bias && { bias }), ...own.parameters },
    forward: (x, mode) => apply(x, weightOf(mode)),
  });
}

/** The shape of PyTorch's weight. */
export function shapeInDict({ weight, layout }: Weighted): Shape {
  return layout.permutation.map((d) => weight.shape[d] ?? 1);
}
