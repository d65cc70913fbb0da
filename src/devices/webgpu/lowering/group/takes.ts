/** Whether a row is worth reading several times in one dispatch. */
import type { GroupProgram, View } from "../../../../scheduler/group-program.ts";
import { BYTES_PER_ELEMENT } from "../../../../tensor/dtype.ts";
import { sizeOf } from "../../../../tensor/shape.ts";
import { maxBytes, type WebgpuTarget } from "../../target.ts";
import { operandsOfParts } from "./parts.ts";
import { rowKernelOf } from "./row-kernel.ts";

/** What one workgroup goes over in less time than the dispatches take that would spread it. */
const ONE_WORKGROUP = 65536;
/** Workgroups that keep a device busy however long their rows are. */
const ENOUGH_WORKGROUPS = 128;
/** On a software adapter, whose workgroups are the cores' and whose dispatches cost little. */
const SOFTWARE_ROWS = 16;
const SOFTWARE_COLUMNS = 4096;

export function takesRows(target: WebgpuTarget, program: GroupProgram): boolean {
  const { limits, isSoftware } = target;
  const { inputs, stores, shape } = program;
  const views = [...inputs, ...stores];
  const most = maxBytes(limits) / BYTES_PER_ELEMENT;
  if (views.some((view) => extentOf(view, shape) > most)) return false;
  const { layout, parts: own } = rowKernelOf(target, program, [], []);
  const { rows, columns, rowsPerGroup, parts, isAcross } = layout;
  // Where rows lie across, whether they are shared does not depend on where operands lie.
  const operands = isAcross && parts > 1 ? operandsOfParts(program) : views.length;
  // Of one row the scheduler has counted them, who knows which of them are bound together.
  if (rows > 1 && operands > limits.maxStorageBuffersPerShaderStage) return false;
  // It moves vectors where a kernel over columns moves words: what each element has is made apart, and read again.
  const isApart = isAcross && own.elementStores.length > 0 && own.stages.length === 1;
  if (isSoftware && isApart) return false;
  if (isSoftware) return parts > 1 || rows >= SOFTWARE_ROWS || columns <= SOFTWARE_COLUMNS;
  const workgroups = Math.ceil(rows / rowsPerGroup);
  return parts > 1 || rowsPerGroup * columns <= ONE_WORKGROUP || workgroups >= ENOUGH_WORKGROUPS;
}

function extentOf({ offset, strides }: View, shape: readonly number[]): number {
  if (sizeOf(shape) === 0) return 0;
  return shape.reduce((extent, n, d) => extent + (n - 1) * (strides[d] ?? 0), offset + 1);
}
