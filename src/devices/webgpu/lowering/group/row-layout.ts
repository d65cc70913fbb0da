/**
 * How rows are laid over invocations. *Lanes* share a row, each taking every lanes-th element, or vector of four;
 * several rows share a workgroup. Where elements of a row lie side by side its lanes do, so that they read
 * neighbours; where rows do (sums of columns), rows are side by side.
 */
import type { GroupProgram } from "../../../../scheduler/group-program.ts";
import { sizeOf } from "../../../../tensor/shape.ts";
import type { WebgpuTarget } from "../../target.ts";
import type { Width } from "./access.ts";

export interface RowLayout {
  readonly rows: number;
  /** Elements of a row. */
  readonly columns: number;
  readonly width: Width;
  /** Invocations for each row, and rows for each workgroup; powers of two. */
  readonly lanes: number;
  readonly rowsPerGroup: number;
  /** Whether neighbouring invocations take neighbouring rows. */
  readonly isAcross: boolean;
  /** Vectors that a lane keeps in registers for all passes, or 0 where each pass reads the row again. */
  readonly held: number;
  /** Whether loops do four elements a round: those of one word that are many enough. */
  readonly isUnrolled: boolean;
  /** How many workgroups share rows, each leaving totals. */
  readonly parts: number;
}

/** What one workgroup reduces in less time than another dispatch takes to start. */
const ONE_WORKGROUP = 16384;
/** Elements of a part of more, and the most parts. */
const PART = 4096;
const MAX_PARTS = 1024;
/** Workgroups that fill a device. */
const ENOUGH_WORKGROUPS = 256;
/** Invocations that fill a device. */
const ENOUGH_INVOCATIONS = 16384;
const MAX_HELD = 4;
/** Elements of a lane that make it worth to do four a round: rows of 10 are a third slower with it (SwiftShader). */
const UNROLLED = 32;

/** What a software adapter's cores take: one invocation a row, few rows a workgroup, each of which is one core's. */
const SOFTWARE_ROWS = 16;
const SOFTWARE_PARTS = 64;
const SOFTWARE_PART = 64;
/** What one invocation adds up without losing digits, see shaders/lib/group_stage. */
const MAX_CHUNK = 65536;

/** What is known of a program besides its sizes. */
export interface RowNeeds {
  readonly width: Width;
  readonly isAcross: boolean;
  /** How often each element is gone over. */
  readonly passes: number;
  /** Whether all is done after the first stage's totals, so that workgroups may share a row. */
  readonly canPart: boolean;
  /** Words that a workgroup keeps for each invocation. */
  readonly totals: number;
}

export function rowLayout(
  target: WebgpuTarget,
  { shape, kept }: GroupProgram,
  needs: RowNeeds,
): RowLayout {
  const rows = sizeOf(shape.slice(0, kept));
  const columns = sizeOf(shape.slice(kept));
  return target.isSoftware
    ? softwareLayout(rows, columns, needs)
    : hardwareLayout(target, rows, columns, needs);
}

function softwareLayout(
  rows: number,
  columns: number,
  { isAcross, canPart, width }: RowNeeds,
): RowLayout {
  const parts = Math.min(
    Math.ceil(SOFTWARE_PARTS / rows),
    Math.ceil(columns / SOFTWARE_PART),
    MAX_PARTS,
  );
  return {
    rows,
    columns,
    width,
    lanes: 1,
    rowsPerGroup: SOFTWARE_ROWS,
    isAcross,
    held: 0,
    isUnrolled: width === 1 && columns >= UNROLLED,
    parts: canPart ? Math.max(1, parts, Math.ceil(columns / MAX_CHUNK)) : 1,
  };
}

function hardwareLayout(
  target: WebgpuTarget,
  rows: number,
  columns: number,
  needs: RowNeeds,
): RowLayout {
  const { width, isAcross, passes, canPart } = needs;
  const vectors = columns / width;
  const threads = threadsFor(target, needs.totals);
  const { lanes, rowsPerGroup } = isAcross
    ? across(rows, vectors, threads)
    : along(rows, vectors, threads);
  const fitting = powerOfTwo(Math.ceil(vectors / lanes));
  const workgroups = Math.ceil(rows / rowsPerGroup);
  const perWorkgroup = rowsPerGroup * columns;
  const wanted = Math.min(
    MAX_PARTS,
    Math.ceil(perWorkgroup / PART),
    Math.ceil(ENOUGH_WORKGROUPS / workgroups),
  );
  return {
    rows,
    columns,
    width,
    lanes,
    rowsPerGroup,
    isAcross,
    isUnrolled: width === 1 && columns >= lanes * UNROLLED,
    held: passes > 1 && fitting <= MAX_HELD ? fitting : 0,
    parts: canPart && perWorkgroup > ONE_WORKGROUP ? Math.max(1, wanted) : 1,
  };
}

/** Lanes of a row side by side: few enough that each has several vectors, more where that leaves the device empty. */
function along(
  rows: number,
  vectors: number,
  threads: number,
): Pick<RowLayout, "lanes" | "rowsPerGroup"> {
  let lanes = 4;
  while (lanes < threads && lanes < vectors && needsMore(rows, vectors, lanes)) lanes *= 4;
  lanes = Math.min(lanes, threads);
  return { lanes, rowsPerGroup: Math.max(1, Math.min(64, threads) / lanes) };
}

function needsMore(rows: number, vectors: number, lanes: number): boolean {
  return vectors > lanes * MAX_HELD || rows * lanes < ENOUGH_INVOCATIONS;
}

/** Rows side by side, as many as make whole reads of memory, and lanes for what is left of a workgroup. */
function across(
  rows: number,
  vectors: number,
  threads: number,
): Pick<RowLayout, "lanes" | "rowsPerGroup"> {
  const rowsPerGroup = Math.min(32, powerOfTwo(rows));
  const most = threads / rowsPerGroup;
  const lanes = Math.min(most, powerOfTwo(Math.ceil(vectors / 4)));
  return { lanes: lanes < 4 ? 1 : lanes, rowsPerGroup };
}

/** 256 or what the device has, fewer where many totals would not fit into workgroup memory. */
function threadsFor({ limits }: WebgpuTarget, totals: number): number {
  const { maxComputeWorkgroupStorageSize, maxComputeInvocationsPerWorkgroup } = limits;
  const room = Math.floor(maxComputeWorkgroupStorageSize / (4 * Math.max(1, totals)));
  const most = Math.min(256, maxComputeInvocationsPerWorkgroup, room);
  return 2 ** Math.floor(Math.log2(Math.max(4, most)));
}

/** The least power of two from n on. */
function powerOfTwo(n: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(1, n)));
}
