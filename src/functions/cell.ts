import { bodyOfCell } from "../graph/cell-body.ts";
import { type Describe, cell as untraced } from "../ops/cells/cell.ts";

/**
 * A recurrent cell from its description. Its step is traced once, here, on values that stand for one unit of one row: what
 * it throws, and what is wrong with what it gives, stands where it is written.
 *
 * @throws ArgumentError for names that are missing, empty or stand for two things, and for a step that computes with what
 *   it is not given or gives anything but its states; what the step itself throws
 */
export const cell: Describe = (description) => {
  const made = untraced(description);
  bodyOfCell(made);
  return made;
};
