/** Parameters and buffers by PyTorch's names, in its layouts, so that weights travel both ways. */
import { check, checkOptions, flag, record, text } from "../arguments.ts";
import { ArgumentError } from "../errors.ts";
import { LOAD_RULES, savedElements } from "../internals.ts";
import type {
  AnyModule,
  LoadReport,
  LoadStateOptions,
  Parameter,
  SavedDict,
  StateDict,
  StateEntry,
  StateLayout,
} from "./module.ts";
import { fromEntries, layoutOf, piecesOf, toEntries } from "./state-layout.ts";
import { join, pathsOf } from "./tree.ts";

/** A parameter or buffer with the full names under which a state dict holds it. */
interface Place {
  readonly parameter: Parameter;
  readonly layout: StateLayout;
  readonly names: readonly string[];
}

/**
 * Reads all parameters and buffers. Linear weights come as [out, in], convolutions as [OC, IC, KH, KW], LSTMs as weight_ih_l0
 * [4H, I], weight_hh_l0 [4H, H] and two biases, gates in the order i, f, g, o; GRUs and RNNs alike, with 3 gates (r, z, n)
 * and 1.
 *
 * One thing does not convert by itself: `nn.flatten()` reads images as [H, W, C], PyTorch as [C, H, W], so that the
 * columns of a linear weight behind it are in another order there.
 */
export async function exportState(module: AnyModule): Promise<StateDict> {
  const entries = await Promise.all(
    placesOf(module).map(async ({ parameter: { variable }, layout, names }) => {
      // `module` takes no others than f32.
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

/** Replaces parameters and buffers, or none where anything is wrong. */
export function importState(
  module: AnyModule,
  dict: SavedDict,
  options?: LoadStateOptions,
): LoadReport {
  const { values, report } = checkStateDict(module, dict, options);
  // One that has been disposed of throws here, before the others are loaded.
  for (const { variable } of values) void variable.value;
  for (const { variable, elements } of values) variable.load(elements);
  return report;
}

const LOAD_STATE_RULES = {
  ...LOAD_RULES,
  prefix: text,
  allowMissing: flag,
  allowUnexpected: flag,
};

/**
 * Parameters and buffers with the elements that `dict` has for each; nothing is loaded yet.
 * @throws ArgumentError for names and entries, ShapeError for shapes that are not the module's
 */
export function checkStateDict(module: AnyModule, dict: SavedDict, options?: LoadStateOptions) {
  checkOptions<LoadStateOptions>("loadStateDict", options, LOAD_STATE_RULES);
  check("loadStateDict", "the state", dict, record, "Give what stateDict() returned.");
  const places = placesOf(module);
  const { prefix = "" } = options ?? {};
  const names = Object.keys(dict).filter((name) => name.startsWith(prefix));
  const given = new Map(names.map((name) => [name.slice(prefix.length), dict[name]]));
  const report = compareNames(places, given, options);
  const missing = new Set(report.missing);
  const values = places
    .filter(({ names }) => !names.every((name) => missing.has(name)))
    .map(({ names, layout, parameter: { variable } }) => {
      const entries = piecesOf(layout).map(({ shape }, i): StateEntry => {
        const name = names[i] ?? "";
        const data = savedElements("loadStateDict", name, given.get(name), shape, options);
        return { shape, data: Float32Array.from(data) };
      });
      return { variable, elements: fromEntries(entries, variable.shape, layout) };
    });
  return { values, report };
}

function placesOf(module: AnyModule): Place[] {
  const state = ({ own, ownBuffers }: AnyModule) => ({ ...own, ...ownBuffers });
  return pathsOf(module, state).map(({ prefix, name, parameter }) => {
    const layout = layoutOf(name, parameter);
    return { parameter, layout, names: layout.names.map((own) => join(prefix, own)) };
  });
}

/** @throws ArgumentError for names that are missing or unexpected and may not be, and for parameters that are there in part */
function compareNames(
  places: readonly Place[],
  given: ReadonlyMap<string, unknown>,
  { allowMissing = false, allowUnexpected = false }: LoadStateOptions = {},
): LoadReport {
  const expected = new Set(places.flatMap(({ names }) => names));
  const isGiven = (name: string) => given.has(name);
  const loaded = [...expected].filter(isGiven);
  const missing = [...expected].filter((name) => !isGiven(name));
  const unexpected = [...given.keys()].filter((name) => !expected.has(name));
  // A bias that stands there as two, of which one is missing, would be loaded in half.
  const cut = places.some(({ names }) => names.some(isGiven) && !names.every(isGiven));
  const isMissing = missing.length > 0 && (!allowMissing || cut);
  if (!isMissing && (unexpected.length === 0 || allowUnexpected))
    return { loaded, missing, unexpected };
  throw new ArgumentError(
    `loadStateDict: the names must be the model's own; got missing: ${listed(missing)}; unexpected: ${listed(unexpected)}. Nothing was loaded. Build the model as it was when the state was saved, rename the entries, or say { prefix }, { allowMissing: true } or { allowUnexpected: true }.`,
  );
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? "none" : names.join(", ").slice(0, 400);
}
