import { describe, expect, it } from "vitest";
import type { ReferenceTensor } from "../../../../src/devices/reference/kernel.ts";
import { ops } from "../../../../src/ops/table.ts";
import type { OpName } from "../../../../src/ops/vocabulary.ts";
import type { Case } from "../../../cases/case.ts";
import { caseTable } from "../../../cases/index.ts";
import {
  type ByName,
  caseInputs,
  evaluate,
  flatten,
  mapInputs,
  referenceOutputs,
  relativeError,
  toHost,
} from "../../../support/case-data.ts";

const names = Object.keys(ops) as OpName[]; // Object.keys forgets the names of the keys

function compare<K extends OpName>(op: K, of: Case<K>): void {
  const ins = mapInputs<K, ReferenceTensor, ReferenceTensor>(caseInputs(op, of), toHost);
  const actual = evaluate(op, ins, of.attrs, "f32") as unknown as ByName<ReferenceTensor>;
  const expected = referenceOutputs(op, of) as unknown as ByName<ReferenceTensor>;
  for (const [name, held] of Object.entries(expected)) {
    const tensors = flatten(actual[name]);
    flatten(held).forEach(({ type, data }, i) => {
      const allowed = type.dtype === "f32" ? (of.tolerance ?? 1e-5) : 0;
      const error = relativeError(tensors[i]?.data ?? [], data);
      expect(error, `${op}, ${of.name}: ${name}`).toBeLessThanOrEqual(allowed);
    });
  }
}

describe("the reference kernels as a fallback, in f32, agree with themselves in float64", () => {
  it.each(names)("%s", (op) => {
    const cases: readonly Case<OpName>[] = caseTable[op];
    for (const of of cases) compare(op, of);
  });
});
