/** What is bound of the layers of a walk, one or several. */
import type { CellBody, CellGradient } from "../../../../ops/cells/body.ts";
import { packedOffsets } from "../../../../ops/packed.ts";
import type { Extent } from "../../../../ops/tapes.ts";
import type { WalkOp } from "../../../../ops/vocabulary.ts";
import { gradientProgramsOf } from "../../../../scheduler/cell-program.ts";
import type { FromBelow, Region, WalkLayer, WalkLayers } from "../../../../scheduler/lowering.ts";
import type { TensorType } from "../../../../tensor/shape.ts";
import type { RecurrentMode } from "../recurrent-mode.ts";
import type { WalkBinding, WalkTensor } from "./tensors.ts";

type WalkSite<K extends WalkOp> = WalkLayer<K>["site"];

export function forwardBindings(cell: CellBody, layers: WalkLayers<"recurrence">): WalkBinding[] {
  const { inputs, tape, states, vectors } = cell;
  const one = oneOf(layers);
  const each = listOf(layers);
  const projected = one("PROJECTED", inputs.length, ({ ins }, below) =>
    below ? undefined : ins.projected,
  );
  return bindings([
    ["tape", "readWrite", [one("TAPE", tape.length, ({ outs }) => outs.tape)]],
    ["projected", "read", overwrites(cell) ? [] : [projected]],
    ["recurrent", "read", weights(cell, layers)],
    ["vectors", "read", each("VECTOR", vectors, ({ ins }, v) => ins.vectors[v])],
    ["initials", "read", each("INITIAL", states, ({ ins }, s) => ins.initial[s])],
    ["states", "readWrite", each("STATE", states, ({ outs }, s) => outs.states[s])],
  ]);
}

/**
 * Where a step with a second product keeps what its dispatches or invocations need of each other, `count` numbers a unit:
 * what that multiplies and the first sums; backwards the gradients of its own sums and what reaches its operand.
 */
export function scratchBinding(
  { sums, firstSums }: CellBody,
  { kind }: RecurrentMode,
  count: number,
  layers: number,
  { batch, units }: Extent,
  scratch: (type: TensorType) => Region,
): WalkBinding[] {
  // All steps in one dispatch keep it in the workgroup.
  if (firstSums === sums.length || kind === "steps") return [];
  const shapes = Array.from({ length: layers }, () => [count, batch, units]);
  const { offsets, length } = packedOffsets(shapes);
  const whole = scratch({ dtype: "f32", shape: [length] });
  const regions = shapes.map((shape, l): Region => {
    return { ...whole, offset: offsets[l] ?? 0, type: { dtype: "f32", shape } };
  });
  return [{ ...SCRATCH, tensors: [{ slot: "SCRATCH", count: 1, regions }] }];
}
export const SCRATCH: WalkBinding = { name: "scratch", access: "readWrite", tensors: [] };

/** What the gradient does not read is not bound. With flow its tensors hold already what comes from outside. */
export function backwardBindings(
  cell: CellGradient,
  layers: WalkLayers<"recurrenceGrad">,
): WalkBinding[] {
  const { inputs, sums, tape, states, vectors } = cell;
  const one = oneOf(layers);
  const each = listOf(layers);
  const { reads } = gradientProgramsOf(cell).retreat;
  const isRead = (place: number, roles: readonly string[]) =>
    reads.some((slot) => slot.place === place && roles.includes(slot.role));
  const isOver = overwrites(cell);
  const flow = layers.some(({ site }) => site.attrs.flow);
  const kept = one("TAPE", tape.length, ({ ins, outs }) => (isOver ? outs.gProjected : ins.tape));
  const gProjected = one("G_PROJECTED", inputs.length, ({ outs }) => outs.gProjected);
  const readVectors = each("VECTOR", vectors, ({ ins }, v) =>
    isRead(v, ["vector"]) ? ins.vectors[v] : undefined,
  );
  const readStates = each("STATE", states, ({ ins }, s) =>
    isRead(s, ["before", "after"]) ? ins.states[s] : undefined,
  );
  const outside = each("G_STATE", states, ({ ins, attrs }, s) =>
    flow ? undefined : ins.gStates[attrs.watched.indexOf(s)],
  );
  const own = cell.ownGradients;
  return bindings([
    ["tape", isOver ? "readWrite" : "read", [kept]],
    ["recurrent", "read", weights(cell, layers)],
    ["vectors", "read", readVectors],
    ["states", "read", readStates],
    ["flow", "readWrite", each("FLOW", states, ({ outs }, s) => outs.flow[s])],
    ["g_states", "read", outside],
    ["g_projected", "readWrite", isOver ? [] : [gProjected]],
    ["g_sums", "readWrite", [one("G_SUMS", sums.length, ({ outs }) => outs.gSums)]],
    ["g_vectors", "readWrite", [one("G_VECTORS", own, ({ outs }) => outs.gVectors)]],
    ["g_initial", "readWrite", each("G_INITIAL", states, ({ outs }, s) => outs.gInitial[s])],
  ]);
}

/** Whether what is written of the inputs' size takes the place of what is read. */
function overwrites({ tape, inputs }: CellBody): boolean {
  return tape.length === inputs.length;
}

type Row = readonly [string, WalkBinding["access"], readonly WalkTensor[]];

/** Of the tensors that a layer has, by the binding's name; none without any. */
function bindings(rows: readonly Row[]): WalkBinding[] {
  return rows.flatMap(([name, access, all]) => {
    const tensors = all.filter(({ regions }) => regions.some(Boolean));
    return tensors.length === 0 ? [] : [{ name, access, tensors }];
  });
}

function oneOf<K extends WalkOp>(layers: WalkLayers<K>) {
  return (
    slot: string,
    count: number,
    pick: (site: WalkSite<K>, below: FromBelow | undefined) => Region | undefined,
  ): WalkTensor => ({ slot, count, regions: layers.map(({ site, below }) => pick(site, below)) });
}

/** A tensor for each of `names`. */
function listOf<K extends WalkOp>(layers: WalkLayers<K>) {
  return (
    slot: string,
    names: readonly string[],
    pick: (site: WalkSite<K>, i: number) => Region | undefined,
  ): WalkTensor[] => names.map((_, i) => oneOf(layers)(`${slot}_${i}`, 1, (site) => pick(site, i)));
}

/** The layers' own weights, and of stacked layers those of what comes from below. */
function weights(
  { sums, inputs }: CellBody,
  layers: WalkLayers<"recurrence"> | WalkLayers<"recurrenceGrad">,
): WalkTensor[] {
  const regions = layers.map(({ site }) => site.ins.recurrent);
  const below = (slot: string, pick: keyof FromBelow): WalkTensor => ({
    slot,
    count: inputs.length,
    regions: layers.map((layer) => layer.below?.[pick]),
  });
  const own = { slot: "RECURRENT", count: sums.length, regions };
  return [own, below("INPUT", "input"), below("BIAS", "bias")];
}
