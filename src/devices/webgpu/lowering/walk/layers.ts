/** The layers of a walk, one or several: what is bound of them, and the cell's part of the kernel. */
import type { CellBody } from "../../../../ops/cells/body.ts";
import { programsOf } from "../../../../scheduler/cell-program.ts";
import type { Region, Site } from "../../../../scheduler/lowering.ts";
import { printBackward } from "./backward.ts";
import { type ForwardWalk, printForward } from "./forward.ts";
import type { Reached } from "./numbers.ts";
import type { WalkBinding, WalkTensor } from "./tensors.ts";

/** What stands above a layer's own product in a stack: the weights of the states below it, and their biases. */
export interface FromBelow {
  readonly input: Region | undefined;
  readonly bias: Region | undefined;
}

export interface WalkLayer<K extends "recurrence" | "recurrenceGrad"> {
  readonly site: Pick<Site<K>, "ins" | "outs" | "attrs">;
  readonly below?: FromBelow;
}

export function forwardBindings(
  cell: CellBody,
  layers: readonly WalkLayer<"recurrence">[],
): WalkBinding[] {
  const overwrites = cell.tape.length === cell.inputs.length;
  const each = (pick: (site: WalkLayer<"recurrence">["site"]) => Region | undefined) =>
    layers.map(({ site }) => pick(site));
  const projected = {
    slot: "PROJECTED",
    count: cell.inputs.length,
    regions: layers.map(({ site, below }) => (below ? undefined : site.ins.projected)),
  };
  const tape = { slot: "TAPE", count: cell.tape.length, regions: each(({ outs }) => outs.tape) };
  return [
    ...listed("tape", "readWrite", cell.tape.length > 0 ? [tape] : []),
    ...listed("projected", "read", overwrites ? [] : [projected]),
    ...weights(cell, layers),
    ...listed(
      "vectors",
      "read",
      tensors("VECTOR", cell.vectors, (v) => each(({ ins }) => ins.vectors[v])),
    ),
    ...listed(
      "initials",
      "read",
      tensors("INITIAL", cell.states, (s) => each(({ ins }) => ins.initial[s])),
    ),
    ...listed(
      "states",
      "readWrite",
      tensors("STATE", cell.states, (s) => each(({ outs }) => outs.states[s])),
    ),
  ];
}

export function printForwardLayers(
  cell: CellBody,
  layers: readonly WalkLayer<"recurrence">[],
  bindings: readonly WalkBinding[],
  hasLengths: boolean,
): ForwardWalk {
  const overwrites = cell.tape.length === cell.inputs.length;
  const isStacked = layers.some(({ below }) => below !== undefined);
  const find = finder(bindings);
  const all = (slot: string, names: readonly unknown[]) =>
    names.flatMap((_, i) => find(`${slot}_${i}`) ?? []);
  return printForward(
    cell,
    {
      projected: find(overwrites ? "TAPE" : "PROJECTED") as Reached,
      tape: find("TAPE"),
      recurrent: find("RECURRENT"),
      bias: isStacked ? find("BIAS") : undefined,
      vectors: all("VECTOR", cell.vectors),
      initial: all("INITIAL", cell.states),
      states: all("STATE", cell.states),
    },
    { hasLengths },
  );
}

/** With flow its tensors hold already what comes from outside. */
export function backwardBindings(
  cell: CellBody,
  layers: readonly WalkLayer<"recurrenceGrad">[],
): WalkBinding[] {
  const overwrites = cell.tape.length === cell.inputs.length;
  const { retreat } = programsOf(cell);
  const isRead = (role: "states" | "vector", place: number) =>
    retreat.reads.some((slot) =>
      role === "vector"
        ? slot.role === "vector" && slot.place === place
        : (slot.role === "before" || slot.role === "after") && slot.place === place,
    );
  const each = (pick: (site: WalkLayer<"recurrenceGrad">["site"]) => Region | undefined) =>
    layers.map(({ site }) => pick(site));
  const flow = layers.every(({ site }) => site.attrs.flow);
  const wide = (name: string, slot: string, count: number, of: readonly (Region | undefined)[]) =>
    listed(name, "readWrite", count > 0 && of.some(Boolean) ? [{ slot, count, regions: of }] : []);
  const outside = outsideOf(cell, layers);
  const tape = {
    slot: "TAPE",
    count: cell.tape.length,
    regions: each(({ ins, outs }) => (overwrites ? outs.gProjected : ins.tape)),
  };
  return [
    ...listed("tape", overwrites ? "readWrite" : "read", tape.count > 0 ? [tape] : []),
    ...weights(cell, layers),
    ...listed(
      "vectors",
      "read",
      tensors("VECTOR", cell.vectors, (v) => each(({ ins }) => ins.vectors[v])).filter((_, v) =>
        isRead("vector", v),
      ),
    ),
    ...listed(
      "states",
      "read",
      tensors("STATE", cell.states, (s) => each(({ ins }) => ins.states[s])).filter((_, s) =>
        isRead("states", s),
      ),
    ),
    ...(flow
      ? listed(
          "flow",
          "readWrite",
          tensors("FLOW", cell.states, (s) => each(({ outs }) => outs.flow[s])),
        )
      : listed(
          "g_states",
          "read",
          tensors("G_STATE", cell.states, (s) => outside[s] ?? []).filter((_, s) =>
            outside[s]?.some(Boolean),
          ),
        )),
    ...(overwrites
      ? []
      : wide(
          "g_projected",
          "G_PROJECTED",
          cell.inputs.length,
          each(({ outs }) => outs.gProjected),
        )),
    ...wide(
      "g_sums",
      "G_SUMS",
      cell.sums.length,
      each(({ outs }) => outs.gSums),
    ),
    ...wide(
      "g_vectors",
      "G_VECTORS",
      cell.ownGradients,
      each(({ outs }) => outs.gVectors),
    ),
    ...listed(
      "g_initial",
      "readWrite",
      tensors("G_INITIAL", cell.states, (s) => each(({ outs }) => outs.gInitial[s])),
    ),
  ];
}

