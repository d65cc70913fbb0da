/** How numbers of units get into memory: those of four units, or of as many as there are. */
import { type FunctionWriter, GT_U } from "./function.ts";
import { storeLane, storeWhole } from "./storing.ts";

/** The vectors of four units in locals, one for each number of a unit, and the local of where they go. */
export interface StoredUnits {
  readonly at: number;
  readonly vectors: readonly number[];
}

export function storeAll(writer: FunctionWriter, all: readonly StoredUnits[]): void {
  for (const { at, vectors } of all) {
    for (const [i, from] of vectors.entries()) storeWhole(writer, { from, to: at, offset: 16 * i });
  }
}

/** Four units, or fewer where the local `left` says so; never none. */
export function storeUnits(
  writer: FunctionWriter,
  all: readonly StoredUnits[],
  left: number,
): void {
  const isMoreThan = (units: number) => {
    writer.get(left);
    writer.constant(units);
    writer.code.byte(GT_U);
  };
  isMoreThan(3);
  writer.if(
    () => storeAll(writer, all),
    () => {
      for (const unit of [0, 1, 2]) {
        const store = () => {
          for (const stored of all) storeUnit(writer, stored, unit);
        };
        if (unit > 0) {
          isMoreThan(unit);
          writer.if(store);
        } else store();
      }
    },
  );
}

function storeUnit(writer: FunctionWriter, { at, vectors }: StoredUnits, unit: number): void {
  const end = (unit + 1) * vectors.length;
  for (let place = unit * vectors.length; place < end; ) {
    const from = vectors[place >> 2] ?? -1;
    const stored = { from, to: at, offset: 16 * (place >> 2) };
    const isWhole = place % 4 === 0 && place + 4 <= end;
    if (isWhole) storeWhole(writer, stored);
    else storeLane(writer, stored, place & 3);
    place += isWhole ? 4 : 1;
  }
}
