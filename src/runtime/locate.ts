/** On which runtime something is computed: where it lies, else where it was made. */
import { GradgpuError } from "../errors.ts";
import { type GraphValue, reachable } from "../graph/graph.ts";
import { Cell } from "./cell.ts";
import { currentRuntime, openRuntime } from "./current.ts";
import type { Runtime } from "./runtime.ts";

/** The cells that `values` are made of. */
export function cellsOf(values: readonly GraphValue[]): Cell[] {
  const isGiven = values.every(({ node }) => node.op === "source");
  const nodes = isGiven ? values.map(({ node }) => node) : reachable(values);
  return nodes.flatMap((node) =>
    node.op === "source" && node.holder instanceof Cell ? [node.holder] : [],
  );
}

/**
 * The runtime that `cells` lie on. Those that lie on the host only go where the others are; where all do, to the one
 * that a variable among them was made on, else any of them, else the current one.
 * @throws GradgpuError where they lie on several, or nothing is open
 */
export function runtimeOf(cells: readonly Cell[], caller: string): Runtime {
  return placeOf(cells) ?? currentRuntime(caller);
}

/** As `runtimeOf`, and undefined rather than the current one. */
function placeOf(cells: readonly Cell[]): Runtime | undefined {
  let found: Runtime | undefined;
  let ofConstants: Runtime | undefined;
  for (const cell of cells) {
    const owner = cell.isDisposed ? undefined : cell.block.owner;
    if (owner === undefined || owner === found) continue;
    if (cell.isPortable) {
      ofConstants ??= owner;
      continue;
    }
    if (found !== undefined) throw onTwoDevices(found, owner);
    found = owner;
  }
  return (
    found ?? ofConstants ?? homeOf(cells.filter(({ kind }) => kind === "variable")) ?? homeOf(cells)
  );
}

/** Where calls that concern `cells` wait for their turn; nowhere before any device is open. */
export function queueOf(cells: readonly Cell[]): Runtime | undefined {
  return placeOf(cells) ?? openRuntime();
}

function homeOf(cells: readonly Cell[]): Runtime | undefined {
  for (const { home } of cells) {
    // What its home had was lost with it, and goes where others have taken over.
    const latest = home?.isDead ? home.lineage.latest : home;
    if (latest?.isDead === false) return latest;
  }
  return undefined;
}

export function onTwoDevices(a: Runtime, b: Runtime): GradgpuError {
  return new GradgpuError(
    `runtime: a tensor can only be used on the device that it lies on; got tensors of two runtimes, ${a.device.description} and ${b.device.description}. Move a model with moveTo(runtime), or read a tensor with data() and make a new one.`,
  );
}
