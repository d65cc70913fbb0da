/**
 * What a model file says of its model: the calls that make it, as JSON. `["sequential", { "0": { "$module": ["linear", 4, 2] } }]`
 * is nn.sequential(nn.linear(4, 2)). A module that stands in two places is described once, and is one again.
 */

import { isRecord, shown } from "../../arguments.ts";
import { ArgumentError } from "../../errors.ts";
import { type Cell, cells } from "../../functions.ts";
import { isCell } from "../../internals.ts";
import type { AnyModule } from "../../nn/module.ts";
import { mapped } from "../../records.ts";

/** JSON. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [name: string]: Json };

/** gradgpu's own cells by name. */
export const knownCells: ReadonlyMap<string, Cell> = new Map(
  Object.entries(cells).flatMap(([name, own]) => {
    if (isCell.holds(own)) return [[name, own as Cell]];
    return Object.entries(own).map(([form, cell]): [string, Cell] => [`${name}.${form}`, cell]);
  }),
);

/**
 * The calls that make `model`.
 * @throws ArgumentError where a part of it is no layer of gradgpu's
 */
export function describeModel(model: AnyModule): Json {
  const seen = new Map<AnyModule, number>();
  const encode = (value: unknown, where: string): Json => {
    if (isModule(value)) return encodeModule(value, where);
    if (isCell.holds(value)) return { $cell: nameOfCell(value, where) };
    if (value === null || typeof value === "boolean" || typeof value === "string") return value;
    if (typeof value === "number" && Number.isFinite(value)) return value;
    if (Array.isArray(value)) return value.map((item, i) => encode(item, `${where}.${i}`));
    if (isRecord(value)) {
      const told = Object.entries(value).filter(([, own]) => own !== undefined);
      return mapped(Object.fromEntries(told), (own, name) => encode(own, `${where}.${name}`));
    }
    throw undescribed(where, shown(value));
  };
  const encodeModule = (module: AnyModule, where: string): Json => {
    const again = seen.get(module);
    if (again !== undefined) return { $again: again };
    seen.set(module, seen.size);
    const { made, kind } = module;
    if (made === undefined) throw undescribed(where, `${kind}, which is none`);
    const [layer, ...args] = made;
    return {
      $module: [
        layer,
        ...args.map((arg) => encode(arg, where === "" ? layer : `${where}, ${layer}`)),
      ],
    };
  };
  return encode(model, "");
}

function isModule(value: unknown): value is AnyModule {
  return typeof value === "function" && "made" in value && "own" in value;
}

function nameOfCell(cell: unknown, where: string): string {
  for (const [name, known] of knownCells) if (known === cell) return name;
  throw undescribed(where, "a cell of one's own");
}

function undescribed(where: string, got: string): ArgumentError {
  return new ArgumentError(
    `saveModel: every part of the model must be a layer of gradgpu's, or say how it is made; got ${got}${where === "" ? "" : ` within ${where}`}. Save the state dict: writeSafetensors(place, await model.stateDict()), or give nn.module a { made }.`,
  );
}

/** Makes a layer: its name and arguments are a file's. */
export type MakeLayer = (layer: string, args: readonly unknown[]) => AnyModule;

/** Descriptions of descriptions end somewhere. */
const DEEPEST = 64;

/**
 * The model of a description.
 * @throws Error where it is none; whatever `make` throws
 */
export function modelOf(description: Json, make: MakeLayer): AnyModule {
  const made: AnyModule[] = [];
  const decode = (json: Json, depth: number): unknown => {
    if (depth > DEEPEST) throw new Error(`values more than ${DEEPEST} deep`);
    if (typeof json !== "object" || json === null) return json;
    if (isList(json)) return json.map((item) => decode(item, depth + 1));
    if ("$module" in json) return decodeModule(json.$module, depth);
    if ("$again" in json) return known(made[Number(json.$again)], "$again", json.$again);
    if ("$cell" in json) return known(knownCells.get(String(json.$cell)), "cell", json.$cell);
    return mapped(json as Readonly<Record<string, Json>>, (own) => decode(own, depth + 1));
  };
  const decodeModule = (json: Json | undefined, depth: number): AnyModule => {
    const [layer, ...args] = json !== undefined && isList(json) ? json : [];
    if (typeof layer !== "string") throw new Error("a module without a name");
    // Numbered as they were described: a container before what it holds, though it is made after it.
    const index = made.push(PENDING) - 1;
    const module = make(
      layer,
      args.map((arg) => decode(arg, depth + 1)),
    );
    made[index] = module;
    return module;
  };
  const model = decode(description, 0);
  if (isModule(model)) return model;
  throw new Error("a text that describes no module");
}

/** Holds a module's number while what is in it is made. */
const PENDING = undefined as unknown as AnyModule;

/** Array.isArray does not know lists that are read only. */
function isList(json: Json): json is readonly Json[] {
  return Array.isArray(json);
}

function known<T>(value: T | undefined, what: string, given: unknown): T {
  if (value !== undefined) return value;
  throw new Error(`an unknown ${what} ${shown(given)}`);
}
