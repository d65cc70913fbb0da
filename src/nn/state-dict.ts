/** Parameters by PyTorch's names, in its layouts, so that weights travel both ways. */
import { ArgumentError, ShapeError } from "../errors.ts";
import { type Shape, sizeOf } from "../functions.ts";
import type { Module, Parameter, StateDict, StateEntry, StateLayout } from "./module.ts";
import { fromEntries, layoutOf, piecesOf, toEntries } from "./state-layout.ts";
import { join, pathsOf } from "./tree.ts";

/** A parameter with the full names under which a state dict holds it. */
interface Place {
  readonly parameter: Parameter;
  readonly layout: StateLayout;
  readonly names: readonly string[];
}

/**
 * Reads all parameters. Linear weights come as [out, in], convolutions as [OC, IC, KH, KW], LSTMs as weight_ih_l0
 * [4H, I], weight_hh_l0 [4H, H] and two biases, gates in the order i, f, g, o; GRUs and RNNs alike, with 3 gates (r, z, n)
 * and 1.
 *
 * One thing does not convert by itself: `nn.flatten()` reads images as [H, W, C], PyTorch as [C, H, W], so that the
 * columns of a linear weight behind it are in another order there.
 */
export async function exportState(module: Module): Promise<StateDict> {
  const entries = await Promise.all(
    placesOf(module).map(async ({ parameter: { variable }, layout, names }) => {
      // `module` takes no other parameters than f32.
      const data = (await variable.data()) as Float32Array;
      const made = toEntries(data, variable.shape, layout);
      return made.map((entry, i) => [names[i] ?? "", entry] as const);
    }),
  );
  const dict: Record<string, StateEntry> = {};
  for (const [name, entry] of entries.flat()) dict[name] = addedTo(dict[name], entry);
  return dict;
}

/** Parameters that are parts of one entry leave the others' parts 0. */
function addedTo(known: StateEntry | undefined, { shape, data }: StateEntry): StateEntry {
  return known === undefined
    ? { shape, data }
    : { shape, data: data.map((x, i) => x + (known.data[i] ?? 0)) };
}

/** Replaces all parameters, or none where a name or a shape is wrong. */
export function importState(module: Module, dict: StateDict): void {
  for (const { parameter, layout, entries } of checkStateDict(module, dict)) {
    parameter.variable.load(fromEntries(entries, parameter.variable.shape, layout));
  }
}

/** Where each entry belongs. @throws ArgumentError for names, ShapeError for shapes that are not the module's */
export function checkStateDict(module: Module, dict: StateDict) {
  const places = placesOf(module);
  checkNames(places, dict);
  return places.map(({ names, layout, parameter }) => ({
    parameter,
    layout,
    entries: piecesOf(layout).map(({ shape }, i) =>
      checkedEntry(names[i] ?? "", shape, dict[names[i] ?? ""]),
    ),
  }));
}

function placesOf(module: Module): Place[] {
  return pathsOf(module).map(({ prefix, name, parameter }) => {
    const layout = layoutOf(name, parameter);
    return { parameter, layout, names: layout.names.map((own) => join(prefix, own)) };
  });
}

function checkNames(places: readonly Place[], dict: StateDict): void {
  const expected = new Set(places.flatMap(({ names }) => names));
  const missing = [...expected].filter((name) => !Object.hasOwn(dict, name));
  const unexpected = Object.keys(dict).filter((name) => !expected.has(name));
  if (missing.length === 0 && unexpected.length === 0) return;
  throw new ArgumentError(
    `loadStateDict: the names must be the model's own; got missing: ${listed(missing)}; unexpected: ${listed(unexpected)}. Nothing was loaded. Build the model as it was when the state was saved, or rename the entries.`,
  );
}

function checkedEntry(name: string, shape: Shape, entry: StateEntry | undefined): StateEntry {
  const fits =
    entry !== undefined &&
    entry.shape.length === shape.length &&
    entry.shape.every((n, d) => n === shape[d]) &&
    entry.data.length === sizeOf(shape);
  if (fits) return entry;
  throw new ShapeError(
    `loadStateDict: the entry must have the parameter's shape in PyTorch's layout; got [${entry?.shape.join(", ")}] with ${entry?.data.length} numbers for ${name} [${shape.join(", ")}]. Nothing was loaded. Build the model with the sizes that it had when the state was saved.`,
  );
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? "none" : names.join(", ");
}
