import { isRecord, shown } from "../arguments.ts";
import { ArgumentError } from "../errors.ts";
import { type Shape, Tensor, type Variable, zeros } from "../functions.ts";
import type { AnyModule, Tensors } from "./module.ts";
import { whileObserving } from "./observe.ts";
import { sameNames } from "./tensors.ts";
import { descendants } from "./tree.ts";

const HEAD = ["layer", "kind", "output", "parameters"] as const;
type Row = readonly [layer: string, kind: string, output: string, parameters: string];

/**
 * A table of the model's layers for an input of `inputShape`. The model is applied to a tensor that is never
 * computed, so no device is needed; dropout is off meanwhile, because it would ask one for random numbers.
 */
export function summarise(
  model: AnyModule,
  inputShape: Shape | Readonly<Record<string, Shape>>,
): string {
  const shapes = shapesOf(model, inputOf(model, inputShape));
  const layers = descendants(model).filter(
    ({ module }) => module.children.length === 0 || Object.keys(module.own).length > 0,
  );
  const rows = layers.map(({ path, module }): Row => {
    const sizes = Object.values(module.own).map(({ variable }) => variable.size);
    const shape = shapes.get(module);
    return [path, module.description, shape ?? "not used", count(sizes)];
  });
  const [all, trained] = [model.parameters(), model.trainableParameters()];
  const total = (of: readonly Variable[]) => count(of.map(({ size }) => size));
  const inAll: Row = ["", `${model.kind}, in all`, "", total(all)];
  const frozen: Row = ["", "of them trained", "", total(trained)];
  return table([HEAD, ...rows, inAll, ...(trained.length < all.length ? [frozen] : [])]);
}

/** Zeros of the given shapes, as the model takes them. */
function inputOf(model: AnyModule, shape: Shape | Readonly<Record<string, Shape>>): Tensors {
  const { inputDType } = model;
  if (typeof inputDType === "string") return zeros(shape as Shape, inputDType);
  const shapes = new Map<string, unknown>(isRecord(shape) ? Object.entries(shape) : []);
  if (!sameNames([...shapes.keys()], Object.keys(inputDType))) {
    throw new ArgumentError(
      `summary: there must be a shape for every input, { ${Object.keys(inputDType).join(", ")} }; got ${shown(shape)}.`,
    );
  }
  const named = Object.entries(inputDType).map(([name, dtype]) => [
    name,
    zeros(shapes.get(name) as Shape, dtype),
  ]);
  return Object.fromEntries(named);
}

/** The output shape of each module, the last one where it is applied more than once. */
function shapesOf(model: AnyModule, x: Tensors): ReadonlyMap<AnyModule, string> {
  const shapes = new Map<AnyModule, string>();
  const before = descendants(model).map(({ module }) => [module, module.mode.isTraining] as const);
  model.eval();
  try {
    whileObserving(
      (module, y) => shapes.set(module, shapeText(y)),
      // What the model takes is what its inputDType says.
      () => model(x as never),
    );
  } finally {
    // Parents first: each child's own mode has the last word.
    for (const [module, isTraining] of before) module.train(isTraining);
  }
  return shapes;
}

function shapeText(y: Tensors): string {
  const one = ({ shape }: Tensor) => `[${shape.join(", ")}]`;
  if (y instanceof Tensor) return one(y);
  return Object.entries(y)
    .map(([name, part]) => `${name} ${one(part)}`)
    .join(", ");
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
