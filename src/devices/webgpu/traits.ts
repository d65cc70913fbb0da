import type { OpName } from "../../ops/vocabulary.ts";
import type { DeviceTraits, LoweredOp } from "../../scheduler/lowering.ts";
import { divides } from "./divides.ts";
import { attentionKernels } from "./lowering/attention.ts";
import { convLowerings, sumsWindows } from "./lowering/conv.ts";
import { embeddingLowerings } from "./lowering/embedding.ts";
import { takesEpilogue } from "./lowering/epilogue.ts";
import { groupKernels } from "./lowering/group/index.ts";
import { matmulLowerings, sumsColumns } from "./lowering/matmul.ts";
import { lowerCopy, lowerCopyStep, movementLowerings } from "./lowering/movement.ts";
import { poolLowerings } from "./lowering/pool.ts";
import { randomLowerings } from "./lowering/random.ts";
import { reduceLowerings } from "./lowering/reduce.ts";
import { sortLowerings } from "./lowering/sort.ts";
import { sourceLowerings } from "./lowering/source.ts";
import { cellWalks } from "./lowering/walk/index.ts";
import { DEFAULT_LIMITS, maxBytes, type WebgpuLimits } from "./target.ts";

export interface WebgpuTraitsOptions {
  /** A software adapter; false where nothing is said. */
  readonly software?: boolean;
  /** What every implementation has where nothing is said. */
  readonly limits?: WebgpuLimits;
  /** Ops to be treated as if they had no kernel: for tests of the fallback. */
  readonly withhold?: readonly OpName[];
}

/** What the scheduler has to know about a GPU. Needs none, so that plans for one can be made anywhere. */
export function webgpuTraits({
  software = false,
  limits = DEFAULT_LIMITS,
  withhold = [],
}: WebgpuTraitsOptions = {}): DeviceTraits {
  const target = { isSoftware: software, limits };
  const lower: DeviceTraits["lower"] = {
    ...sourceLowerings(target),
    ...randomLowerings(target),
    ...movementLowerings(target),
    ...reduceLowerings(target),
    ...sortLowerings,
    ...matmulLowerings(target),
    ...convLowerings(target),
    ...poolLowerings(),
    ...embeddingLowerings(target),
  };
  return {
    name: "webgpu",
    viewAlignment: 64,
    maxElementwiseOperands: limits.maxStorageBuffersPerShaderStage,
    maxRegionBytes: maxBytes(limits),
    lower: withheld(lower, withhold),
    walks: cellWalks(target),
    attention: attentionKernels(target),
    divides: (node) => divides(target, node),
    hasFallback: true,
    hosts: takesEpilogue,
    sumsColumns: (node) =>
      node.op === "matmul" ? sumsColumns(target, node) : sumsWindows(target, node),
    copy: (from, to) => lowerCopy(from, to, maxBytes(limits)),
    copyStep: lowerCopyStep,
    groups: groupKernels(target),
  };
}

function withheld(lower: DeviceTraits["lower"], ops: readonly OpName[]): DeviceTraits["lower"] {
  const held = ops.filter((op): op is LoweredOp => op in lower);
  return {
    ...lower,
    ...Object.fromEntries(held.map((op) => [op, { fallback: `${op} is withheld for a test` }])),
  };
}
