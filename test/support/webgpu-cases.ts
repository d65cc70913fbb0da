/** Runs cases of the list on a webgpu device and says how far the results are from the float64 reference. */
import type { Device } from "../../src/devices/device.ts";
import { ops } from "../../src/ops/table.ts";
import type { KernelOp } from "../../src/ops/vocabulary.ts";
import { type HostArray, hostArray } from "../../src/tensor/dtype.ts";
import type { Case } from "../cases/case.ts";
import {
  type ByName,
  caseInputs,
  flatten,
  mapInputs,
  referenceOutputs,
  relativeError,
} from "./case-data.ts";
import { type HostTensor, runOp } from "./run-case.ts";

/** The largest relative L2 error of any output; outputs that are no floats must be equal. */
export async function caseError<K extends KernelOp>(
  device: Device,
  op: K,
  of: Case<K>,
): Promise<number> {
  const ins = mapInputs(caseInputs(op, of), ({ type, data }): HostTensor => {
    const values: HostArray = hostArray(type.dtype, data.length);
    values.set(data);
    return { type, data: values };
  });
  const actual = (await runOp(device, op, ops[op], ins, of.attrs)) as unknown as ByName<HostTensor>;
  const expected = referenceOutputs(op, of) as unknown as ByName<HostTensor>;
  const errors = Object.entries(expected).flatMap(([name, held]) =>
    flatten(held).map(({ type, data }, i) => {
      const error = relativeError(flatten(actual[name])[i]?.data ?? [], data);
      return type.dtype === "f32" || error === 0 ? error : Number.POSITIVE_INFINITY;
    }),
  );
  return Math.max(0, ...errors);
}
