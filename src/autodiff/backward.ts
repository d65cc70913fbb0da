/**
 * Reverse-mode differentiation as a graph transformation: the gradient of a graph is more graph, made of the same
 * ops, so it is fused, planned and run like everything else, and can be differentiated again.
 * Nodes are visited in descending id, so that a node's cotangents are complete before its vjp is asked for.
 */
import { InternalError } from "../errors.ts";
import {
  emit,
  flatten,
  type GraphValue,
  inputsOf,
  type Node,
  nextNodeId,
  type OpNode,
  outputsOf,
  reachable,
} from "../graph/graph.ts";
import { loop } from "../graph/loop.ts";
import { type Region, regionOf } from "../graph/region.ts";
import type { CellBody } from "../ops/cells/body.ts";
import type { Cotangent, Op, Value, Vjp, VjpSite } from "../ops/op.ts";
import { ops } from "../ops/table.ts";
import { vjps } from "../ops/vjps.ts";
import type { OpName } from "../ops/vocabulary.ts";
import { Cotangents, graphValue } from "./accumulate.ts";
import { activeValues } from "./active.ts";
import { differentiatedCell } from "./cell-gradient.ts";
import { computeAgain } from "./checkpoint.ts";
import { scanCotangents } from "./scan.ts";
import type { Seed } from "./seed.ts";
import { inFewerTerms } from "./sum-terms.ts";

/**
 * ∂/∂wrt[i] of Σ ⟨seed.value, seed.cotangent⟩; undefined where the seeds do not depend on wrt[i].
 * Nothing flows on beyond the values in `boundary`: where wrt values are in it, they count as independent. `within` is the
 * region that is computed again: what its copy has in common with it, as it reads nothing, is part of the copy.
 */
export function backward(
  seeds: readonly Seed[],
  wrt: readonly GraphValue[],
  boundary?: ReadonlySet<GraphValue>,
  within?: Region,
): (GraphValue | undefined)[] {
  const firstId = nextNodeId();
  const nodes = reachable(
    seeds.map((seed) => seed.value),
    boundary,
  );
  const active = activeValues(nodes, new Set(wrt));
  const cotangents = new Cotangents();
  for (const { value, cotangent } of seeds) if (active.has(value)) cotangents.add(value, cotangent);
  const members = membersOf(nodes);
  const passed = new Set<Region>();
  for (const node of nodes.reverse()) {
    if (node.op === "source") continue;
    const region = regionOf(node);
    if (region !== undefined && region !== within) {
      // The region's youngest node comes first, and whatever reads the region is younger than that.
      if (!passed.has(region))
        propagateAgain(region, members.get(region) ?? [], wrt, cotangents, active);
      passed.add(region);
      continue;
    }
    if (!outputsOf(node).some((out) => cotangents.has(out))) continue;
    if (!inputsOf(node).some((input) => active.has(input))) continue;
    propagate(node, cotangents, active, firstId);
  }
  return wrt.map((value) => cotangents.get(value));
}

/** The nodes of each region, in the order of their ids. */
function membersOf(nodes: readonly Node[]): Map<Region, OpNode[]> {
  const members = new Map<Region, OpNode[]>();
  for (const node of nodes) {
    const region = node.op === "source" ? undefined : regionOf(node);
    if (node.op === "source" || region === undefined) continue;
    const own = members.get(region);
    if (own === undefined) members.set(region, [node]);
    else own.push(node);
  }
  return members;
}

/** Through a region whose values are not kept: its copy is differentiated in its place. */
function propagateAgain(
  region: Region,
  members: readonly OpNode[],
  wrt: readonly GraphValue[],
  cotangents: Cotangents,
  active: ReadonlySet<GraphValue>,
): void {
  const ends = members.flatMap(outputsOf).filter((out) => cotangents.has(out));
  if (ends.length === 0) return;
  const { copies, inputs } = computeAgain(members);
  const seeds = ends.map((end) => ({
    value: copies.get(end) ?? end,
    cotangent: cotangents.get(end) ?? end,
  }));
  const outside = [...inputs].filter(([value]) => active.has(value));
  const inside = [...copies].filter(([value]) => wrt.includes(value));
  const targets = [...outside, ...inside].map(([, copy]) => copy);
  const found = backward(seeds, targets, new Set(inputs.values()), region);
  outside.forEach(([value], i) => {
    const cotangent = found[i];
    if (cotangent !== undefined) cotangents.add(value, cotangent);
  });
  inside.forEach(([value], i) => {
    // What the value had before is among the seeds.
    const cotangent = found[outside.length + i];
    if (cotangent !== undefined) cotangents.replace(value, cotangent);
  });
}