/** `carries`: whether a part of the first state's gradient does not go through the weights. */
export function printBackwardLayers(
  cell: CellBody,
  layers: readonly WalkLayer<"recurrenceGrad">[],
  bindings: readonly WalkBinding[],
  hasLengths: boolean,
): { readonly text: string; readonly carries: boolean } {
  const { retreat } = programsOf(cell);
  const overwrites = cell.tape.length === cell.inputs.length;
  const isStacked = layers.some(({ below }) => below !== undefined);
  const flow = layers.every(({ site }) => site.attrs.flow);
  const outside = outsideOf(cell, layers);
  const find = finder(bindings);
  const all = (slot: string, names: readonly unknown[]) =>
    names.map((_, i) => find(`${slot}_${i}`));
  const text = printBackward(
    cell,
    {
      recurrent: find("RECURRENT"),
      vectors: all("VECTOR", cell.vectors),
      states: all("STATE", cell.states),
      tape: find("TAPE"),
      gProjected: find(overwrites ? "TAPE" : "G_PROJECTED") as Reached,
      gSums: find("G_SUMS"),
      gVectors: find("G_VECTORS"),
      gStates: cell.states.map((_, s) =>
        outside[s]?.some(Boolean) ? find(`${flow ? "FLOW" : "G_STATE"}_${s}`) : undefined,
      ),
      flow: flow ? all("FLOW", cell.states).flatMap((one) => one ?? []) : [],
      gInitial: all("G_INITIAL", cell.states).flatMap((one) => one ?? []),
    },
    { hasLengths, layers: layers.length, isStacked },
  );
  const carries = hasLengths || retreat.writes.some(isOfFirstState);
  return { text, carries };
}

/** The gradients of states from outside, by state and layer. */
function outsideOf(
  { states }: CellBody,
  layers: readonly WalkLayer<"recurrenceGrad">[],
): (Region | undefined)[][] {
  return states.map((_, s) =>
    layers.map(({ site: { ins, attrs } }) => ins.gStates[attrs.watched.indexOf(s)]),
  );
}

function isOfFirstState({ slot }: { readonly slot: { role: string; place: number } }): boolean {
  return slot.role === "gBefore" && slot.place === 0;
}

/** A binding, where there is something to bind. */
function listed(
  name: string,
  access: WalkBinding["access"],
  all: readonly WalkTensor[],
): WalkBinding[] {
  return all.length === 0 ? [] : [{ name, access, tensors: all }];
}

function tensors(
  slot: string,
  names: readonly string[],
  regions: (i: number) => readonly (Region | undefined)[],
): WalkTensor[] {
  return names.map((_, i) => ({ slot: `${slot}_${i}`, count: 1, regions: regions(i) }));
}

/** The layers' own weights, and of stacked layers those of what comes from below. */
function weights(
  { sums, inputs }: CellBody,
  layers: readonly WalkLayer<"recurrence" | "recurrenceGrad">[],
): WalkBinding[] {
  if (sums.length === 0) return [];
  const recurrent = layers.map(({ site }) => site.ins.recurrent);
  const below = (slot: string, pick: keyof FromBelow): WalkTensor[] => {
    const regions = layers.map((layer) => layer.below?.[pick]);
    return regions.some(Boolean) ? [{ slot, count: inputs.length, regions }] : [];
  };
  const own = { slot: "RECURRENT", count: sums.length, regions: recurrent };
  return listed("recurrent", "read", [own, ...below("INPUT", "input"), ...below("BIAS", "bias")]);
}

function finder(bindings: readonly WalkBinding[]): (slot: string) => Reached | undefined {
  return (slot) => {
    for (const binding of bindings)
      for (const tensor of binding.tensors) if (tensor.slot === slot) return { binding, tensor };
    return undefined;
  };
}
