import { type Shape, type Tensor, type Variable, zeros } from "../functions.ts";
import type { Module } from "./module.ts";
import { whileObserving } from "./observe.ts";
import { descendants } from "./tree.ts";

const HEAD = ["layer", "kind", "output", "parameters"] as const;
type Row = readonly [layer: string, kind: string, output: string, parameters: string];

/**
 * A table of the model's layers for an input of `inputShape`. The model is applied to a tensor that is never
 * computed, so no device is needed; dropout is off meanwhile, because it would ask one for random numbers.
 */
export function summarise(model: Module, inputShape: Shape): string {
  const shapes = shapesOf(model, zeros(inputShape, model.inputDType));
  const layers = descendants(model).filter(
    ({ module }) => module.children.length === 0 || Object.keys(module.own).length > 0,
  );
  const rows = layers.map(({ path, module }): Row => {
    const sizes = Object.values(module.own).map(({ variable }) => variable.size);
    const shape = shapes.get(module);
    return [
      path,
      module.description,
      shape === undefined ? "not used" : `[${shape.join(", ")}]`,
      count(sizes),
    ];
  });
  const [all, trained] = [model.parameters(), model.trainableParameters()];
  const total = (of: readonly Variable[]) => count(of.map(({ size }) => size));
  const inAll: Row = ["", `${model.kind}, in all`, "", total(all)];
  const frozen: Row = ["", "of them trained", "", total(trained)];
  return table([HEAD, ...rows, inAll, ...(trained.length < all.length ? [frozen] : [])]);
}

/** The output shape of each module, the last one where it is applied more than once. */
function shapesOf(model: Module, x: Tensor): ReadonlyMap<Module, Shape> {
  const shapes = new Map<Module, Shape>();
  const before = descendants(model).map(({ module }) => [module, module.mode.isTraining] as const);
  model.eval();
  try {
    whileObserving(
      (module, y) => shapes.set(module, y.shape),
      () => model(x),
    );
  } finally {
    // Parents first: each child's own mode has the last word.
    for (const [module, isTraining] of before) module.train(isTraining);
  }
  return shapes;
}

function count(sizes: readonly number[]): string {
  return sizes.reduce((total, n) => total + n, 0).toLocaleString("en-US");
}

function table(rows: readonly Row[]): string {
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => {
          const width = widths[column] ?? 0;
          return column === HEAD.length - 1 ? cell.padStart(width) : cell.padEnd(width);
        })
        .join("  "),
    )
    .join("\n");
}