function propagate(
  node: OpNode,
  cotangents: Cotangents,
  active: ReadonlySet<GraphValue>,
  firstId: number,
): void {
  const inputs = inputsOf(node);
  // One node's op, record and site belong together; the compiler cannot follow that through the union.
  const op = ops[node.op] as Op<never>;
  const vjp = vjps[node.op] as Vjp<never>;
  let found: (Cotangent | undefined)[];
  if (vjp === "throughComposite") {
    found = compositeCotangents(op, node, inputs, cotangents);
  } else if (vjp === "throughBody") {
    if (node.op !== "scan") throw new InternalError(`${node.op}: only a scan has a body.`);
    found = scanCotangents(node, cotangents, active, backward);
  } else {
    const lookUp = (held: GraphValue | readonly GraphValue[] | undefined) =>
      held === undefined
        ? undefined
        : Array.isArray(held)
          ? held.map((v) => cotangents.get(v))
          : cotangents.get(held as GraphValue);
    const site = {
      ins: node.ins,
      outs: node.outs,
      attrs: node.attrs,
      cotangents: Object.fromEntries(
        Object.entries(node.outs).map(([name, held]) => [name, lookUp(held)]),
      ),
    } as unknown as VjpSite<never>;
    found = byInput(node.op, node.ins, vjp(emit, site, loop, gradientOf));
  }
  const incoming = outputsOf(node).map((out) => cotangents.get(out));
  inputs.forEach((input, i) => {
    const cotangent = found[i];
    if (cotangent === undefined || !active.has(input)) return;
    if ("notDifferentiable" in cotangent) {
      // Such inputs, or all outputs of their ops, are not f32: only f32 values are active and have cotangents.
      throw new InternalError(`${node.op}: ${cotangent.notDifferentiable}.`);
    }
    const simpler = inFewerTerms(graphValue(cotangent), incoming, firstId);
    if (simpler !== undefined) cotangents.add(input, simpler);
  });
}

const gradientOf = (cell: CellBody) => differentiatedCell(cell, backward);

/** Cotangents lined up with `inputsOf(node)`. */
function byInput(op: OpName, ins: object, found: object): (Cotangent | undefined)[] {
  const named = found as Readonly<Record<string, Cotangent | readonly Cotangent[]>>;
  return Object.entries(ins as Readonly<Record<string, unknown>>)
    .sort(([a], [b]) => position(op, a) - position(op, b))
    .flatMap(([name, held]) => {
      if (held === undefined) return [];
      const cotangent = named[name];
      if (!Array.isArray(held)) return [cotangent as Cotangent];
      return held.map((_, i) => (cotangent as readonly Cotangent[] | undefined)?.[i]);
    });
}

function position(op: OpName, input: string): number {
  return Object.keys(ops[op].inputs).indexOf(input);
}

function compositeCotangents(
  op: Op<never>,
  node: OpNode,
  inputs: readonly GraphValue[],
  cotangents: Cotangents,
): (GraphValue | undefined)[] {
  if (op.composite === undefined) throw new InternalError(`${node.op}: there is no composite.`);
  const outs = op.composite(emit, node.ins as never, node.attrs as never, loop);
  const values = flatten<Value>(op.outputs, outs);
  const seeds = outputsOf(node).flatMap((out, i) => {
    const cotangent = cotangents.get(out);
    const value = values[i];
    return cotangent === undefined || value === undefined
      ? []
      : [{ value: graphValue(value), cotangent }];
  });
  return backward(seeds, inputs, new Set(inputs));
}
