import { bodyOfCell } from "../graph/cell-body.ts";
import { type Cell, type CellDescription, cell as described } from "../ops/cells/cell.ts";

/**
 * A recurrent cell from its description. Its step is traced once, here, on values that stand for one unit of one row: what
 * it throws, and what is wrong with what it gives, stands where it is written.
 *
 * @throws ArgumentError for names that are missing, empty or stand for two things, and for a step that computes with what
 *   it is not given or gives anything but its states; what the step itself throws
 */
export function cell<
  const S extends string,
  const G extends string,
  const I extends string = G,
  const B extends string = never,
  const V extends string = never,
>(description: CellDescription<S, I, G, B, V>): Cell {
  const made = described(description);
  bodyOfCell(made);
  return made;
}
