import { check, isRecord, list, shown } from "../arguments.ts";
import { ArgumentError } from "../errors.ts";
import { type Shape, Tensor, type Variable, zeros } from "../functions.ts";
import { isFrozen, nextNodeId, productsOf } from "../internals.ts";
import { mapped } from "../records.ts";
import type { AnyModule, Tensors } from "./module.ts";
import { whileObserving } from "./observe.ts";
import { sameNames } from "./tensors.ts";
import { descendants } from "./tree.ts";

/** Names, and from which column on there are numbers. */
const HEAD = ["layer", "kind", "output", "parameters", "frozen", "buffers", "bytes", "FLOPs"];
const NUMBERS = HEAD.indexOf("parameters");

/** A line of the table. */
interface Row {
  readonly texts: readonly [layer: string, kind: string, output: string];
  readonly parameters: readonly Variable[];
  readonly buffers: readonly Variable[];
  readonly flops: number;
}

/**
 * A table of the model's layers for an input of `inputShape`. The model is applied to a tensor that is never
 * computed, so no device is needed; dropout is off meanwhile, because it would ask one for random numbers.
 */
export function summarise(
  model: AnyModule,
  inputShape: Shape | Readonly<Record<string, Shape>>,
): string {
  const { shapes, flops, flopsInAll } = tracesOf(model, inputOf(model, inputShape));
  const variables = (own: AnyModule["own"]) => Object.values(own).map(({ variable }) => variable);
  const rows = descendants(model).map(({ path, module }) => ({
    isShown: module.children.length === 0 || Object.keys(module.own).length > 0,
    texts: [path, module.description, shapes.get(module) ?? "not used"] as const,
    parameters: variables(module.own),
    buffers: variables(module.ownBuffers),
    flops: flops.get(module) ?? 0,
  }));
  const shown = rows.filter(({ isShown, flops }) => isShown || flops > 0);
  const inAll: Row = {
    texts: ["", `${model.kind}, in all`, ""],
    parameters: model.parameters(),
    buffers: model.buffers(),
    flops: flopsInAll,
  };
  return table([...shown, inAll]);
}

/** Zeros of the given shapes, as the model takes them. */
function inputOf(model: AnyModule, shape: Shape | Readonly<Record<string, Shape>>): Tensors {
  const { inputDType } = model;
  if (typeof inputDType === "string") {
    check(
      "summary",
      "the shape",
      shape,
      list,
      "It is that of an input, with the batch: [1, 28, 28, 1].",
    );
    return zeros(shape as Shape, inputDType);
  }
  const shapes = new Map<string, unknown>(isRecord(shape) ? Object.entries(shape) : []);
  if (!sameNames([...shapes.keys()], Object.keys(inputDType))) {
    throw new ArgumentError(
      `summary: there must be a shape for every input, { ${Object.keys(inputDType).join(", ")} }; got ${shown(shape)}. Give all of them.`,
    );
  }
  return mapped(inputDType, (dtype, name) => zeros(shapes.get(name) as Shape, dtype));
}

/** What one application of a module made: nodes `from` … before `to`. */
interface Application {
  readonly module: AnyModule;
  readonly from: number;
  readonly to: number;
}

interface Traces {
  /** The output of each module, the last one where it is applied more than once. */
  readonly shapes: ReadonlyMap<AnyModule, string>;
  /** What each module does itself, beside what its children do. */
  readonly flops: ReadonlyMap<AnyModule, number>;
  readonly flopsInAll: number;
}

function tracesOf(model: AnyModule, x: Tensors): Traces {
  const shapes = new Map<AnyModule, string>();
  // Children come before the modules that apply them.
  const applied: Application[] = [];
  const y = inEvaluation(model, () =>
    whileObserving(
      (module, y, from) => {
        shapes.set(module, shapeText(y));
        applied.push({ module, from, to: nextNodeId() });
      },
      // What the model takes is what its inputDType says.
      () => model(x as never),
    ),
  );
  const flops = new Map<AnyModule, number>();
  let flopsInAll = 0;
  for (const product of productsOf(y instanceof Tensor ? [y] : Object.values(y))) {
    const inner = applied.find(({ from, to }) => product.id >= from && product.id < to);
    // What was there before the model is not the model's.
    if (inner === undefined) continue;
    flops.set(inner.module, (flops.get(inner.module) ?? 0) + product.flops);
    flopsInAll += product.flops;
  }
  return { shapes, flops, flopsInAll };
}

/** Every layer is as it was behind it. */
function inEvaluation<R>(model: AnyModule, body: () => R): R {
  const before = descendants(model).map(({ module }) => [module, module.mode.isTraining] as const);
  model.eval();
  try {
    return body();
  } finally {
    // Parents first: each child's own mode has the last word.
    for (const [module, isTraining] of before) module.train(isTraining);
  }
}

function shapeText(y: Tensors): string {
  const one = ({ shape }: Tensor) => `[${shape.join(", ")}]`;
  if (y instanceof Tensor) return one(y);
  return Object.entries(y)
    .map(([name, part]) => `${name} ${one(part)}`)
    .join(", ");
}

/** Columns of which every number is 0 say nothing, but for parameters. */
function table(rows: readonly Row[]): string {
  const cells = rows.map(cellsOf);
  const isTold = HEAD.map(
    (name, at) => name === "parameters" || cells.some((row) => row[at] !== "0"),
  );
  const told = [HEAD, ...cells].map((row) => row.filter((_, at) => isTold[at]));
  const widths = (told[0] ?? []).map((_, at) =>
    Math.max(...told.map((row) => row[at]?.length ?? 0)),
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, at) =>
        at < NUMBERS ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0),
      )
      .join("  ");
  return told.map(line).join("\n");
}

const F32_BYTES = 4;

function cellsOf({ texts, parameters, buffers, flops }: Row): string[] {
  const total = (all: readonly Variable[]) => all.reduce((n, { size }) => n + size, 0);
  const bytes = F32_BYTES * total([...parameters, ...buffers]);
  const numbers = [total(parameters), total(parameters.filter(isFrozen)), total(buffers), bytes];
  return [...texts, ...[...numbers, flops].map((n) => n.toLocaleString("en-US"))];
}
