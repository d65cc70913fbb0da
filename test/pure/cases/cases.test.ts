import { describe, expect, it } from "vitest";
import type { ReferenceTensor } from "../../../src/devices/reference/kernel.ts";
import { ops } from "../../../src/ops/table.ts";
import type { OpName } from "../../../src/ops/vocabulary.ts";
import { sizeOf } from "../../../src/tensor/shape.ts";
import type { Case } from "../../cases/case.ts";
import { caseTable } from "../../cases/index.ts";
import { type ByName, caseInputs, flatten, referenceOutputs } from "../../support/case-data.ts";

const names = Object.keys(ops) as OpName[]; // Object.keys forgets the names of the keys

/** A software GPU runs every case, so that none may be large. */
const MOST_ELEMENTS = 40_000;

describe("the list of cases", () => {
  it.each(names)("%s: names are unique, tensors small, draws repeatable", (op) => {
    const cases: readonly Case<OpName>[] = caseTable[op];
    expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
    for (const of of cases) {
      const tensors = [caseInputs(op, of), referenceOutputs(op, of)].flatMap((held) =>
        Object.values(held as unknown as ByName<ReferenceTensor>).flatMap(flatten),
      );
      const elements = tensors.reduce((sum, { type }) => sum + sizeOf(type.shape), 0);
      expect(elements, of.name).toBeLessThanOrEqual(MOST_ELEMENTS);
      expect(caseInputs(op, of)).toEqual(caseInputs(op, of));
    }
  });
});
